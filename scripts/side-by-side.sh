# Sourced by scripts that have several long things to do: runs commands at once and waits for them. What a
# command says is kept back until it has ended, so that the words of two never mix, and is shown if it
# failed. Whoever ends the script early leaves nothing of it running.

side_names=()
side_processes=()
side_output="$(mktemp -d)"
trap end_side_by_side EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# Starts a command under a name: start torch pip install torch
start() {
  local name="$1"
  shift
  # A process group of its own can be ended with all that the command started.
  set -m
  "$@" </dev/null >"$side_output/$name" 2>&1 &
  set +m
  side_names+=("$name")
  side_processes+=("$!")
}

# Waits for all that was started, in that order; fails if one of them did.
wait_for_all() {
  local at code failed=0
  for at in "${!side_processes[@]}"; do
    code=0
    wait "${side_processes[at]}" || code=$?
    if ((code != 0)); then
      failed=1
      cat "$side_output/${side_names[at]}" >&2
      echo "${side_names[at]}: failed with exit code $code" >&2
    fi
    unset "side_processes[at]"
  done
  return "$failed"
}

end_side_by_side() {
  local at
  for at in "${!side_processes[@]}"; do
    kill -TERM -- "-${side_processes[at]}" 2>/dev/null || true
  done
  rm -rf "$side_output"
}
