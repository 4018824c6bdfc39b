#!/usr/bin/env bash
# Makes the environments of test/clients: .venv-new with the newest huggingface_hub and .venv-old with
# the last 0.x, each with the exact packages of its requirements file, and training/.venv, which has
# PEFT and transformers; .venv-peft-old is that one with an older PEFT in front. Installs Debian's
# Chromium where there is none and apt-get may be used. Does nothing when they are already the ones the
# requirements ask for.
#
#   PYTHON     the interpreter to use instead of python3.11
#   CHROMIUM   the browser to use instead of /usr/bin/chromium
set -euo pipefail

scripts="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
clients="$scripts/../test/clients"
training="$(cd "$scripts/../training" && pwd)"
python="${PYTHON:-python3.11}"

bash "$scripts/setup-training.sh"
for requirements in "$clients"/requirements-*.txt; do
  name="$(basename "$requirements" .txt)"
  venv="$clients/.venv-${name#requirements-}"
  stamp="$venv/.requirements"
  wanted="$(cksum <"$requirements")"
  if [[ -x "$venv/bin/python" && -f "$stamp" && "$(<"$stamp")" == "$wanted" ]]; then
    continue
  fi
  echo "setup-clients: making ${venv#"$scripts/../"} (once)" >&2
  rm -rf "$venv"
  "$python" -m venv "$venv"
  install=("$venv/bin/python" -m pip --disable-pip-version-check -qq install -r "$requirements")
  if [[ "$name" == requirements-peft-* ]]; then
    "${install[@]}" --no-deps
    # Where Python looks after the environment's own packages, so that torch is not installed twice.
    printf '%s\n' "$training/.venv/lib/python3.11/site-packages" "$training" \
      >"$venv/lib/python3.11/site-packages/training.pth"
  else
    "${install[@]}"
  fi
  printf '%s' "$wanted" >"$stamp"
done

chromium="${CHROMIUM:-/usr/bin/chromium}"
if [[ ! -x "$chromium" ]]; then
  if [[ "$(id -u)" != 0 || ! -x "$(command -v apt-get)" ]]; then
    echo "setup-clients: no browser at $chromium; install Chromium, or name one with CHROMIUM." >&2
    exit 1
  fi
  echo "setup-clients: installing Chromium (once)" >&2
  apt-get -qq update >&2
  DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends chromium >&2
fi
