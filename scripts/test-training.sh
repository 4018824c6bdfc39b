#!/usr/bin/env bash
# `npm run test:training`: the environment; lint, format and types of all Python; the tests of training/.
# Arguments go to pytest: npm run test:training -- -k export
set -euo pipefail

scripts="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
bash "$scripts/setup-training.sh"
cd "$scripts/../training"
# The hub of models and its telemetry are not needed by any test.
export HF_HUB_OFFLINE=1 TOKENIZERS_PARALLELISM=false PYTHONDONTWRITEBYTECODE=1
# Two processes of one thread each, a file of tests to each at a time: the models of the tests are too
# small for a second thread to help. `-- -n 0` runs all in one process, as a debugger needs.
export OMP_NUM_THREADS=1
.venv/bin/ruff check --config pyproject.toml . ../test
.venv/bin/ruff format --config pyproject.toml --check . ../test
../node_modules/.bin/pyright -p pyproject.toml
.venv/bin/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder "$@"
