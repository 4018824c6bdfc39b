"""Questions: the same whoever is asked and whenever, and nothing in them gives the answer away."""

import pytest
from adapters_for_tests import in_phrasing, tiny_tasks
from families_for_tests import decoded

from t2l.evaluate.questions import Block, describe, make_block
from t2l.template.characters import BOS, TOKEN_IDS, build_tokenizer
from t2l.template.rows import Row

TASKS = tiny_tasks().train[:5]


def block(seed: int = 7, tasks=TASKS) -> Block:
    return make_block(tasks, 6, 3, seed, "held_out")


def text_of(row: Row) -> str:
    return decoded(build_tokenizer(), row[0][1:])


def answer_of(row: Row) -> str:
    return decoded(build_tokenizer(), [t for t, is_answer in zip(*row, strict=True) if is_answer])


def test_a_task_s_questions_do_not_depend_on_the_tasks_beside_it() -> None:
    whole, part = block(), block(tasks=TASKS[3:4])
    assert part.samples[0] == whole.samples[3]
    assert part.descriptions[0] == whole.descriptions[3]
    assert part.rows(shots=2) == whole.rows(shots=2)[18:24]


def test_another_sampling_seed_asks_other_questions() -> None:
    one, other = block(seed=1), block(seed=2)
    assert one == block(seed=1)
    for index in range(len(TASKS)):
        assert one.samples[index] != other.samples[index]
    assert one.descriptions != other.descriptions


def test_only_the_answer_and_its_line_end_are_looked_for() -> None:
    for shots, coded in ((0, False), (3, False), (0, True)):
        rows = iter(block().rows(shots, coded))
        for samples in block().samples:
            for sample in samples:
                row = next(rows)
                assert answer_of(row) == f"{sample.output}\n"
                assert text_of(row).endswith(f"{sample.input} -> {sample.output}\n")
        assert next(rows, None) is None


def test_few_shot_prompts_show_other_samples_than_those_that_are_asked() -> None:
    asked = block()
    rows = iter(asked.rows(shots=3))
    for samples in asked.samples:
        shown: list[str] = []
        for _ in samples:
            lines = text_of(next(rows)).splitlines()
            assert len(lines) == 4
            shown += lines[:3]
        questions = [f"{sample.input} -> {sample.output}" for sample in samples]
        assert shown[: len(questions)] != questions
        assert len(set(shown)) > 3  # every question has examples of its own


def test_coded_prompts_begin_with_the_task_s_codes_and_others_have_none() -> None:
    rows, plain = iter(block().rows(coded=True)), iter(block().rows())
    for task, samples in zip(TASKS, block().samples, strict=True):
        codes = [TOKEN_IDS[code] for code in task.codes]
        for _ in samples:
            ids, _ = next(rows)
            assert ids == [BOS, *codes, *next(plain)[0][1:]]


def test_descriptions_are_in_the_phrasing_that_was_asked_for() -> None:
    for task in TASKS:
        for split in ("train", "selection", "held_out"):
            texts = make_block([task], 4, 4, 11, split).descriptions[0]
            assert all(in_phrasing(text, task, split) for text in texts), (split, texts)


def test_descriptions_repeat_where_a_task_has_too_few() -> None:
    task = TASKS[0]
    found = describe(task, "selection", 300, 0)
    assert len(found) == 300 > len(set(found))
    assert found[: len(set(found))] == tuple(dict.fromkeys(found))


def test_samples_that_descriptions_cannot_share_evenly_are_refused() -> None:
    with pytest.raises(ValueError, match="in turn"):
        make_block(TASKS, 4, 3, 0, "held_out")
