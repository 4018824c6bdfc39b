"""Skills on a list of words or numbers with commas between them: choose, order, drop, join."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import cache

from t2l.tasks.language.drawing import draw_from
from t2l.tasks.language.listing import (
    KINDS,
    LONGEST,
    SHORTEST,
    clash,
    items_of,
    joined,
    medium_list,
    mixed,
    numbers,
    of_words,
    on_items,
    short_list,
    with_double,
    with_kind,
)
from t2l.tasks.language.skill import Apply, Draw, Skill
from t2l.tasks.language.vocabulary import (
    article,
    kind_words,
    nouns,
    small_words,
)
from t2l.tasks.source import Part, Sample

CLEAR_LENGTH = 2  # letters between the longest word and the next
EXAMPLE = ("cup", "dog", "sun", "hat", "bell")  # in phrases with an example

HELD_OUT_KINDS = ("vehicle", "drink", "piece of furniture", "vegetable")
PLURALS = {
    "country": "countries",
    "body part": "body parts",
    "piece of clothing": "pieces of clothing",
    "piece of furniture": "pieces of furniture",
}
LETTERS = "bcgmpstwlh"
HELD_OUT_LETTERS = "lh"
PLACES = {"first": 0, "second": 1, "third": 2, "fourth": 3, "last": -1, "second to last": -2}
HELD_OUT_PLACES = ("fourth", "second to last")
LEFT_OUT_KINDS = {  # of `all_but`: kind -> whether it is held out
    "animal": False,
    "fruit": False,
    "country": False,
    "colour": False,
    "sport": False,
    "tool": True,
    "job": False,
}
JOINTS = {  # name -> what stands between two items, how it is said, whether it is held out
    "and": (" and ", "the word and", False),
    "or": (" or ", "the word or", True),
    "dash": (" - ", "a dash", False),
    "semicolon": ("; ", "a semicolon", False),
    "slash": ("/", "a slash", False),
    "plus": (" + ", "a plus sign", False),
    "space": (" ", "a single space", False),
    "arrow": (" -> ", "an arrow like ->", False),
}


def _of_kind(kind: str) -> Draw:
    def draw(rng: random.Random, part: Part) -> Sample:
        items, wanted = with_kind(kind, rng, part)
        return Sample(joined(items), wanted)

    return draw


def _all_but(kind: str) -> Draw:
    def draw(rng: random.Random, part: Part) -> Sample:
        items, unwanted = with_kind(kind, rng, part)
        return Sample(joined(items), joined([item for item in items if item != unwanted]))

    return draw


def _odd_one_out(rng: random.Random, part: Part) -> Sample:
    """Several words of one kind and one of another."""
    kind = rng.choice(KINDS)
    other = rng.choice([row for row in KINDS if not clash(kind, row)])
    pool = kind_words(kind, part)
    items = rng.sample(pool, min(len(pool), rng.randint(SHORTEST, LONGEST - 2)))
    odd = rng.choice(kind_words(other, part))
    items.insert(rng.randrange(len(items) + 1), odd)
    return Sample(joined(items), odd)


@cache
def _by_first_letter(letter: str, part: Part) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Words that start with a letter, and all others."""
    words = small_words(part)
    return (
        tuple(word for word in words if word[0] == letter),
        tuple(word for word in words if word[0] != letter),
    )


def _starting_with(letter: str) -> Draw:
    def draw(rng: random.Random, part: Part) -> Sample:
        wanted, others = _by_first_letter(letter, part)
        items = rng.sample(others, rng.randint(SHORTEST, LONGEST) - 1)
        answer = rng.choice(wanted)
        items.insert(rng.randrange(len(items) + 1), answer)
        return Sample(joined(items), answer)

    return draw


def _place(place: str) -> Apply:
    """The item at a place. A list must be long enough to name it that way."""
    index = PLACES[place]
    needed = index + 2 if index >= 0 else -index + 1

    def function(items: tuple[str, ...]) -> str | None:
        return items[index] if len(items) >= needed else None

    return on_items(function)


def _by_alphabet(last: bool) -> Apply:
    return on_items(lambda items: (max if last else min)(items, key=str.lower))


def _by_length(longest: bool) -> Apply:
    """The longest or shortest item, if it is so by a clear margin."""

    def function(items: tuple[str, ...]) -> str | None:
        rows = sorted(items, key=len, reverse=longest)
        return rows[0] if abs(len(rows[0]) - len(rows[1])) >= CLEAR_LENGTH else None

    return on_items(function)


def _english(items: tuple[str, ...]) -> tuple[str, ...]:
    head = joined(items[:-1])
    return f"{head} and {items[-1]}", f"{head}, and {items[-1]}"


def _as_english(text: str) -> tuple[str, ...] | None:
    items = items_of(text)
    return None if items is None or len(items) < SHORTEST else _english(items)


def _unique(rng: random.Random, part: Part) -> Sample:
    items, _ = with_double(rng, part)
    return Sample(joined(items), joined(tuple(dict.fromkeys(items))))


def _repeated(rng: random.Random, part: Part) -> Sample:
    items, double = with_double(rng, part)
    return Sample(joined(items), double)


def _by_size(largest: bool) -> Draw:
    def draw(rng: random.Random, part: Part) -> Sample:
        chosen = numbers(rng, part)
        answer = (max if largest else min)(chosen)
        return Sample(joined([str(number) for number in chosen]), str(answer))

    return draw


