"""Local models without weights, whose configs and cards tell what a target spec asks for."""

import json
from pathlib import Path

REVISION = "0123456789abcdef0123456789abcdef01234567"
ID = "meta-llama/Llama-3.1-8B-Instruct"
LLAMA = {
    "model_type": "llama",
    "hidden_size": 4096,
    "intermediate_size": 14336,
    "num_hidden_layers": 32,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
}
CARD = "---\nlicense: llama3.1\n---\n# A model\n"


def folder(path: Path, config: dict[str, object] | None = None, card: str | None = CARD) -> Path:
    """A local model that tells everything, without weights."""
    path.mkdir(parents=True, exist_ok=True)
    known = {"_name_or_path": ID, "_commit_hash": REVISION}
    text = json.dumps({**LLAMA, **known} if config is None else config)
    (path / "config.json").write_text(text, encoding="utf-8")
    if card is not None:
        (path / "README.md").write_text(card, encoding="utf-8")
    return path
