"""No example that is trained on shares a passage with one that is measured."""

import json
from collections.abc import Sequence
from pathlib import Path

from t2l.config.recipe import FileTasks
from t2l.tasks.open import file_tasks
from t2l.tasks.overlap import runs_of
from t2l.tasks.source import Sample
from t2l.tasks.written import WrittenTask

PASSAGE = "the red fox ran over nine hills"


def write(folder: Path, name: str, inputs: Sequence[str]) -> None:
    lines = [{"descriptions": [f"{name} {n}" for n in "abcd"]}]
    lines += [{"input": text, "output": "x"} for text in inputs]
    (folder / f"{name}.jsonl").write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")


def test_examples_and_tasks_that_share_a_passage_with_the_report_are_left_out(
    tmp_path: Path,
) -> None:
    own = [f"a question of its own, number {n}" for n in range(9)]
    write(tmp_path, "boolq", [f"Q{n}: The red fox, ran over NINE hills!" for n in range(4)])
    write(tmp_path, "lol_035", [f"selection {n}" for n in range(9)])
    write(tmp_path, "lol_075", own)
    write(tmp_path, "lol_022", [*own, f"Once {PASSAGE} and back"])
    write(tmp_path, "lol_043", [f"{PASSAGE} {n}" for n in range(9)])
    config = FileTasks("folder", str(tmp_path), split="text-to-lora", apart=7)
    group = tmp_path.name
    found = {task.name: task for task in file_tasks(config).train}
    assert list(found) == [f"{group}/lol_022", f"{group}/lol_075"]
    for task in found.values():
        assert isinstance(task, WrittenTask)
        kept = [sample.input for part in ("train", "test") for sample in task.rows[part]]
        assert sorted(kept) == own
    # with eight words nothing is shared, and without the rule nothing is asked
    for apart in (8, None):
        config = FileTasks("folder", str(tmp_path), split="text-to-lora", apart=apart)
        assert len(file_tasks(config).train) == 3


def test_runs_go_from_input_into_answer_and_know_no_case() -> None:
    assert list(runs_of(Sample("Ça va?", "Oui, ÇA va"), 3)) == [
        "ça va oui",
        "va oui ça",
        "oui ça va",
    ]
    assert list(runs_of(Sample("a", "b"), 3)) == []
