#!/usr/bin/env bash
# Makes the environment of test/serving: .venv-vllm with vLLM's build for CPUs (3.4 GB), and
# training/.venv, which has PEFT. Does nothing when they are already the ones the requirements ask for.
#
#   PYTHON            the interpreter to use instead of python3.11
#   T2L_TORCH_INDEX   a package index to take torch's CPU build from (see setup-training.sh)
set -euo pipefail

scripts="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
serving="$scripts/../test/serving"
python="${PYTHON:-python3.11}"
requirements="$serving/requirements-vllm.txt"
venv="$serving/.venv-vllm"
stamp="$venv/.requirements"
wanted="$(cksum <"$requirements") ${T2L_TORCH_INDEX:-default}"

bash "$scripts/setup-training.sh"
if [[ -x "$venv/bin/python" && -f "$stamp" && "$(<"$stamp")" == "$wanted" ]]; then
  exit 0
fi
echo "setup-serving: making test/serving/.venv-vllm (once; some minutes)" >&2
rm -rf "$venv"
"$python" -m venv "$venv"
pip=("$venv/bin/python" -m pip --disable-pip-version-check -qq install)
torch="$(grep -E '^torch==' "$requirements")"
# torch first and alone: it is the one package that may come from another index.
"${pip[@]}" ${T2L_TORCH_INDEX:+--index-url "$T2L_TORCH_INDEX"} "$torch"
# Without what the packages ask for: all of it is listed, but for torchvision, torchaudio and
# torchcodec, which vLLM needs for pictures and sound only.
"${pip[@]}" --no-deps -r "$requirements"
printf '%s' "$wanted" >"$stamp"
