"""What several test files need and is slow to make."""

from pathlib import Path

import pytest

from t2l.encoder import export_encoder


@pytest.fixture(scope="session")
def published_encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The published MiniLM, exported: a folder with the graph and the tokenizer."""
    folder = tmp_path_factory.mktemp("encoders") / "all-minilm-l6-v2"
    export_encoder(folder)
    return folder
