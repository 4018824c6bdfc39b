"""The procedural task family: several hundred small text tasks with fresh inputs at every use.

A task is one to three operations in a row on a list of words, a list of digits or a string. All
compositions that make sense are enumerated, those that compute the same thing as an earlier one
are dropped, and about a tenth are set aside **before anything is trained**: unseen compositions,
and unseen pairs of an operation with its parameter. The base model and the hypernetwork both see
training tasks only.
"""

import itertools
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from t2l.tasks.operation import Domain, Operation, State
from t2l.tasks.operations import operations, patterns
from t2l.tasks.phrasing import FRAMES, expand_all, sentence
from t2l.tasks.vocabulary import LETTERS, WORDS

Split = Literal["train", "held_out"]
DOMAINS: tuple[Domain, ...] = ("words", "digits", "letters")

# What a domain's items are called: <n> many, <i> one, <l> all of them.
NOUNS: dict[Domain, dict[str, str]] = {
    "words": {"n": "words", "i": "word", "l": "list"},
    "digits": {"n": "numbers", "i": "number", "l": "list"},
    "letters": {"n": "letters", "i": "letter", "l": "string"},
}
SUBJECTS: dict[Domain, tuple[str, ...]] = {
    "words": ("a list of words", "a few words", "some words"),
    "digits": ("a list of numbers", "a few numbers", "some numbers"),
    "letters": ("a string", "a short string", "a string of letters"),
}
SIZES: dict[Domain, tuple[int, ...]] = {
    "words": (3, 3, 4),
    "digits": (3, 4, 5),
    "letters": (4, 5, 5),
}
COUNT_SIZES = (1, 2, 3, 4, 5)
MAX_OUTPUT = 30  # characters; longer answers cost tokens and teach nothing new
MAX_TRIES = 2000  # draws before a task is declared impossible
SIGNATURE_SAMPLES = 24  # shared inputs on which two tasks must differ to be two tasks


@dataclass(frozen=True)
class Sample:
    """One example of a task."""

    input: str
    output: str


@dataclass(frozen=True)
class Task:
    """A named composition of operations on one domain."""

    domain: Domain
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
    def parameterised(self) -> bool:
        """Whether any step carries a parameter."""
        return any(":" in step.name for step in self.steps)

    def solve(self, items: tuple[str, ...]) -> str | None:
        """The answer for these items, or None if they do not make every step visible."""
        state = State(items, "" if self.domain == "letters" else " ")
        for step in self.steps:
            if step.accepts is not None and not step.accepts(state.items):
                return None
            state = step(state)
        answer = state.text
        return answer if 0 < len(answer) <= MAX_OUTPUT else None

    def sample(self, rng: random.Random) -> Sample:
        """A fresh example whose answer differs from its input.

        Yes/no tasks draw the answer first, so both are equally frequent.

        :raises ValueError: if no input fits after `MAX_TRIES` draws.
        """
        wanted = rng.choice(("yes", "no")) if self.steps[-1].kind == "judge" else None
        counts = any(step.name == "count" for step in self.steps)
        for _ in range(MAX_TRIES):
            items = draw_items(self.domain, counts, rng)
            text = State(items, "" if self.domain == "letters" else " ").text
            answer = self.solve(items)
            if answer is None or answer == text or (wanted is not None and answer != wanted):
                continue
            return Sample(text, answer)
        raise ValueError(f"task {self.name}: no input found in {MAX_TRIES} draws")

    def descriptions(self, split: Split, count: int, seed: int) -> tuple[str, ...]:
        """Up to `count` distinct descriptions, in a seeded order.

        :param split: `train` or `held_out`; they share neither synonyms nor frames.
        """
        held = split == "held_out"
        phrases = [
            expand_all(patterns(self.domain, step, split), {**NOUNS[self.domain], **step.slots})
            for step in self.steps
        ]
        frames = FRAMES[len(self.steps)][1 if held else 0]
        sizes = [len(frames), *map(len, phrases), len(SUBJECTS[self.domain])]
        rng = random.Random(f"{self.name}|{split}|{seed}")
        found: dict[str, None] = {}
        for _ in range(20 * count):
            frame, *picks, subject = (rng.randrange(size) for size in sizes)
            steps = [options[pick] for options, pick in zip(phrases, picks, strict=True)]
            found[sentence(frames[frame], steps, SUBJECTS[self.domain][subject])] = None
            if len(found) == count:
                break
        return tuple(found)


