#!/usr/bin/env bash
# The end-to-end recipes: tasks -> base model -> encoder -> vectors -> SFT -> evaluation -> src/assets.
# Restartable: a stage that is finished is skipped, one that was cut goes on at its checkpoint.
#
#   ./run.sh [mini]    t2l-mini, the bundle that needs no download; no argument means this
#   ./run.sh smollm2   t2l-smollm2, adapters for SmolLM2-135M-Instruct
#   ./run.sh smoke     every stage at toy size, into runs/smoke
#   ./run.sh NAME      any other recipe, configs/NAME.yaml: smollm2-1.7b, mistral-7b, yours;
#                      behaviours has stages of its own (docs/training.md)
#   ./run.sh results   the results pages in docs and their figures, from training/results
#
# PROCESSES=2 meta-trains in two processes of one thread each: on two cores a step of smollm2 takes
# about a third less than in one process of two threads. Dropout then takes other draws.
set -euo pipefail
cd "$(dirname "$0")"
recipe=${1:-mini}
python=${PYTHON:-.venv/bin/python}
if [ "$recipe" != results ] && ! grep -qs '^runs:' "configs/$recipe.yaml"; then
  there=$(grep -l '^runs:' configs/*.yaml | sed 's|.*/||; s|\.yaml$||' | tr '\n' ' ')
  echo "run.sh: no recipe '$recipe'; there are: ${there}results (none named: mini)" >&2
  exit 2
fi
if [ ! -x "$python" ]; then
  echo "run.sh: no training environment; run scripts/setup-training.sh first" >&2
  exit 2
fi
if [ "$recipe" != results ]; then
  if [ "${PROCESSES:-1}" -gt 1 ]; then
    for stage in base encoder encode; do "$python" -m t2l "$stage" --config "configs/$recipe.yaml"; done
    OMP_NUM_THREADS="${OMP_NUM_THREADS:-1}" "$python" -m torch.distributed.run --standalone \
      --nproc-per-node "$PROCESSES" -m t2l sft --config "configs/$recipe.yaml"
  fi
  exec "$python" -m t2l all --config "configs/$recipe.yaml"
fi
"$python" -m t2l report --config configs/mini.yaml
if [ -d results/smollm2 ]; then "$python" -m t2l report --config configs/smollm2.yaml; fi
