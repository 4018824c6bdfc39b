#!/usr/bin/env bash
# Makes training/.venv with the exact packages of training/requirements.txt. Needs Python 3.11 with
# venv and pip; does nothing when the environment is already the one the requirements ask for.
#
#   PYTHON            the interpreter to use instead of python3.11
#   T2L_TORCH_INDEX   a package index to take torch from. On Linux the default index has torch with
#                     CUDA, several GB of it; https://download.pytorch.org/whl/cpu has the CPU build.
set -euo pipefail

training="$(cd "$(dirname "${BASH_SOURCE[0]}")/../training" && pwd)"
python="${PYTHON:-python3.11}"
venv="$training/.venv"
requirements="$training/requirements.txt"
stamp="$venv/.requirements"

# The hash stands for the packages, the index for the build of torch; `t2l` itself is installed too.
wanted="$(cksum <"$requirements") ${T2L_TORCH_INDEX:-default} t2l"
if [[ -x "$venv/bin/python" && -f "$stamp" && "$(<"$stamp")" == "$wanted" ]]; then
  exit 0
fi

version="$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null || true)"
if [[ "$version" != 3.11 ]]; then
  echo "setup-training: needs Python 3.11; $python is ${version:-missing}." >&2
  echo "Install it, or name one: PYTHON=/path/to/python3.11 npm run test:training" >&2
  exit 1
fi
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
  echo "setup-training: $python has no venv module; on Debian: apt-get install python3.11-venv" >&2
  exit 1
fi

echo "setup-training: making training/.venv (once; some minutes)" >&2
rm -f "$stamp"
"$python" -m venv "$venv"
pip=("$venv/bin/python" -m pip --disable-pip-version-check -qq install)
torch="$(grep -E '^torch==' "$requirements")"
# torch first and alone: it is the one package that may come from another index.
"${pip[@]}" ${T2L_TORCH_INDEX:+--index-url "$T2L_TORCH_INDEX"} "$torch"
"${pip[@]}" -r "$requirements"
# As a link to this folder, so that a notebook or script anywhere can say `from t2l import load_t2l`.
"${pip[@]}" --no-deps -e "$training"
printf '%s' "$wanted" >"$stamp"
