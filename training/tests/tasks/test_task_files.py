"""Tasks that others wrote: every published layout is read, split, and refused with file and row."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from t2l.config.tasks import FileTasks, Layout
from t2l.tasks.json_files import TaskFileError
from t2l.tasks.metadata import fill
from t2l.tasks.open import file_tasks
from t2l.tasks.sides import split_tasks
from t2l.tasks.source import Sample
from t2l.tasks.written import Draft, WrittenTask, finished, split_texts

REAL = Path(__file__).parents[4] / "shared" / "data" / "text"
ROWS = [{"input": f"word {n}", "output": f"answer {n}"} for n in range(40)]
TEXTS = [f"Say {what} of the word." for what in ("this", "that", "one", "two", "more", "less")]


def write_json(path: Path, value: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")


def write_lines(path: Path, rows: list[Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def make_folder(where: Path) -> None:
    write_lines(where / "opposites.jsonl", [{"descriptions": TEXTS, "definition": "D"}, *ROWS])


def make_sni(where: Path) -> None:
    instances = [{"id": "x", "input": row["input"], "output": [row["output"], "B"]} for row in ROWS]
    task = {"Definition": TEXTS, "Categories": ["Sums"], "Instances": instances}
    write_json(where / "task1_x.json", task)


def make_sni_v1(where: Path) -> None:
    instances = [{"input": row["input"], "output": [row["output"]]} for row in ROWS]
    task = {"Title": "T", "Prompt": "P of it", "Definition": "D of it", "Instances": instances}
    write_json(where / "subtask1.json", task)


def make_function_vectors(where: Path) -> None:
    write_json(where / "abstractive" / "antonym.json", ROWS)


def make_instruction_induction(where: Path) -> None:
    for part, rows in (("induce", ROWS[:30]), ("execute", ROWS[25:])):
        examples = {str(n): {**row, "source": "x"} for n, row in enumerate(rows, start=1)}
        write_json(where / "raw" / part / "sum.json", {"examples": examples})
    write_json(where / "annotations" / "sum.json", {"annotations": TEXTS})


def make_metadata(where: Path) -> None:
    where = where / "boolq"
    where.mkdir(parents=True)
    (where / "metadata.yaml").write_text(
        json.dumps(
            {
                "descriptions": TEXTS,
                "user_prompt_template": "{task_def}\n\n{words[text][0]} of {topic}?",
                "response_field": "answer",
            }
        )
    )
    rows = [
        {"words": {"text": [f"word {n}"]}, "topic": "x", "answer": n % 2 == 0, "task_def": "D"}
        for n in range(40)
    ]
    write_lines(where / "examples.jsonl", rows)


MAKERS = {
    "folder": make_folder,
    "sni": make_sni,
    "function_vectors": make_function_vectors,
    "instruction_induction": make_instruction_induction,
    "metadata": make_metadata,
}


def only_task(layout: Layout, where: Path, **options: Any) -> WrittenTask:
    found = file_tasks(FileTasks(layout, str(where), report=1.0, selection=0.0, **options))
    (task,) = found.report
    assert found.train == found.selection == () and found.groups == {where.name: found.report}
    assert isinstance(task, WrittenTask)
    return task


@pytest.mark.parametrize("layout", MAKERS)
def test_every_layout_gives_rows_and_descriptions_that_splits_do_not_share(
    tmp_path: Path, layout: Layout
) -> None:
    MAKERS[layout](tmp_path)
    task = only_task(layout, tmp_path)
    inputs = {part: {row.input for row in task.rows[part]} for part in ("train", "test")}
    assert len(inputs["train"] | inputs["test"]) == 40
    assert not inputs["train"] & inputs["test"]
    sample = task.sample(random.Random(1), "test")
    assert sample == task.sample(random.Random(1), "test") and sample.input in inputs["test"]
    assert "word" in sample.input and sample.output
    said = [set(task.descriptions(split, 99, 0)) for split in ("train", "selection", "held_out")]
    assert all(said) and len(set.union(*said)) == sum(map(len, said))
    assert task.descriptions("train", 1, 3) == task.descriptions("train", 1, 3)


def test_version_1_of_natural_instructions_has_few_texts_and_uses_them_everywhere(
    tmp_path: Path,
) -> None:
    make_sni_v1(tmp_path)
    task = only_task("sni", tmp_path)
    assert set(task.descriptions("train", 9, 0)) == {"D of it", "P of it"}
    assert set(task.descriptions("held_out", 9, 0)) == {"D of it", "P of it"}
    assert task.definition == "D of it" and task.family == "natural instructions"


def test_all_outputs_of_an_instance_and_of_its_repeats_are_right(tmp_path: Path) -> None:
    instances = [
        {"input": "a", "output": ["x", "y"]},
        {"input": "b", "output": ["z"]},
        {"input": "a", "output": ["w", "x"]},
    ]
    write_json(tmp_path / "t.json", {"Definition": ["D"], "Instances": instances})
    task = only_task("sni", tmp_path)
    rows = {row.input: row.answers for part in task.rows.values() for row in part}
    assert rows == {"a": ("x", "y", "w"), "b": ("z",)}


def test_what_instruction_induction_executes_is_for_test_and_never_trained_on(
    tmp_path: Path,
) -> None:
    make_instruction_induction(tmp_path)
    task = only_task("instruction_induction", tmp_path)
    assert {row.input for row in task.rows["test"]} == {row["input"] for row in ROWS[25:]}
    assert {row.input for row in task.rows["train"]} == {row["input"] for row in ROWS[:25]}


def test_rows_of_a_form_of_their_own_become_questions(tmp_path: Path) -> None:
    rows = {
        "cause_and_effect": {"cause": "It rained.", "effect": "We got wet."},
        "common_concept": {
            "concept": "swing.",
            "items": ["doors", "pendulums"],
            "all_common_concepts": ["swing.", "move.", ""],
        },
    }
    for name, row in rows.items():
        other = {
            key: [f"{one} 2" for one in v] if isinstance(v, list) else f"{v} 2"
            for key, v in row.items()
        }
        write_json(
            tmp_path / "raw" / "induce" / f"{name}.json", {"examples": {"1": row, "2": other}}
        )
        write_json(tmp_path / "annotations" / f"{name}.json", {"annotations": TEXTS})
    config = FileTasks("instruction_induction", str(tmp_path), report=1.0, selection=0.0)
    found = {
        (task.name.split("/")[1], row.input): row.answers
        for task in file_tasks(config).report
        if isinstance(task, WrittenTask)
        for part in task.rows.values()
        for row in part
    }
    assert found["common_concept", "doors, pendulums"] == ("swing.", "move.")
    both = (
        "Sentence 1: It rained. Sentence 2: We got wet.",
        "Sentence 1: We got wet. Sentence 2: It rained.",
    )
    assert [found.get(("cause_and_effect", text)) for text in both].count(("It rained.",)) == 1


def test_a_prompt_is_filled_in_without_its_definition_and_reaches_nothing_but_the_row(
    tmp_path: Path,
) -> None:
    make_metadata(tmp_path)
    task = only_task("metadata", tmp_path)
    sample = task.sample(random.Random(0))
    assert sample.input.endswith(" of x?") and "D" not in sample.input
    assert sample.output in ("true", "false") and task.definition == "D"
    with pytest.raises(TaskFileError, match="row 3: the prompt .* cannot be filled in"):
        fill("{a.__class__}", {"a": 1}, "row 3")


def test_tasks_without_examples_are_left_out_but_not_all_of_them(tmp_path: Path) -> None:
    make_metadata(tmp_path)
    (tmp_path / "piqa").mkdir()
    (tmp_path / "piqa" / "metadata.yaml").write_text("descriptions: []\n")
    assert only_task("metadata", tmp_path).name == f"{tmp_path.name}/boolq"
    (tmp_path / "boolq" / "examples.jsonl").unlink()
    with pytest.raises(TaskFileError, match="no task has examples; put .* beside metadata.yaml"):
        only_task("metadata", tmp_path)


def test_more_descriptions_and_shorter_examples_can_be_asked_for(tmp_path: Path) -> None:
    write_json(tmp_path / "v" / "mine.json", [*ROWS, {"input": "x" * 99, "output": "y"}])
    texts = tmp_path / "texts.jsonl"
    write_lines(texts, [{"task": "mine", "descriptions": TEXTS}])
    with pytest.raises(TaskFileError, match="task mine has no description; .* tasks.texts"):
        only_task("function_vectors", tmp_path / "v")
    task = only_task("function_vectors", tmp_path / "v", texts=str(texts), longest=50)
    assert max(len(row.input) for part in task.rows.values() for row in part) < 50
    with pytest.raises(TaskFileError, match="0 different inputs of at most 5 characters"):
        only_task("function_vectors", tmp_path / "v", texts=str(texts), longest=5)


def test_the_published_word_tasks_have_descriptions_of_ours(tmp_path: Path) -> None:
    make_function_vectors(tmp_path)
    task = only_task("function_vectors", tmp_path)
    assert task.family == "abstractive"
    assert len({text for texts in task.texts.values() for text in texts}) == 4


@pytest.mark.parametrize(
    ("layout", "file", "content", "message"),
    [
        ("folder", "a.jsonl", '{"input": "x"}\n', "a.jsonl, row 1: output is missing"),
        ("folder", "a.jsonl", '\n{"input": ""', "a.jsonl, row 2: not JSON"),
        ("folder", "a.jsonl", "[1]\n", "a.jsonl, row 1: it must be an object"),
        ("folder", "a.jsonl", '{"input": "", "output": "x"}', "row 1: input must be a text"),
        ("folder", "a.jsonl", '{"input": "x", "otput": "x"}', "row 1: otput is no key here"),
        ("folder", "a.jsonl", '{"input": "x", "output": "x", "part": "dev"}', "part must be train"),
        ("folder", "a.jsonl", '{"input": "x", "output": "x"}', "no description"),
        (
            "folder",
            "a.jsonl",
            '{"description": "d"}\n{"input": "x", "output": "x"}',
            "1 different inputs; it needs",
        ),
        ("folder", "a.json", "{}", "there is no \\*.jsonl in it"),
        ("sni", "a.json", '{"Definition": "d"}', "a.json: Instances is missing"),
        ("sni", "a.json", '{"Definition": "d", "Instances": {}}', "Instances must be a list"),
        ("sni", "a.json", '{"Definition": "d", "Instances": [{"input": "x"}]}', "row 1: output"),
        (
            "sni",
            "a.json",
            '{"Definition": "d", "Instances": [{"input": "x", "output": []}]}',
            "row 1: output has no answer",
        ),
        ("sni", "a.json", "{", "a.json is not JSON"),
        ("function_vectors", "a.json", '{"a": 1}', "a.json: it must be a list"),
        ("function_vectors", "a.json", '[{"input": "x"}]', "row 1: output must be a text"),
        ("instruction_induction", "raw/induce/a.json", "{}", "annotations.a.json cannot be read"),
        ("metadata", "a/metadata.yaml", "descriptions: [", "no task has examples"),
    ],
)
def test_mistakes_in_files_are_named_with_their_row(
    tmp_path: Path, layout: Layout, file: str, content: str, message: str
) -> None:
    path = tmp_path / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    with pytest.raises(TaskFileError, match=message):
        file_tasks(FileTasks(layout, str(tmp_path)))


def test_a_missing_folder_is_named_unless_it_is_optional(tmp_path: Path) -> None:
    where = str(tmp_path / "none")
    said = "no such folder; tasks.where.*`git clone https://github.com/"
    for layout in ("sni", "metadata"):  # published as they are read
        with pytest.raises(TaskFileError, match=said):
            file_tasks(FileTasks(layout, where))
    assert file_tasks(FileTasks("sni", where, optional=True)).report == ()


def tasks_named(count: int) -> list[WrittenTask]:
    samples = tuple(Sample(f"i{n}", "o") for n in range(4))
    return [finished(Draft(f"t{n}", "f", "p", samples, ("text",)), "g") for n in range(count)]


def test_sides_share_no_task_and_depend_on_names_only() -> None:
    tasks = tasks_named(20)
    sides = split_tasks(tasks, "g", 0.2, 0.1, seed=0)
    again = split_tasks(tasks[::-1], "g", 0.2, 0.1, seed=0)
    assert (len(sides.report), len(sides.selection), len(sides.train)) == (4, 2, 14)
    assert sides == again != split_tasks(tasks, "g", 0.2, 0.1, seed=1)
    assert len({*sides.report, *sides.selection, *sides.train}) == 20
    few = split_tasks(tasks, "g", 0.01, 0.01, seed=0, limit=5)
    assert (len(few.report), len(few.selection), len(few.train)) == (1, 1, 3)


def test_wordings_that_differ_in_case_and_stops_stay_together() -> None:
    sides = split_texts(["Say it.", "say it", "SAY IT!", "Tell me.", "Speak.", "Talk."])
    assert any(set(texts) >= {"Say it.", "say it", "SAY IT!"} for texts in sides.values())


@pytest.mark.skipif(not REAL.exists(), reason="the public tasks are not beside this checkout")
@pytest.mark.parametrize(
    ("layout", "folder", "least"),
    [
        ("function_vectors", "function_vectors", 40),
        ("instruction_induction", "instruction_induction", 15),
        ("sni", "sni", 80),
        ("sni", "sni_v1", 30),
    ],
)
def test_the_published_files_are_read(layout: Layout, folder: str, least: int) -> None:
    found = file_tasks(FileTasks(layout, str(REAL / folder)))
    assert len(found.train) + len(found.selection) + len(found.report) >= least
    for task in (*found.report, *found.selection):
        assert task.sample(random.Random(0), "test").output
        assert task.descriptions("held_out", 3, 0)


@pytest.mark.skipif(not REAL.exists(), reason="the public tasks are not beside this checkout")
def test_the_published_metadata_says_that_its_examples_are_elsewhere() -> None:
    with pytest.raises(TaskFileError, match="no task has examples; put JSON lines"):
        file_tasks(FileTasks("metadata", str(REAL / "metadata")))
