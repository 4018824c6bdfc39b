"""Teachers: what the base model is shown, and templates that cannot show it."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

import pytest
from families_for_tests import decoded, tiny_tokenizer

from t2l.config.errors import ConfigError
from t2l.config.sft import SftConfig, TeacherKind
from t2l.tasks.source import Part, Sample, Split
from t2l.template.arrow import ArrowTemplate
from t2l.template.chat import ChatTemplate
from t2l.train.meta_batch import Teacher
from t2l.train.objectives.teacher import open_teacher
from t2l.train.rows import KeptRows


@dataclass
class Numbers:
    """A task with few inputs."""

    inputs: int = 12
    said: tuple[str, ...] = ("Add an x.", "Write an x behind it.")
    name: str = "numbers"
    family: str = "all"
    asked: list[str] = field(default_factory=list)

    def sample(self, rng: random.Random, part: Part = "train") -> Sample:
        number = rng.randrange(self.inputs)
        return Sample(f"q{number}", f"q{number}x")

    def descriptions(self, split: Split, count: int, seed: int) -> tuple[str, ...]:
        self.asked.append(split)
        return self.said


def chat() -> KeptRows:
    return KeptRows(ChatTemplate(tiny_tokenizer("llama"), None))


def opened(config: SftConfig, rows: KeptRows) -> Teacher:
    teacher = open_teacher(config, rows)
    assert teacher is not None
    return teacher


def told_texts(kind: TeacherKind, task: Numbers, seed: int = 0, shots: int = 4) -> list[str]:
    """What the told rows of two samples say."""
    rows = chat()
    teacher = opened(SftConfig(distill=1.0, teacher=kind, teacher_shots=shots), rows)
    samples = [Sample("q0", "q0x"), Sample("q1", "q1x")]
    found = teacher.rows(task, samples, random.Random(seed))
    for sample, (ids, is_answer) in zip(samples, found, strict=True):
        untold, marked = rows.row(sample)
        answer = sum(marked)
        assert ids[-answer:] == untold[-answer:] and is_answer[-answer:] == marked[-answer:]
        assert sum(is_answer) == answer
    return [decoded(tiny_tokenizer("llama"), ids) for ids, _ in found]


def test_demonstrations_are_solved_examples_that_are_not_asked_for() -> None:
    for seed in range(20):
        texts = told_texts("demonstrations", Numbers(), seed)
        for text in texts:
            assert text.count("assistant") == 5
            assert not any(said in text for said in Numbers().said)
        assert "q1x" not in texts[0].replace("q10x", "").replace("q11x", "")
        assert texts[0].split("q0<")[0] == texts[1].split("q1<")[0]  # a task's are told alike


def test_a_description_is_told_from_training_s_and_comes_alone() -> None:
    task = Numbers()
    for text in told_texts("description", task):
        assert text.count("assistant") == 1
        assert sum(said in text for said in task.said) == 1
    assert task.asked == ["train"]


def test_both_are_demonstrations_and_a_description() -> None:
    for text in told_texts("both", Numbers(), shots=2):
        assert text.count("assistant") == 3
        assert sum(said in text for said in Numbers().said) == 1


def test_a_task_with_too_few_inputs_has_fewer_demonstrations() -> None:
    assert told_texts("demonstrations", Numbers(inputs=3))[0].count("assistant") == 2
    assert told_texts("demonstrations", Numbers(inputs=1))[0].count("assistant") == 1


@pytest.mark.parametrize(
    ("kind", "rows", "said"),
    [
        ("codes", chat(), "sft.teacher codes .* set sft.teacher to demonstrations"),
        ("description", KeptRows(ArrowTemplate()), "sft.teacher description .* set sft.teacher to"),
        ("both", KeptRows(ArrowTemplate()), "sft.teacher both .* set sft.teacher to codes"),
    ],
)
def test_what_a_template_cannot_show_is_refused(
    kind: TeacherKind, rows: KeptRows, said: str
) -> None:
    with pytest.raises(ConfigError, match=said):
        open_teacher(SftConfig(distill=0.5, teacher=kind), rows)
    assert open_teacher(SftConfig(distill=0.0, teacher=kind), rows) is None


def test_a_task_without_what_is_to_be_told_is_named() -> None:
    teacher = opened(SftConfig(distill=1.0, teacher="codes"), KeptRows(ArrowTemplate()))
    with pytest.raises(ConfigError, match="numbers has no control codes"):
        teacher.rows(Numbers(), [Sample("a", "b")], random.Random(0))
    with pytest.raises(ConfigError, match="numbers has no training description"):
        told_texts("description", Numbers(said=()))
