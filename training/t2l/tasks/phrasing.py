"""Phrase grammars: small patterns that expand into many ways of saying one thing.

A pattern is English with two kinds of holes: `(a|b|c)` is a choice and `<name>` is a slot filled
from a mapping. Patterns come in two disjoint halves, one for training and one held out, so that
a held-out description shares neither its synonyms nor its sentence frame with a training one.
Expansion is exhaustive and ordered, so the n-th phrasing of a task is the same on every machine.
"""

import itertools
import re
from collections.abc import Mapping, Sequence

_CHOICE = re.compile(r"\(([^()]*\|[^()]*)\)")
_SLOT = re.compile(r"<(\w+)>")


def expand(pattern: str, slots: Mapping[str, str]) -> tuple[str, ...]:
    """All phrases of one pattern, in the order its choices are written.

    :param pattern: text with `(a|b)` choices and `<slot>` holes.
    :param slots: value of every slot.
    :return: the phrases, leftmost choice varying slowest.
    :raises KeyError: if a slot has no value.
    """
    filled = _SLOT.sub(lambda match: slots[match.group(1)], pattern)
    parts = _CHOICE.split(filled)  # text, choice, text, choice, ..., text
    columns = [[part] if index % 2 == 0 else part.split("|") for index, part in enumerate(parts)]
    return tuple(" ".join("".join(row).split()) for row in itertools.product(*columns))


def expand_all(patterns: Sequence[str], slots: Mapping[str, str]) -> tuple[str, ...]:
    """The phrases of several patterns, first pattern first, repeats dropped."""
    phrases = itertools.chain.from_iterable(expand(pattern, slots) for pattern in patterns)
    return tuple(dict.fromkeys(phrases))


def capitalised(sentence: str) -> str:
    """The sentence with its first letter in upper case and the rest untouched."""
    return sentence[:1].upper() + sentence[1:]


# Sentence frames by number of steps. `{a}`, `{b}`, `{c}` are the steps as imperatives and `{x}`
# is what the input is called ("a list of words"). The second tuple of each pair is held out.
FRAMES: dict[int, tuple[tuple[str, ...], tuple[str, ...]]] = {
    1: (
        (
            "{a}.",
            "Please {a}.",
            "Your task is to {a}.",
            "Given {x}, {a}.",
            "You get {x}. {a}.",
            "For {x}, {a}.",
            "I want you to {a}.",
            "The input is {x}; {a}.",
            "{a} and answer with nothing else.",
            "What you have to do: {a}.",
            "From {x}, {a}.",
            "{x} comes in: {a}.",
            "Look at {x} and {a}.",
            "The task: {a}.",
            "Now {a}, please.",
            "You must {a}.",
            "{a}, that is all.",
            "Just {a}.",
            "We need you to {a}.",
            "Kindly {a}.",
        ),
        (
            "Here is {x}: {a}.",
            "When you see {x}, {a}.",
        ),
    ),
    2: (
        (
            "{a}, then {b}.",
            "First {a}, then {b}.",
            "Given {x}, {a} and {b}.",
            "You get {x}. {a}, then {b}.",
            "{a} and after that {b}.",
            "Your task is to {a} and then {b}.",
            "Please {a}, then {b}.",
            "{a}. Then {b}.",
            "For {x}, first {a} and then {b}.",
            "After you {a}, {b}.",
            "{a}; then {b}.",
            "1. {a}. 2. {b}.",
            "To start, {a}. To end, {b}.",
            "Do two things: {a}, and {b}.",
            "From {x}, {a}; afterwards {b}.",
            "Look at {x}. First of all {a}, and finally {b}.",
            "{x} comes in: {a}, followed by this: {b}.",
            "You must {a}. Having done so, {b}.",
            "{a}, and {b}.",
            "Before you {b}, {a}.",
            "Kindly {a}, and once that is done {b}.",
            "Step one: {a}. Step two: {b}.",
        ),
        (
            "Begin with this: {a}. Finish with this: {b}.",
            "When you see {x}, {a}; next {b}.",
        ),
    ),
    3: (
        (
            "{a}, then {b}, then {c}.",
            "First {a}, then {b}, and then {c}.",
            "Given {x}, {a}, {b} and {c}.",
            "You get {x}. {a}, then {b}, then {c}.",
            "{a}, {b} and after that {c}.",
            "Your task is to {a}, then {b} and then {c}.",
            "Please {a}, {b}, then {c}.",
            "{a}. Then {b}. Then {c}.",
            "{a}; then {b}; then {c}.",
            "1. {a}. 2. {b}. 3. {c}.",
            "To start, {a}. Then {b}. To end, {c}.",
            "Do three things: {a}, {b}, and {c}.",
            "From {x}, {a}; afterwards {b}; finally {c}.",
            "Look at {x}. First of all {a}, next {b}, and finally {c}.",
            "You must {a}. Having done so, {b}, and {c} to finish.",
            "Step one: {a}. Step two: {b}. Step three: {c}.",
        ),
        (
            "When you see {x}, {a}; next, {b}; last, {c}.",
            "Begin with this: {a}. Go on with this: {b}. Finish with this: {c}.",
        ),
    ),
}


def sentence(frame: str, steps: Sequence[str], subject: str) -> str:
    """One description: a frame filled with its steps and what the input is called."""
    filled = frame.format(x=subject, **dict(zip("abc", steps, strict=False)))
    return re.sub(r"(^|[.] )([a-z])", lambda match: match.group(1) + match.group(2).upper(), filled)
