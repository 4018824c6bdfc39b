"""Rows on sheets: common beginnings once, and no row looks at another's tokens."""

import pytest

from t2l.base.packing import LONGEST_SHEET, make_sheets
from t2l.template.rows import Row

ROWS: list[Row] = [
    ([1, 2, 3, 9, 8], [False, False, False, True, True]),
    ([1, 2, 4, 5, 7], [False, False, False, False, True]),
    ([1, 6, 9], [False, False, True]),
    ([1, 6, 9], [False, False, True]),
]


def test_what_a_group_begins_with_is_there_once_and_last_tokens_do_not_run() -> None:
    sheets = make_sheets(ROWS, 2)
    assert sheets.tokens.tolist() == [[1, 2, 3, 9, 4, 5], [1, 6, 0, 0, 0, 0]]
    assert sheets.positions.tolist()[0] == [0, 1, 2, 3, 2, 3]
    assert sheets.inside.tolist()[1] == [True, True, False, False, False, False]
    assert sheets.cells.tolist()[0][:4] == [0, 1, 2, 3]
    assert sheets.cells.tolist()[1][:4] == [0, 1, 4, 5]
    assert sheets.cells.tolist()[3][:2] == [6, 7]  # the same as the row before
    assert sheets.cells[:, -1].tolist() == [-1] * 4


def test_a_token_looks_at_its_own_row_up_to_itself() -> None:
    sheets = make_sheets(ROWS, 2)
    assert sheets.looks is not None
    looks = sheets.looks[0].int().tolist()
    assert looks[3] == [1, 1, 1, 1, 0, 0]
    assert looks[5] == [1, 1, 0, 0, 1, 1]
    assert sheets.looks.diagonal(dim1=1, dim2=2).all()  # padding too, or a row of none would be NaN


def test_answers_are_predicted_by_the_token_before_them() -> None:
    sheets = make_sheets(ROWS, 2)
    assert sheets.wanted.tolist() == [9, 8, 7, 9, 9]
    assert sheets.owner.tolist() == [0, 0, 1, 2, 3]
    assert sheets.at.tolist() == [2, 3, 5, 7, 7]


def test_whole_rows_have_a_place_for_every_token() -> None:
    sheets = make_sheets(ROWS, 2, whole=True)
    flat = sheets.tokens.flatten()
    for index, (ids, _) in enumerate(ROWS):
        assert flat[sheets.cells[index, : len(ids)]].tolist() == ids


def test_a_sheet_a_row_is_looked_at_from_left_to_right() -> None:
    sheets = make_sheets(ROWS, 2, packed=False)
    assert sheets.looks is None
    assert sheets.tokens.shape == (4, 4)
    assert sheets.inside.sum(1).tolist() == [4, 4, 2, 2]


def test_long_groups_get_several_sheets_of_as_many_rows() -> None:
    length = LONGEST_SHEET // 2
    rows = [([row] * length, [False] * (length - 1) + [True]) for row in range(12)]
    sheets = make_sheets(rows, 2)
    assert sheets.tokens.shape[0] == 6
    assert sheets.rows == 12


def test_what_cannot_be_laid_out_is_refused() -> None:
    with pytest.raises(ValueError, match="evenly"):
        make_sheets(ROWS, 3)
    with pytest.raises(ValueError, match="begin with its answer"):
        make_sheets([([1, 2], [True, True])])
