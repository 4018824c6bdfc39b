"""Tasks that the base model can't do at all, named by a rule and reported apart.

Neither five examples in the prompt nor an adapter trained on the task itself gets a tenth of the
questions right. No description could make up for that, so these tasks say nothing about
descriptions. The rule does not look at what the hypernetwork's adapters do.
"""

from collections.abc import Collection, Mapping, Sequence

from t2l.evaluate.results import ResultRow, by_task
from t2l.report.data import UNSEEN
from t2l.report.labels import condition_label
from t2l.report.markdown import ABSENT, counted, made_with, paragraphs, percent, table
from t2l.report.page import Page

RULE = ("five_shot", "oracle")
LIMIT = 0.10
SHOWN = (*RULE, "matched")


def beyond_base(rows: Sequence[ResultRow]) -> tuple[str, ...]:
    """The tasks that the rule names, in order of appearance; both conditions must be measured."""
    found = [by_task(rows, name) for name in RULE]
    return tuple(
        task
        for task in found[0]
        if all(task in values and values[task] < LIMIT for values in found)
    )


def beyond_section(page: Page) -> str:
    """The rule, the tasks that it names, and what every condition of the rule makes of them."""
    whole = page.everything or page.results
    rows = whole.split(UNSEEN)
    if not all(by_task(rows, name) for name in RULE):
        return ""
    rule = (
        f"A task counts as one that the base model can't do if five examples in the prompt and the "
        f"adapter trained on the task itself both get less than {percent(LIMIT)} of its questions "
        "right."
    )
    head = "## Tasks that the base model can't do"
    if not page.apart:
        return paragraphs(head, rule, "The rule names none of the unseen tasks.")
    tasks = len(set.intersection(*(set(by_task(rows, name)) for name in RULE)))
    return paragraphs(
        head,
        f"{rule} The rule names {len(page.apart)} of {counted(tasks, 'unseen task')}. The other "
        "tables of conditions are without them; the last column of the bars is with them.",
        table(
            ("task", "group", *(condition_label(name) for name in SHOWN)),
            _lines(rows, page.apart, whole.groups),
        ),
        made_with(page.commands.main),
    )


def _lines(
    rows: Sequence[ResultRow], apart: Sequence[str], groups: Mapping[str, Collection[str]]
) -> list[tuple[str, ...]]:
    values = [by_task(rows, name) for name in SHOWN]
    return [
        (
            f"`{task}`",
            next((name for name, names in groups.items() if task in names), ABSENT),
            *(percent(found.get(task)) for found in values),
        )
        for task in apart
    ]
