"""Which skills can follow which, and which of their compositions are tasks of their own.

fits(capital, upper)         upper takes any text, capital gives a city
works(task)                  examples of both parts are easily drawn and their answers vary
Distinct().add(task)         False for a task that computes what an earlier one does
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from t2l.tasks.language.skill import Skill
from t2l.tasks.language.task import LanguageTask
from t2l.tasks.source import Part, Sample

PARTS: tuple[Part, ...] = ("train", "test")
DRAWS = 12  # of each part: what a task is judged on
MIN_FOUND = 0.5  # share of draws that must make every step visible
MAX_SAME = 0.75  # share of them that may have the same answer
MIN_COMMON = 5  # examples that both must answer before they count as the same
COMMON_SHARE = 0.3  # the same as a share of the examples of the one that has fewer
MAX_ALIKE = 0.9  # share of equal answers from which a composition is the same as another task

# Kinds of text that are a word too: a skill that takes "word" can follow one that gives them.
# Everything is a "text".
WORDS = frozenset(
    (
        *("noun", "plural", "verb", "past tense", "participle", "ing form", "third person"),
        *("adjective", "comparative", "superlative", "adverb", "agent", "material", "colour"),
        *("American spelling", "British spelling", "French word", "German word", "Spanish word"),
        *("capital", "continent", "country", "language", "currency", "nationality", "city"),
        *("month", "day", "animal", "young animal", "sound", "animal class", "male", "female"),
        *("name", "job", "thing", "food", "food group", "element", "sport"),
    )
)
# Entries that finish a text: nobody asks for anything to be done to what they give.
LAST = frozenset(("json", "tag", "markdown", "wrap", "bullet", "hashtag", "slashed"))
# Entries that say what a number is an amount of: they follow a calculation, not a count or a year.
AMOUNTS = frozenset(
    ("currency", "unit", "percent", "two_decimals", "negative", "leading_zeros", "thousands")
)

# Entries whose numbers are not counted with, or are not called words as items of lists are.
NAMED_NUMBERS = frozenset(("find_year", "sort_numbers"))
# Entries that make nonsense of each other: "There is coffee in the garden quickly."
AT_ODDS = frozenset((("replace", "add_adverb"), ("add_year", "add_adverb")))


def fits(first: Skill, then: Skill) -> bool:
    """Whether a skill can follow another, and somebody might want it to."""
    if then.apply is None or then.entry == first.entry or first.entry in LAST:
        return False
    if then.entry in AMOUNTS and first.kind != "number":
        return False
    if (first.entry, then.entry) in AT_ODDS:
        return False
    if first.entry in NAMED_NUMBERS and then.kind in ("number", "list"):
        return False
    also = ("text", "word") if first.gives in WORDS else ("text",)
    return then.takes in (first.gives, *also)


def followers(skills: Sequence[Skill]) -> dict[str, tuple[Skill, ...]]:
    """The skills that can follow each, by its name."""
    can = [row for row in skills if row.apply is not None]
    return {first.name: tuple(then for then in can if fits(first, then)) for first in skills}


def pairs(
    skills: Iterable[Skill], following: Mapping[str, Sequence[Skill]]
) -> Iterator[LanguageTask]:
    """Every composition of two."""
    for first in skills:
        for then in following[first.name]:
            yield LanguageTask((first, then))


def extended(
    tasks: Iterable[LanguageTask], following: Mapping[str, Sequence[Skill]]
) -> Iterator[LanguageTask]:
    """These compositions, each followed by one more skill that is not like one of its own."""
    for task in tasks:
        for then in following[task.steps[-1].name]:
            if then.entry != task.steps[0].entry:
                yield LanguageTask((*task.steps, then))


class Judge:
    """Tells which tasks work, and which compute what another does.

    :param skills: the skills of the world; what they draw is what tasks are judged on.
    """

    def __init__(self, skills: Sequence[Skill]) -> None:
        self._texts = {takes: _texts(skills, takes) for takes in {row.takes for row in skills}}
        self._drawn: dict[tuple[str, Part], tuple[Sample, ...]] = {}
        self._kept: dict[str, list[tuple[LanguageTask, dict[str, str]]]] = {}

    def works(self, task: LanguageTask) -> bool:
        """Whether examples of both parts are easily drawn, and their answers vary."""
        for part in PARTS:
            outputs: list[str] = []
            for done, drawn in enumerate(self._draws(task.steps[0], part), start=1):
                found = task.finish(drawn)
                outputs += [found.output] if found else []
                if done - len(outputs) > (1 - MIN_FOUND) * DRAWS:
                    return False
            if Counter(outputs).most_common(1)[0][1] > MAX_SAME * len(outputs):
                return False
        return True

    def _draws(self, skill: Skill, part: Part) -> tuple[Sample, ...]:
        if (skill.name, part) not in self._drawn:
            rng = random.Random(f"judged|{skill.name}|{part}")
            self._drawn[skill.name, part] = tuple(skill.draw(rng, part) for _ in range(DRAWS))
        return self._drawn[skill.name, part]

    def add(self, task: LanguageTask) -> bool:
        """Whether it computes something else than every task kept so far; it is then kept too."""
        rows = self._kept.setdefault(task.takes, [])
        ours = self._answers(task)
        if any(_alike(task, ours, other, theirs) for other, theirs in rows):
            return False
        rows.append((task, ours))
        return True

    def _answers(self, task: LanguageTask) -> dict[str, str]:
        """Inputs and answers: what the first skill draws, and what others with its inputs do."""
        first = task.steps[0]
        drawn = [row for part in PARTS for row in self._draws(first, part)]
        found = {row.input: task.carry(row.answers) for row in drawn}
        if first.apply is not None:
            rows = ((text, first.apply(text)) for text in self._texts[task.takes])
            found |= {text: task.carry(answers) for text, answers in rows if answers}
        return {text: answers[0] for text, answers in found.items() if answers}


def _texts(skills: Sequence[Skill], takes: str) -> tuple[str, ...]:
    """Inputs of a kind, from all skills that take it."""
    rows = [row for row in skills if row.takes == takes]
    found = []
    for place in range(DRAWS):
        skill = rows[place * len(rows) // DRAWS]
        found.append(skill.draw(random.Random(f"signature|{place}|{skill.name}"), "train").input)
    return tuple(found)


def _alike(
    task: LanguageTask, ours: dict[str, str], other: LanguageTask, theirs: dict[str, str]
) -> bool:
    """Whether two tasks answer the same, as far as both answer at all."""
    share = 1 - MAX_ALIKE if len(task.steps) + len(other.steps) > 2 else 0
    allowed = share * 3 * DRAWS
    common = different = 0
    for text, answer in ours.items():
        found = theirs.get(text)
        if found is not None:
            common += 1
            different += found != answer
            if different > allowed:
                return False
    enough = max(MIN_COMMON, COMMON_SHARE * min(len(ours), len(theirs)))
    return common >= enough and different <= share * common
