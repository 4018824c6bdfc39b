"""t2l-mini's lines as a template: the tokens are those that its base model was trained on."""

from __future__ import annotations

import pytest

from t2l.tasks.procedural.world import procedural_tasks
from t2l.tasks.source import Sample
from t2l.template.arrow import ArrowTemplate, encode_lines, question_row
from t2l.template.characters import TOKEN_IDS, build_tokenizer
from t2l.template.template import TemplateError

TEMPLATE = ArrowTemplate()
SAMPLE, SHOWN = Sample("ab cd", "cd ab"), (Sample("x y", "y x"), Sample("1 2", "2 1"))


def test_a_row_is_a_line_and_demonstrations_are_the_lines_before_it():
    assert TEMPLATE.row(SAMPLE) == encode_lines([SAMPLE])
    ids, marked = TEMPLATE.row(SAMPLE, SHOWN)
    assert ids == encode_lines([*SHOWN, SAMPLE])[0]
    assert sum(marked) == len("cd ab\n") and marked[-6:] == [True] * 6


def test_a_row_is_its_prompt_and_then_its_answer():
    ids, marked = TEMPLATE.row(SAMPLE, SHOWN)
    begin = marked.index(True)
    assert TEMPLATE.prompt(SAMPLE.input, SHOWN) == ids[:begin]
    assert TEMPLATE.answer(ids[begin:]) == "cd ab"
    assert ids[-1] in TEMPLATE.ends
    assert build_tokenizer().decode(ids[begin:-1]) == "cd ab"


def test_codes_that_are_told_are_those_of_every_task():
    world = procedural_tasks(seed=0)
    for task in (*world.train, *world.selection, *world.report, *world.left_out):
        told = "".join(task.codes)
        assert TEMPLATE.row(SAMPLE, told=told) == question_row(SAMPLE, codes=task.codes)


def test_a_character_without_a_token_is_named():
    with pytest.raises(TemplateError, match="no token for '東'"):
        TEMPLATE.row(Sample("東", "a"))


def test_padding_is_no_character():
    assert TEMPLATE.pad not in {TOKEN_IDS[c] for c in "abc\n "}
    assert TEMPLATE.describe() == {"kind": "arrow"}
