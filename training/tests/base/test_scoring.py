"""One teacher-forced pass decides exact match as greedy generation does, adapters or not."""

from pathlib import Path

import pytest
import torch
from adapters_for_tests import CPU, random_adapters, tiny_base, tiny_tasks

from t2l.base.applying import apply_adapters
from t2l.base.scoring import exact_matches
from t2l.evaluate.questions import make_block
from t2l.template.characters import TOKEN_IDS
from t2l.template.rows import Row

LONGEST = 6  # tokens of an answer


def prompts(count: int) -> list[list[int]]:
    block = make_block(tiny_tasks().train[:count], 2, 1, 0, "held_out")
    return [ids[: is_answer.index(True)] for ids, is_answer in block.rows()]


def greedy(model, prompt: list[int]) -> list[int]:
    ids = torch.tensor([prompt])
    made = model.generate(
        ids,
        attention_mask=torch.ones_like(ids),
        max_new_tokens=LONGEST,
        do_sample=False,
        eos_token_id=TOKEN_IDS["\n"],
    )
    return made[0, len(prompt) :].tolist()


def row(prompt: list[int], answer: list[int]) -> Row:
    return prompt + answer, [False] * len(prompt) + [True] * len(answer)


def spoiled(answer: list[int], place: int) -> list[int]:
    """The answer with one token replaced."""
    return [token + 1 if at == place else token for at, token in enumerate(answer)]


def test_the_greedy_answer_is_a_match_and_every_other_is_not(tmp_path: Path) -> None:
    model, _ = tiny_base(tmp_path)
    questions = prompts(4)
    answers = [greedy(model, prompt) for prompt in questions]
    right = [row(*pair) for pair in zip(questions, answers, strict=True)]
    assert exact_matches(model, right, CPU) == [True] * len(right)
    for place in (0, -1):
        wrong = [
            row(prompt, spoiled(answer, place % len(answer)))
            for prompt, answer in zip(questions, answers, strict=True)
        ]
        assert exact_matches(model, wrong, CPU) == [False] * len(wrong)


@pytest.mark.parametrize("batch", [2, 3, 160])
def test_matches_under_adapters_are_those_of_generation_under_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    monkeypatch.setattr("t2l.base.scoring.ROWS_A_BATCH", batch)
    model, target = tiny_base(tmp_path)
    weights = random_adapters(target, 4)
    questions = prompts(4)  # two rows an adapter
    rows, plain = [], []
    for index, prompt in enumerate(questions):
        own = {n: (a[index // 2][None], b[index // 2][None]) for n, (a, b) in weights.items()}
        with apply_adapters(model, target, own):
            answer = greedy(model, prompt)
        rows.append(row(prompt, answer))
        plain.append(greedy(model, prompt) == answer)
    assert exact_matches(model, rows, CPU, target, weights) == [True] * len(rows)
    assert exact_matches(model, rows, CPU) == plain
    assert not all(plain)


def test_rows_that_adapters_cannot_share_evenly_are_refused(tmp_path: Path) -> None:
    model, target = tiny_base(tmp_path)
    rows = [row(prompt, [TOKEN_IDS["\n"]]) for prompt in prompts(2)[:3]]
    with pytest.raises(ValueError, match="evenly"):
        exact_matches(model, rows, CPU, target, random_adapters(target, 2))
