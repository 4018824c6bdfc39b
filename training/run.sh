#!/usr/bin/env bash
# The end-to-end recipe: tasks -> base model -> encoder -> vectors -> SFT -> evaluation -> src/assets.
# Restartable: a stage that is finished is skipped, one that was cut goes on at its checkpoint.
#
#   ./run.sh mini      t2l-mini, the bundle that ships
#   ./run.sh smoke     every stage at toy size, into runs/smoke
#   ./run.sh results   docs/results.md and its figures, from training/results
set -euo pipefail
cd "$(dirname "$0")"
recipe=${1:-mini}
config=configs/$recipe.yaml
stage=all
if [ "$recipe" = results ]; then config=configs/mini.yaml stage=report; fi
[ -f "$config" ] || { echo "run.sh: no recipe '$recipe'; there are: mini smoke results" >&2; exit 2; }
python=${PYTHON:-.venv/bin/python}
[ -x "$python" ] || { echo "run.sh: no training environment; run scripts/setup-training.sh first" >&2; exit 2; }
exec "$python" -m t2l "$stage" --config "$config"