def draw_items(domain: Domain, counts: bool, rng: random.Random) -> tuple[str, ...]:
    """Random items of a domain; `counts` widens the lengths so that counting is needed."""
    size = rng.choice(COUNT_SIZES if counts else SIZES[domain])
    if domain == "words":
        return tuple(rng.sample(WORDS, size))
    if domain == "digits":
        return tuple(str(rng.randrange(10)) for _ in range(size))
    return tuple(rng.choice(LETTERS) for _ in range(size + (2 if counts else 0)))


def _compositions(domain: Domain) -> list[tuple[Operation, ...]]:
    """Sequences of operations that make sense, single steps first, in a fixed order."""
    rows = operations(domain)
    singles = [(row,) for row in rows]
    by_kind = {
        kind: [row for row in rows if row.kind == kind]
        for kind in ("order", "select", "map", "filter", "join")
    }
    plain_maps = [row for row in by_kind["map"] if ":" not in row.name]
    marked_maps = [row for row in by_kind["map"] if row.name in ("append:!", "append:?", "add:1")]
    several = [row for row in by_kind["select"] if row.name in ("drop_first", "drop_last", "ends")]
    one = [row for row in by_kind["select"] if row.name in ("first", "last", "max", "min")]
    maps = [*plain_maps, *marked_maps]
    pairs = [
        *itertools.product(by_kind["order"], maps),
        *itertools.product([*several, *one], maps),
        *itertools.product(by_kind["order"], by_kind["join"]),
        *itertools.product(several, by_kind["join"]),
        *itertools.product(maps, by_kind["join"][:6]),
        *itertools.product(by_kind["filter"][:6], plain_maps[:6]),
    ]
    triples = list(itertools.product(by_kind["order"][:4], plain_maps[:6], by_kind["join"][:4]))
    return [*singles, *pairs, *triples]


def _signature(task: Task) -> tuple[str | None, ...]:
    """Answers on shared inputs: equal for two tasks that compute the same."""
    rng = random.Random(f"signature|{task.domain}")
    counts = [False] * SIGNATURE_SAMPLES
    return tuple(task.solve(draw_items(task.domain, count, rng)) for count in counts)


@dataclass(frozen=True)
class TaskSet:
    """Disjoint tasks.

    :param train: training tasks, of the base model and of the hypernetwork.
    :param unseen: tasks of the report, in no training.
    :param extra: further training tasks of the hypernetwork alone: the compositions that the
        quotas leave out. The base model has their skills from others, and the hypernetwork sees
        more ways in which steps combine.
    """

    train: tuple[Task, ...]
    unseen: tuple[Task, ...]
    extra: tuple[Task, ...]


# Compositions kept per domain and length, so that no shape drowns the others.
QUOTA = {
    ("words", 2): 120,
    ("words", 3): 40,
    ("digits", 2): 70,
    ("digits", 3): 24,
    ("letters", 2): 50,
    ("letters", 3): 16,
}
UNSEEN_SHARE = 0.125  # of compositions and of parameterised single steps


def procedural_tasks(limit: int | None = None, seed: int = 0) -> TaskSet:
    """The family, split by task.

    :param limit: keep about this many tasks (for quick runs); None keeps all.
    :param seed: of the choice of compositions and of the split.
    """
    rng = random.Random(f"procedural|{seed}")
    chosen: list[Task] = []
    rest: list[Task] = []
    for domain in DOMAINS:
        seen: set[tuple[str | None, ...]] = set()
        distinct: list[Task] = []
        for steps in _compositions(domain):
            task = Task(domain, steps)
            signature = _signature(task)
            if signature not in seen and len(set(signature)) > 1:
                seen.add(signature)
                distinct.append(task)
        for length in (1, 2, 3):
            group = [task for task in distinct if len(task.steps) == length]
            quota = QUOTA.get((domain, length), len(group))
            taken = sorted(_take(group, quota, rng), key=lambda task: task.name)
            names = {task.name for task in taken}
            chosen += taken
            rest += [task for task in group if task.name not in names]
    if limit is not None:
        rest = []
        chosen = sorted(_take(chosen, limit, rng), key=lambda task: task.name)
    candidates = [task for task in chosen if len(task.steps) > 1 or task.parameterised]
    unseen = {task.name for task in _take(candidates, round(UNSEEN_SHARE * len(candidates)), rng)}
    return TaskSet(
        train=tuple(task for task in chosen if task.name not in unseen),
        unseen=tuple(task for task in chosen if task.name in unseen),
        extra=tuple(rest),
    )


def _take(tasks: Sequence[Task], count: int, rng: random.Random) -> list[Task]:
    """A random subset, without touching the order it is drawn from."""
    return rng.sample(list(tasks), min(count, len(tasks)))
