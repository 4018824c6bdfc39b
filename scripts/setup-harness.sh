#!/usr/bin/env bash
# Makes training/.venv-harness, which has what is optional: lm-evaluation-harness for `python -m t2l
# harness`, its `datasets` for `rows`, and bitsandbytes for `sft.base_quantization`. It has the exact
# packages of training/requirements-harness.txt, and behind them those of training/.venv, so that torch
# is not installed twice and no package of that one changes. Does nothing when it is already the one that
# the requirements ask for.
#
#   PYTHON, T2L_TORCH_INDEX   as for setup-training.sh
set -euo pipefail

scripts="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
bash "$scripts/setup-training.sh"
training="$(cd "$scripts/../training" && pwd)"
venv="$training/.venv-harness"
requirements="$training/requirements-harness.txt"
stamp="$venv/.requirements"

# The folder stands in a file of the environment, so one that was moved is made anew.
wanted="$(cat "$requirements" "$training/requirements.txt" | cksum) $training"
if [[ -x "$venv/bin/python" && -f "$stamp" && "$(<"$stamp")" == "$wanted" ]]; then
  exit 0
fi

echo "setup-harness: making training/.venv-harness (once; about a minute)" >&2
rm -rf "$venv"
"$training/.venv/bin/python" -m venv --without-pip "$venv"
"$training/.venv/bin/python" -m pip --disable-pip-version-check --python "$venv/bin/python" \
  -qq install --no-deps --no-compile -r "$requirements"
# Where Python looks after the environment's own packages.
printf '%s\n' "$training/.venv/lib/python3.11/site-packages" "$training" \
  >"$venv/lib/python3.11/site-packages/training.pth"
printf '%s' "$wanted" >"$stamp"
