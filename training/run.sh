#!/usr/bin/env bash
# The end-to-end recipes: tasks -> base model -> encoder -> vectors -> SFT -> evaluation -> src/assets.
# Restartable: a stage that is finished is skipped, one that was cut goes on at its checkpoint.
#
#   ./run.sh mini      t2l-mini, the bundle that needs no download
#   ./run.sh smollm2   t2l-smollm2, adapters for SmolLM2-135M-Instruct
#   ./run.sh smoke     every stage at toy size, into runs/smoke
#   ./run.sh results   the results pages in docs and their figures, from training/results
set -euo pipefail
cd "$(dirname "$0")"
recipe=${1:-mini}
python=${PYTHON:-.venv/bin/python}
if [ "$recipe" != results ] && [ ! -f "configs/$recipe.yaml" ]; then
  echo "run.sh: no recipe '$recipe'; there are: mini smollm2 smoke results" >&2
  exit 2
fi
if [ ! -x "$python" ]; then
  echo "run.sh: no training environment; run scripts/setup-training.sh first" >&2
  exit 2
fi
if [ "$recipe" != results ]; then
  exec "$python" -m t2l all --config "configs/$recipe.yaml"
fi
"$python" -m t2l report --config configs/mini.yaml
if [ -d results/smollm2 ]; then "$python" -m t2l report --config configs/smollm2.yaml; fi
