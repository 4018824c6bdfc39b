"""Batches of rows: padding, labels and mask."""

from __future__ import annotations

from t2l.template.rows import IGNORED, before_end, collate

ROWS = [([5, 6, 7], [False, False, True]), ([8], [True])]


def test_rows_are_padded_on_the_right_and_only_answers_have_labels():
    tokens, labels, mask = collate(ROWS, pad=9)
    assert tokens.tolist() == [[5, 6, 7], [8, 9, 9]]
    assert labels.tolist() == [[IGNORED, IGNORED, 7], [8, IGNORED, IGNORED]]
    assert mask.tolist() == [[1, 1, 1], [1, 0, 0]]


def test_a_token_that_is_also_the_padding_stays_in_the_mask():
    _, labels, mask = collate([([5, 9], [False, True]), ([9, 9, 9], [False, True, True])], pad=9)
    assert mask.sum(dim=1).tolist() == [2, 3]
    assert labels[1].tolist() == [IGNORED, 9, 9]


def test_an_answer_is_what_stands_before_its_end():
    assert before_end([4, 5, 2, 6, 3], ends=(3, 2)) == [4, 5]
    assert before_end([4, 5], ends=(3,)) == [4, 5]
