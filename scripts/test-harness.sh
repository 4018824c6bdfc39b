#!/usr/bin/env bash
# `npm run test:harness`: the tests of training/ that need lm-evaluation-harness, its `datasets` or
# bitsandbytes, in the environment that has them. Elsewhere they are skipped. Arguments go to pytest.
set -euo pipefail

scripts="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
bash "$scripts/setup-harness.sh"
cd "$scripts/../training"
export HF_HUB_OFFLINE=1 TOKENIZERS_PARALLELISM=false PYTHONDONTWRITEBYTECODE=1 OMP_NUM_THREADS=1
.venv-harness/bin/python -m pytest tests/harness/test_scoring.py \
  tests/harness/test_harness_command.py tests/tasks/test_hub_rows.py \
  tests/base/test_quantized.py tests/commands/test_quantized_sft.py "$@"
