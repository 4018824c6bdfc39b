"""The procedural task family: many small text tasks with fresh inputs at every use.

A task is one to three operations in a row on a list of words, a list of digits or a string. The
compositions of every shape are enumerated, those that compute the same thing as an earlier one are
dropped, and the rest is split **before anything is trained**: training tasks, tasks to select a
recipe with, tasks of the report, and whole shapes that are left out. Held back are compositions and
pairs of an operation with its parameter. The base model and the hypernetwork both see training
tasks only.
"""

import itertools
import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from t2l.tasks import source
from t2l.tasks.procedural.domain import Domain
from t2l.tasks.procedural.operation import Operation, State
from t2l.tasks.procedural.phrases import frames, sentence
from t2l.tasks.procedural.registry import DOMAINS
from t2l.tasks.source import Part, Sample, Split

MAX_OUTPUT = 30  # characters; longer answers cost tokens and teach nothing new
MAX_TRIES = 4000  # draws before a task is declared impossible
SIGNATURE_SAMPLES = 64  # shared inputs on which two tasks must differ to be two tasks
SEVERAL_ITEMS = ("order", "select", "join")  # kinds that do nothing visible to a single item
REPORT_SHARE = 0.09  # of compositions and of parameterised single steps
SELECTION_SHARE = 0.06


@dataclass(frozen=True)
class Task:
    """A named composition of operations on one domain."""

    domain: str
    steps: tuple[Operation, ...]

    @property
    def name(self) -> str:
        """Stable identifier: `words/reverse+upper`."""
        return f"{self.domain}/" + "+".join(step.name for step in self.steps)

    @property
    def family(self) -> str:
        """The task's shape: its domain and the kinds of its steps."""
        return f"{self.domain}/" + "+".join(step.kind for step in self.steps)

    @property
    def codes(self) -> tuple[str, ...]:
        """What asks the base model for this task: control codes, each before its parameter."""
        rows = [(step.control, step.parameter) for step in self.steps]
        return tuple(part for row in rows for part in row if part)

    @property
    def parameterised(self) -> bool:
        """Whether any step carries a parameter."""
        return any(step.parameter for step in self.steps)

    def solve(self, items: tuple[str, ...]) -> str | None:
        """The answer for these items, or None if they do not make every step visible."""
        state = State(items, DOMAINS[self.domain].separator)
        for step in self.steps:
            if step.accepts is not None and not step.accepts(state.items):
                return None
            if step.kind in SEVERAL_ITEMS and len(state.items) < 2:
                return None
            state = step(state)
        answer = state.text
        return answer if 0 < len(answer) <= MAX_OUTPUT else None

    def sample(self, rng: random.Random, part: Part = "train") -> Sample:
        """A fresh example whose answer differs from its input; inputs are drawn anew in each part.

        Yes/no tasks draw the answer first, so both are equally frequent.

        :raises ValueError: if no input fits after `MAX_TRIES` draws.
        """
        wanted = rng.choice(("yes", "no")) if self.steps[-1].kind == "judge" else None
        domain = DOMAINS[self.domain]
        counts = any(step.name == "count" for step in self.steps)
        for _ in range(MAX_TRIES):
            items = domain.draw(counts, rng)
            text = State(items, domain.separator).text
            answer = self.solve(items)
            if answer is None or answer == text or (wanted is not None and answer != wanted):
                continue
            return Sample(text, answer)
        raise ValueError(f"task {self.name}: no input found in {MAX_TRIES} draws")

    def descriptions(self, split: Split, count: int, seed: int) -> tuple[str, ...]:
        """Up to `count` distinct descriptions, in a seeded order.

        :param split: `train`, `selection` or `held_out`; they share neither phrases nor frames.
        """
        rng = random.Random(f"{self.name}|{split}|{seed}")
        ways = self._ways(split)
        drawn: set[tuple[str, ...]] = set()  # a task of few ways is drawn the same again and again
        found: dict[str, None] = {}
        for _ in range(20 * count):
            parts = tuple(map(rng.choice, ways))
            if parts in drawn:
                continue
            drawn.add(parts)
            found[_said(parts)] = None
            if len(found) == count:
                break
        return tuple(found)

    def description(self, split: Split, rng: random.Random) -> str:
        """One description, drawn evenly from frames, phrases of every step, and subjects."""
        return _said(tuple(map(rng.choice, self._ways(split))))

    def _ways(self, split: Split) -> tuple[Sequence[str], ...]:
        """What a description is drawn from, in the order of drawing."""
        steps = (_phrases(self.domain, step.name, split) for step in self.steps)
        return frames(len(self.steps), split), *steps, DOMAINS[self.domain].subjects


def _said(parts: tuple[str, ...]) -> str:
    """The description that was drawn: frame, steps and subject."""
    frame, *steps, subject = parts
    return sentence(frame, steps, subject)


@cache
def _phrases(domain: str, operation: str, split: Split) -> tuple[str, ...]:
    """Every way to say a step, expanded once."""
    ours = DOMAINS[domain]
    step = next(row for row in ours.operations if row.name == operation)
    return ours.phrases(step, split)


def _signature(task: Task) -> tuple[str | None, ...]:
    """Answers on shared inputs: equal for two tasks that compute the same."""
    return tuple(map(task.solve, _signature_inputs(task.domain)))


@cache
def _signature_inputs(domain: str) -> tuple[tuple[str, ...], ...]:
    """The inputs on which the tasks of a domain are compared, drawn once for all of them."""
    rng = random.Random(f"signature|{domain}")
    return tuple(DOMAINS[domain].draw(False, rng) for _ in range(SIGNATURE_SAMPLES))


