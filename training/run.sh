#!/usr/bin/env bash
# The end-to-end recipe: tasks -> base model -> vectors -> SFT -> evaluation -> src/assets.
# Restartable: a stage that is finished is skipped, one that was cut goes on at its checkpoint.
#
#   ./run.sh mini      t2l-mini, the bundle that ships
#   ./run.sh smoke     every stage at toy size, into runs/smoke
set -euo pipefail
cd "$(dirname "$0")"
recipe=${1:-mini}
config=configs/$recipe.yaml
[ -f "$config" ] || { echo "run.sh: no recipe '$recipe'; there are: $(basename -s .yaml configs/*.yaml | tr '\n' ' ')" >&2; exit 2; }
python=${PYTHON:-.venv/bin/python}
[ -x "$python" ] || { echo "run.sh: no training environment; run scripts/setup-training.sh first" >&2; exit 2; }
exec "$python" -m t2l all --config "$config"
