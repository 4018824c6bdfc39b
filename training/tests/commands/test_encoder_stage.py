"""The encoder that serves two worlds: phrasings of the one first, then the steps of the other."""

from pathlib import Path

import pytest
from bert_for_tests import tiny_bert

from t2l.commands import encoder_stage
from t2l.config.load import config_of
from t2l.tasks.source import TaskSet
from t2l.train.metrics import FILE, read_metrics
from t2l.train.objectives import encoder_contrast, encoder_tuning, sentence_bert


@pytest.fixture(autouse=True)
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A BERT of the published tokenizer, small enough to be tuned in a moment."""
    folder = tmp_path / "bert"
    folder.mkdir()
    tiny_bert(folder, layers=1)
    for module in (encoder_contrast, encoder_tuning, sentence_bert):
        monkeypatch.setattr(module, "source_folder", lambda: folder)


def test_phrasings_then_steps_each_in_a_folder_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads = {"steps": 3, "texts": 4, "held": 3}
    config = config_of(
        {
            "runs": str(tmp_path / "run"),
            "bundle": {"assets": str(tmp_path / "assets")},
            "base": {"kind": "folder", "where": "model", "id": "a/b", "license": "mit"},
            "template": {"kind": "chat"},
            "tasks": {"source": "language"},
            "encoder": {"kind": "contrast", "steps": 4, "texts": 4, "warmup": 1, "reads": reads},
            "trainer": {"tensorboard": False},
        }
    )
    every = encoder_stage.tasks_of(config)
    few = TaskSet(every.train[:12], every.selection[:4], every.report[:4])
    monkeypatch.setattr(encoder_stage, "tasks_of", lambda _: few)
    encoder_stage.encoder(config)
    folder = tmp_path / "run" / "encoder"
    first, second = (read_metrics(place / FILE) for place in (folder / "phrasings", folder))
    assert [line["step"] for line in first] == [1, 2, 3, 4]
    assert [line["step"] for line in second] == [1, 2, 3] and "held" in second[-1]
    assert (folder / "final" / "model.safetensors").exists()
    assert (folder / "final" / "reading.json").exists()
    encoder_stage.encoder(config)  # what is finished is not done again
    assert read_metrics(folder / FILE) == second