@dataclass(frozen=True)
class TaskSet(source.TaskSet):
    """The same as in every world, of tasks that have steps and control codes.

    :param train: training tasks, of the base model and of the hypernetwork.
    :param selection: unseen tasks that recipes are chosen with.
    :param report: unseen tasks of the report, looked at last.
    :param left_out: tasks whose whole shape is in no training.
    """

    train: tuple[Task, ...]
    selection: tuple[Task, ...]
    report: tuple[Task, ...]
    left_out: tuple[Task, ...] = ()


class _Distinct:
    """Keeps the first of the tasks that compute the same thing."""

    def __init__(self) -> None:
        self._seen: set[tuple[str | None, ...]] = set()  # domain, then answers

    def __call__(self, task: Task) -> bool:
        signature = (task.domain, *_signature(task))
        if signature in self._seen or len(set(signature)) < 4:
            return False
        self._seen.add(signature)
        return True


def _tasks_of(domain: Domain, rng: random.Random) -> tuple[list[Task], list[Task]]:
    """The tasks of a domain: those that can be trained on, and those of left-out shapes."""
    distinct = _Distinct()
    singles = [Task(domain.name, (row,)) for row in domain.operations]
    known, left_out = list(filter(distinct, singles)), []
    for chain in domain.chains(domain.by_kind()):
        every = [Task(domain.name, steps) for steps in itertools.product(*chain.places)]
        rng.shuffle(every)
        rows = list(itertools.islice(filter(distinct, every), chain.quota))
        (left_out if chain.left_out else known).extend(rows)
    return known, left_out


@cache
def known_before() -> frozenset[str]:
    """Names of the tasks that version 1 of the base model was trained on.

    Later versions continue its weights, so none of these can ever count as unseen.
    """
    text = (files("t2l.tasks.procedural") / "known_before.txt").read_text(encoding="utf-8")
    return frozenset(text.split())


@cache
def _every_task(seed: int) -> tuple[Sequence[Task], Sequence[Task], tuple[Any, ...]]:
    """Tasks that can be trained on, those of left-out shapes, and how the drawing goes on.

    They are the same whatever the limit, and comparing them all takes the longest.
    """
    rng = random.Random(f"procedural|{seed}")
    known: list[Task] = []
    left_out: list[Task] = []
    for domain in DOMAINS.values():
        ours, theirs = _tasks_of(domain, rng)
        known += ours
        left_out += theirs
    # Of a shape that the first base model knew, no task counts as left out.
    before = known_before()
    known_shapes = {task.family for task in (*known, *left_out) if task.name in before}
    unknown = (task for task in left_out if task.family not in known_shapes)
    return tuple(known), tuple(unknown), rng.getstate()


def procedural_tasks(limit: int | None = None, seed: int = 0) -> TaskSet:
    """The family, split by task.

    :param limit: keep about this many tasks (for quick runs); None keeps all.
    :param seed: of the choice of compositions and of the split.
    """
    known, left_out, state = _every_task(seed)
    rng = random.Random()
    rng.setstate(state)
    before = known_before()
    if limit is not None:
        known = _in_order(_take(known, limit, rng), known)
        left_out = _in_order(_take(left_out, limit // 4, rng), left_out)
    candidates = [
        task
        for task in known
        if (len(task.steps) > 1 or task.parameterised) and task.name not in before
    ]
    rng.shuffle(candidates)
    reported = round(REPORT_SHARE * len(candidates))
    selected = round(SELECTION_SHARE * len(candidates))
    report, selection = candidates[:reported], candidates[reported : reported + selected]
    held_back = {task.name for task in (*report, *selection)}
    return TaskSet(
        train=tuple(task for task in known if task.name not in held_back),
        selection=tuple(_in_order(selection, known)),
        report=tuple(_in_order(report, known)),
        left_out=tuple(left_out),
    )


def wider_tasks(tasks: TaskSet, each: int, seed: int) -> tuple[Task, ...]:
    """At most so many wider compositions of each shape, each computing something of its own.

    They are for the hypernetwork, which learns how steps combine from as many combinations as it
    can get; the base model has their skills from others.
    """
    distinct = _Distinct()
    every = (*tasks.train, *tasks.selection, *tasks.report, *tasks.left_out)
    for task in every:
        distinct(task)
    names = {task.name for task in every}
    rows = [task for task in wider_compositions(tasks) if task.name not in names]
    random.Random(f"wider|{seed}").shuffle(rows)
    shapes: dict[str, list[Task]] = {}
    for task in rows:
        found = shapes.setdefault(task.family, [])
        if len(found) < each and distinct(task):
            found.append(task)
    return tuple(task for found in shapes.values() for task in found)


def wider_compositions(tasks: TaskSet) -> tuple[Task, ...]:
    """Every composition of the shapes that are trained on, less those that are held back.

    Many more than the quotas take; some compute the same.
    """
    held_back = {task.name for task in (*tasks.selection, *tasks.report, *tasks.left_out)}
    every = [
        Task(domain.name, steps)
        for domain in DOMAINS.values()
        for chain in domain.chains(domain.by_kind())
        if not chain.left_out
        for steps in itertools.product(*chain.places)
    ]
    return tuple(task for task in every if task.name not in held_back)


def _take(tasks: Sequence[Task], count: int, rng: random.Random) -> list[Task]:
    """A random subset, without touching the order it is drawn from."""
    return rng.sample(list(tasks), min(count, len(tasks)))


def _in_order(tasks: Sequence[Task], order: Sequence[Task]) -> list[Task]:
    """Some tasks in the order of all of them."""
    names = {task.name for task in tasks}
    return [task for task in order if task.name in names]
