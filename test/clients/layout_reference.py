"""Writes test/fixtures/layout-reference.json: what PEFT and llama.cpp's own converter make of the
adapters that `write-layout-cases.ts` writes.

    node test/clients/write-layout-cases.ts /tmp/cases
    training/.venv/bin/python test/clients/layout_reference.py /tmp/cases LLAMA_CPP

LLAMA_CPP is a copy of llama.cpp's sources with convert_lora_to_gguf.py: the fixture is from
vendor/llama.cpp in the source distribution of llama-cpp-python 0.3.36 on PyPI
(`pip download --no-deps --no-binary :all: llama-cpp-python==0.3.36`).
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM

OUT_TYPES = {"float16": "f16", "bfloat16": "bf16", "float32": "f32"}
PROMPTS = ([1, 5, 9, 33, 2, 40, 17], [60, 3, 3, 21])
FIXTURE = Path(__file__).parents[1] / "fixtures" / "layout-reference.json"


def converted(case: Path, base: Path, llama_cpp: Path) -> dict[str, object]:
    """Architecture and tensors of the converter's GGUF file: shape, type, sha256 of the bytes."""
    from gguf import GGUFReader

    out = case / "reference.gguf"
    command = [sys.executable, llama_cpp / "convert_lora_to_gguf.py", "--base", base]
    command += ["--outtype", OUT_TYPES[case.name], "--outfile", out, case / "peft"]
    paths = f"{llama_cpp}:{llama_cpp / 'gguf-py'}"
    subprocess.run(
        command, check=True, capture_output=True, env={**os.environ, "PYTHONPATH": paths}
    )
    reader = GGUFReader(out)
    tensors = {
        tensor.name: [
            [int(size) for size in tensor.shape],
            tensor.tensor_type.name,
            hashlib.sha256(tensor.data.tobytes()).hexdigest(),
        ]
        for tensor in sorted(reader.tensors, key=lambda tensor: tensor.name)
    }
    keys = ("general.architecture", "general.type", "adapter.type", "adapter.lora.alpha")
    return {"metadata": {key: reader.fields[key].contents() for key in keys}, "tensors": tensors}


def probabilities(model: torch.nn.Module) -> list[list[float]]:
    """Of the token after each prompt."""
    rows = []
    for prompt in PROMPTS:
        with torch.no_grad():
            logits = model(torch.tensor([prompt])).logits[0, -1]
        rows.append([round(value, 6) for value in logits.double().softmax(0).tolist()])
    return rows


def rounding_what_meets_bfloat16(model: torch.nn.Module) -> torch.nn.Module:
    """PEFT's model with llama.cpp's arithmetic: a product with bfloat16 rounds its input to it."""

    def rounded(module: torch.nn.Module, given: tuple[torch.Tensor]) -> tuple[torch.Tensor]:
        return (given[0].bfloat16().float(),)

    for name, module in model.named_modules():
        if name.endswith((".lora_A.default", ".lora_B.default")):
            module.register_forward_pre_hook(rounded)
    return model


def main() -> None:
    cases, llama_cpp = Path(sys.argv[1]), Path(sys.argv[2])
    sys.path.insert(0, str(llama_cpp / "gguf-py"))
    converter = {
        f"{case.parent.name}/{case.name}": converted(case, case.parent / "base", llama_cpp)
        for case in sorted(cases.glob("*/*"))
        if case.name in OUT_TYPES
    }
    folder = cases / "llama" / "base"
    base = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    peft = {"base": probabilities(base)}
    for dtype in OUT_TYPES:
        base = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
        model = PeftModel.from_pretrained(base, cases / "llama" / dtype / "peft")
        peft[dtype] = probabilities(model)
        if dtype == "bfloat16":
            peft["bfloat16_input"] = probabilities(rounding_what_meets_bfloat16(model))
    document = {"prompts": PROMPTS, "converter": converter, "peft": peft}
    FIXTURE.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
