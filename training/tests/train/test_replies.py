"""The base model's own replies to what it is told: resumable, and the same bytes each time."""

from dataclasses import replace
from pathlib import Path

import pytest
from families_for_tests import save_family

from t2l.base.device import Device
from t2l.base.model import BaseModel
from t2l.base.source import BaseSource
from t2l.config.errors import ConfigError
from t2l.config.tasks import BehaviourTasks
from t2l.tasks.behaviours.replies import chosen, read_replies
from t2l.template.chat import ChatTemplate
from t2l.train.replies import write_replies

CPU = Device("cpu", bfloat16=False)
MADE_BY = {"base_model": {"id": "someone/tiny"}}
LIMIT = 40


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> BaseModel:
    folder = tmp_path_factory.mktemp("tiny")
    save_family("llama", folder / "model")
    return BaseModel.open(BaseSource("folder", str(folder / "model"), id="someone/tiny"))


def written(path: Path, base: BaseModel, **changes: object) -> int:
    config = replace(
        BehaviourTasks("behaviours", str(path), asked=2, tested=1, longest=3, limit=LIMIT),
        **changes,
    )
    every = chosen(config.pairs, config.seed, config.limit)
    template = ChatTemplate(base.tokenizer, "")
    made_by = {**MADE_BY, "longest": config.longest}
    return write_replies(path, every, base.model, template, CPU, config, made_by)


def test_every_behaviour_has_its_replies_and_unseen_ones_to_unseen_questions(
    tmp_path: Path, base: BaseModel
) -> None:
    path = tmp_path / "new" / "replies.jsonl"
    assert written(path, base) == LIMIT
    assert written(path, base) == 0
    found = read_replies(path).by_name
    for one in chosen(300, 0, LIMIT):
        parts = [reply.part for reply in found[one.name]]
        unseen = one.group in ("value", "kind", "pair")
        assert parts == (["test"] if unseen else ["train", "train", "test"])
        split = "held_out" if unseen else "train"
        said = one.descriptions(split, 100, seed=0)
        assert {reply.told for reply in found[one.name]} <= set(said)


@pytest.mark.parametrize("cut", ["in a line", "in a behaviour", "between two"])
def test_who_was_cut_goes_on_and_ends_with_the_same_bytes(
    tmp_path: Path, base: BaseModel, cut: str
) -> None:
    path = tmp_path / "replies.jsonl"
    written(path, base)
    whole = path.read_bytes()
    lines = whole.splitlines(keepends=True)
    kept = {"in a line": 1 + 7, "in a behaviour": 1 + 7, "between two": 1 + 6}[cut]
    left = b"".join(lines[:kept]) + (lines[kept][:9] if cut == "in a line" else b"")
    path.write_bytes(left)
    assert written(path, base) == LIMIT - 2
    assert path.read_bytes() == whole
    assert [file.name for file in tmp_path.iterdir()] == ["replies.jsonl"]


def test_a_cut_file_of_more_behaviours_goes_on_for_fewer(tmp_path: Path, base: BaseModel) -> None:
    path = tmp_path / "replies.jsonl"
    written(path, base)
    whole = path.read_bytes()
    path.write_bytes(whole[:-9])
    assert written(path, base, limit=LIMIT // 2) <= 1
    assert whole.startswith(path.read_bytes()[: len(whole) // 2])
    assert len(read_replies(path).by_name) >= LIMIT - 1


def test_replies_of_another_model_are_not_mixed_in(tmp_path: Path, base: BaseModel) -> None:
    path = tmp_path / "replies.jsonl"
    written(path, base)
    before = path.read_bytes()
    with pytest.raises(ConfigError, match="of another base model, template or other options"):
        written(path, base, longest=4)
    assert path.read_bytes() == before
