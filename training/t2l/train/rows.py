"""Rows of tasks: what a template makes of examples, each tokenised once where they come again."""

from __future__ import annotations

from collections.abc import Sequence

from t2l.tasks.source import Sample
from t2l.template.rows import Row
from t2l.template.template import Template

KEPT_ROWS = 200_000  # about 100 MB of short rows


class KeptRows:
    """A template's rows without demonstrations, kept: finite tasks draw the same examples again."""

    def __init__(self, template: Template) -> None:
        self.template = template
        self._kept: dict[tuple[str, str, str | None], Row] = {}

    def row(self, sample: Sample, shown: Sequence[Sample] = (), told: str | None = None) -> Row:
        """As `Template.row`."""
        if shown:
            return self.template.row(sample, shown, told)
        key = (sample.input, sample.output, told)
        found = self._kept.get(key)
        if found is None:
            found = self.template.row(sample, told=told)
            if len(self._kept) < KEPT_ROWS:
                self._kept[key] = found
        return found
