#!/usr/bin/env bash
# Makes the environments of test/clients: .venv-new with the newest huggingface_hub and .venv-old with
# the last 0.x, each with the exact packages of its requirements file, and training/.venv, which has
# PEFT and transformers; .venv-peft-old is that one with an older PEFT in front. Installs Debian's
# Chromium where there is none and apt-get may be used. Makes them side by side, as most of it is waiting
# for packages; does nothing when they are already the ones the requirements ask for.
#
#   PYTHON     the interpreter to use instead of python3.11
#   CHROMIUM   the browser to use instead of /usr/bin/chromium
set -euo pipefail

scripts="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
clients="$scripts/../test/clients"
training="$(cd "$scripts/../training" && pwd)"
python="${PYTHON:-python3.11}"
source "$scripts/side-by-side.sh"

# Makes the environment of a requirements file. A failure ends the subshell: `set -e` holds in it.
make_environment() {
  local requirements="$1" venv="$2"
  rm -rf "$venv"
  "$python" -m venv "$venv"
  local install=("$venv/bin/python" -m pip --disable-pip-version-check -qq install -r "$requirements")
  if [[ "$venv" == *-peft-* ]]; then
    "${install[@]}" --no-deps
    # Where Python looks after the environment's own packages, so that torch is not installed twice.
    printf '%s\n' "$training/.venv/lib/python3.11/site-packages" "$training" \
      >"$venv/lib/python3.11/site-packages/training.pth"
  else
    "${install[@]}"
  fi
  cksum <"$requirements" >"$venv/.requirements"
}

install_chromium() {
  apt-get -qq update
  DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends chromium
}

chromium="${CHROMIUM:-/usr/bin/chromium}"
if [[ ! -x "$chromium" ]]; then
  if [[ "$(id -u)" != 0 || ! -x "$(command -v apt-get)" ]]; then
    echo "setup-clients: no browser at $chromium; install Chromium, or name one with CHROMIUM." >&2
    exit 1
  fi
  echo "setup-clients: installing Chromium (once)" >&2
  start chromium install_chromium
fi

for requirements in "$clients"/requirements-*.txt; do
  name="$(basename "$requirements" .txt)"
  venv="$clients/.venv-${name#requirements-}"
  stamp="$venv/.requirements"
  if [[ -x "$venv/bin/python" && -f "$stamp" && "$(<"$stamp")" == "$(cksum <"$requirements")" ]]; then
    continue
  fi
  echo "setup-clients: making ${venv#"$scripts/../"} (once)" >&2
  start "$name" make_environment "$requirements" "$venv"
done

if [[ ! -f "$training/.venv/.requirements" ]]; then
  echo "setup-clients: making training/.venv (once; some minutes)" >&2
fi
start training bash "$scripts/setup-training.sh"
wait_for_all