def _sorted_numbers(rng: random.Random, part: Part) -> Sample:
    while True:
        chosen = numbers(rng, part)[:4]
        if chosen != sorted(chosen):
            question, answer = (
                joined([str(number) for number in row]) for row in (chosen, sorted(chosen))
            )
            return Sample(question, answer)


def _acronym_words(rng: random.Random, part: Part) -> str:
    return joined(rng.sample(nouns(part), rng.randint(SHORTEST, 5)))


def _kept(items: tuple[str, ...], low: int, high: int | None) -> str | None:
    """A part of a list, if it is neither empty nor all of it."""
    rows = items[low:high]
    return joined(rows) if 0 < len(rows) < len(items) else None


def _plural(kind: str) -> str:
    return PLURALS.get(kind, kind + "s")


def _skill(
    name: str,
    gives: str,
    draw: Draw,
    apply: Apply | None = None,
    slots: dict[str, str] | None = None,
    held_out: bool = False,
) -> Skill:
    return Skill(name, "list", "lists", "list", gives, draw, apply, "", slots or {}, held_out)


def _simple(
    name: str,
    gives: str,
    apply: Apply,
    source: Callable[[random.Random, Part], str] = mixed,
    slots: dict[str, str] | None = None,
    held_out: bool = False,
) -> Skill:
    """A skill that is one function on a list, and so can follow another."""
    return _skill(name, gives, draw_from(source, apply), apply, slots, held_out)


def _alone(
    name: str, gives: str, apply: Apply, source: Callable[[random.Random, Part], str]
) -> Skill:
    """A skill that is one function on a list, with nothing said of following another."""
    return _skill(name, gives, draw_from(source, apply))


def _example(apply: Apply) -> str:
    """An example for phrases: `cup, dog, sun, hat, bell -> dog`."""
    answers = apply(joined(EXAMPLE))
    return f"{joined(EXAMPLE)} -> {answers[0] if answers else ''}"


def _skills() -> list[Skill]:
    reverse = on_items(lambda items: joined(items[::-1]))
    order = on_items(lambda items: joined(sorted(items, key=str.lower)))
    swap = on_items(lambda items: joined((items[-1], *items[1:-1], items[0])))
    rows = [
        _simple(
            f"pick:{place}",
            "word",
            _place(place),
            slots={"p": place, "eg": _example(_place(place))},
            held_out=place in HELD_OUT_PLACES,
        )
        for place in PLACES
    ]
    rows += [
        _simple(
            f"by_alphabet:{end}",
            "word",
            _by_alphabet(end == "last"),
            slots={"p": end, "side": side},
        )
        for end, side in (("first", "A"), ("last", "Z"))
    ]
    rows += [
        _skill(
            f"by_length:{name}",
            "word",
            draw_from(of_words, _by_length(name == "longest")),
            slots={"p": name, "q": amount, "long": other},
            held_out=name == "shortest",
        )
        for name, amount, other in (("longest", "most", "long"), ("shortest", "fewest", "short"))
    ]
    for kind in KINDS:
        slots = {"p": kind, "a": article(kind), "ps": _plural(kind)}
        rows.append(
            _skill(
                f"of_kind:{kind}",
                "word",
                _of_kind(kind),
                slots=slots,
                held_out=kind in HELD_OUT_KINDS,
            )
        )
    for kind, held_out in LEFT_OUT_KINDS.items():
        slots = {"p": kind, "a": article(kind), "ps": _plural(kind)}
        rows.append(_skill(f"all_but:{kind}", "list", _all_but(kind), None, slots, held_out))
    rows += [
        _skill(
            f"starting_with:{letter}",
            "word",
            _starting_with(letter),
            slots={"p": letter.upper(), "q": letter},
            held_out=letter in HELD_OUT_LETTERS,
        )
        for letter in LETTERS
    ]
    rows += [
        _simple(
            f"join:{name}",
            "text",
            on_items(lambda items, joint=joint: joint.join(items)),
            short_list,
            {"p": said, "eg": joint.join(EXAMPLE[:3])},
            held_out,
        )
        for name, (joint, said, held_out) in JOINTS.items()
    ]
    rows += [
        _skill("odd_one_out", "word", _odd_one_out),
        _simple(
            "count",
            "number",
            on_items(lambda items: str(len(items))),
            lambda rng, part: mixed(rng, part, 2, 7),
        ),
        _simple("reverse", "list", reverse, short_list),
        _simple("sort", "list", order, short_list),
        _simple("drop_first", "list", on_items(lambda items: _kept(items, 1, None)), medium_list),
        _simple("drop_last", "list", on_items(lambda items: _kept(items, 0, -1)), medium_list),
        _simple("first_two", "list", on_items(lambda items: _kept(items, 0, 2))),
        _simple("last_two", "list", on_items(lambda items: _kept(items, -2, None)), held_out=True),
        _simple("swap_ends", "list", swap, short_list),
        _skill("english_list", "text", draw_from(short_list, _as_english)),
        _skill("unique", "list", _unique),
        _skill("repeated", "word", _repeated),
        _skill("largest", "number", _by_size(True)),
        _skill("smallest", "number", _by_size(False), held_out=True),
        _skill("sort_numbers", "list", _sorted_numbers),
        _alone(
            "acronym",
            "word",
            on_items(lambda items: "".join(item[0] for item in items).upper()),
            _acronym_words,
        ),
        _alone(
            "json_list",
            "text",
            on_items(lambda items: "[" + joined([f'"{item}"' for item in items]) + "]"),
            lambda rng, part: mixed(rng, part, 2, 3),
        ),
    ]
    return rows


SKILLS: tuple[Skill, ...] = tuple(_skills())
