"""Rows of tokens as a model runs them: what a group of rows begins with in common runs once.

    rows    <s> say: hot -> cold        sheet     <s> say: hot -> big -> small
            <s> say: big -> small       position   0   1    2   3  2   3

The rows of a group are under one adapter, so the states of their common beginning are the same and
one copy of it serves them all; behind it, a row looks at that beginning and at its own tokens
only. The last token of a row predicts nothing and does not run. Rows of a chat template begin with
a dozen tokens that say nothing, so this is a third of the work for them. Models that cannot be run
this way (recurrent ones, positions in the attention's bias) get a sheet a row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from t2l.template.rows import Row

LONGEST_SHEET = 320  # tokens; attention's cost grows with the square


@dataclass(frozen=True)
class Sheets:
    """What runs.

    :param tokens: token ids, padded on the right, [sheets, length].
    :param positions: place of every token in its row, [sheets, length].
    :param looks: which tokens a token looks at, [sheets, length, length]; None if a sheet is a row.
    :param inside: which places hold a token, [sheets, length].
    :param cells: place of every row's every token among all places; -1 where a row has ended, or
        for its last token, which did not run, [rows, longest].
    :param at: places that predict a token of an answer, [answers].
    :param wanted: those tokens, [answers].
    :param owner: which row each belongs to, [answers].
    """

    tokens: Tensor
    positions: Tensor
    looks: Tensor | None
    inside: Tensor
    cells: Tensor
    at: Tensor
    wanted: Tensor
    owner: Tensor

    def to(self, device: str) -> Sheets:
        """The same on a device."""
        moved = {name: value.to(device) for name, value in vars(self).items() if value is not None}
        return replace(self, **moved)

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return self.cells.shape[0]


def make_sheets(
    rows: Sequence[Row], groups: int | None = None, packed: bool = True, whole: bool = False
) -> Sheets:
    """Lay rows out.

    :param rows: rows grouped by adapter, each group as many.
    :param groups: number of groups; None for one a row.
    :param packed: put the rows of a group on a sheet, as far as it holds them.
    :param whole: also run last tokens, whose states somebody wants to see.
    :raises ValueError: if the rows are not equally many in every group, or a row begins with its
        answer.
    """
    groups = len(rows) if groups is None else groups
    if len(rows) % groups:
        raise ValueError(f"{len(rows)} rows cannot be shared evenly among {groups} groups")
    runs = [ids if whole else ids[:-1] for ids, _ in rows]
    each = _rows_a_sheet(runs, len(rows) // groups) if packed else 1
    laid = [_lay(runs[start : start + each]) for start in range(0, len(rows), each)]
    length = max(len(sheet.tokens) for sheet in laid)
    tokens = torch.zeros(len(laid), length, dtype=torch.long)
    positions = torch.zeros_like(tokens)
    inside = torch.zeros(len(laid), length, dtype=torch.bool)
    looks = torch.eye(length, dtype=torch.bool).repeat(len(laid), 1, 1) if each > 1 else None
    cells = torch.full((len(rows), max(len(ids) for ids, _ in rows)), -1)
    for index, sheet in enumerate(laid):
        here = len(sheet.tokens)
        tokens[index, :here] = torch.tensor(sheet.tokens)
        inside[index, :here] = True
        for offset, places in enumerate(sheet.places):
            found = torch.tensor(places)
            positions[index, found] = torch.arange(len(places))
            cells[index * each + offset, : len(places)] = found + index * length
            if looks is not None:
                count = len(places)
                looks[index, found[:, None], found] = torch.ones(count, count).tril().bool()
    at, wanted, owner = _answers(rows, cells)
    return Sheets(tokens, positions, looks, inside, cells, at, wanted, owner)


@dataclass(frozen=True)
class _Sheet:
    tokens: list[int]
    places: list[list[int]]  # of every row


def _lay(runs: Sequence[list[int]]) -> _Sheet:
    """One sheet: the common beginning, then what each row has of its own."""
    common = _common(runs) if len(runs) > 1 else 0
    tokens = list(runs[0][:common])
    places = []
    for run in runs:
        start = len(tokens)
        tokens += run[common:]
        places.append([*range(common), *range(start, len(tokens))])
    return _Sheet(tokens, places)


def _common(runs: Sequence[list[int]]) -> int:
    """How many tokens all rows begin with."""
    low, high = min(runs), max(runs)  # the rows that differ first, in the order of lists
    count = 0
    for first, second in zip(low, high, strict=False):
        if first != second:
            break
        count += 1
    return count


def _rows_a_sheet(runs: Sequence[list[int]], group: int) -> int:
    """The most rows of a group that every sheet can hold, a divisor of the group's size."""
    longest = max(map(len, runs))
    for parts in range(1, group + 1):
        each = group // parts
        if group % parts == 0 and each * longest <= LONGEST_SHEET:
            return each
    return 1


def _answers(rows: Sequence[Row], cells: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Places that predict, what they are to predict, and for which row."""
    before, wanted, owner = [], [], []
    for row, (ids, is_answer) in enumerate(rows):
        if is_answer[0]:
            raise ValueError("a row cannot begin with its answer: nothing would predict it")
        places = [place for place, answer in enumerate(is_answer) if answer]
        before += [place - 1 for place in places]
        wanted += [ids[place] for place in places]
        owner += [row] * len(places)
    owners = torch.tensor(owner, dtype=torch.long)
    at = cells[owners, torch.tensor(before, dtype=torch.long)]
    return at, torch.tensor(wanted, dtype=torch.long), owners
