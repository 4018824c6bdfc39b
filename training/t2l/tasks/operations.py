"""The single steps tasks are made of, each with its phrasings.

An operation works on a `State`: the items of the input (words, digits or letters) and the
separator they are written with. One list covers the three domains; where a domain needs other
words for the same thing, the pattern differs, never the function. This file is a table and is
longer than the others for that reason: adding an operation is adding one row.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Domain = Literal["words", "digits", "letters"]
Kind = Literal["order", "select", "map", "filter", "join", "reduce", "judge"]
Items = tuple[str, ...]

VOWELS = "aeiou"
# Letters used as parameters: frequent enough in the vocabulary that an input with (and one
# without) the letter is found quickly by rejection.
PARAMETER_LETTERS = "aelnoprt"
SYMBOLS = {
    "!": "(exclamation mark|exclamation point)",
    "?": "question mark",
    "*": "(star|asterisk)",
    "#": "(hash sign|number sign)",
}
HELD_OUT_SYMBOLS = {"!": "!", "?": "?", "*": "*", "#": "#"}
JOINS = {
    ",": ("(commas|a comma)", "comma"),
    "-": ("(dashes|hyphens|a dash)", "dash"),
    "+": ("(plus signs|a plus)", "plus sign"),
    "/": ("(slashes|a slash)", "slash"),
    "_": ("(underscores|an underscore)", "underscore"),
    ".": ("(dots|periods|a dot)", "dot"),
    ":": ("(colons|a colon)", "colon"),
    "=": ("(equals signs|an equals sign)", "equals sign"),
}
NUMBER_NAMES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


@dataclass(frozen=True)
class State:
    """A value on its way through a task: its items and the text between them."""

    items: Items
    separator: str

    @property
    def text(self) -> str:
        """How the value is written."""
        return self.separator.join(self.items)


@dataclass(frozen=True)
class Operation:
    """One step.

    :param name: stable identifier, e.g. `append:s`.
    :param kind: which slot of a composition it can fill.
    :param apply: the function on the items; joins change the separator instead.
    :param train: patterns for training descriptions.
    :param held_out: patterns with other synonyms, never seen in training.
    :param accepts: whether the items make the step visible (the letter occurs, ...).
    :param separator: new separator, for joins.
    """

    name: str
    kind: Kind
    apply: Callable[[Items], Items]
    train: tuple[str, ...]
    held_out: tuple[str, ...]
    accepts: Callable[[Items], bool] | None = None
    separator: str | None = None

    def __call__(self, state: State) -> State:
        separator = state.separator if self.separator is None else self.separator
        return State(self.apply(state.items), separator)


def each(function: Callable[[str], str]) -> Callable[[Items], Items]:
    """The function applied to every item."""
    return lambda items: tuple(function(item) for item in items)


def keep(test: Callable[[str], bool]) -> Callable[[Items], Items]:
    """The items that pass the test."""
    return lambda items: tuple(item for item in items if test(item))


def some_not_all(test: Callable[[str], bool]) -> Callable[[Items], bool]:
    """Accepts items of which at least one passes the test and at least one does not."""
    return lambda items: 0 < sum(map(test, items)) < len(items)


def any_of(test: Callable[[str], bool]) -> Callable[[Items], bool]:
    """Accepts items of which at least one passes the test."""
    return lambda items: any(map(test, items))


def yes(answer: bool) -> Items:
    """A yes/no answer as items."""
    return ("yes" if answer else "no",)


def order_operations(domain: Domain) -> list[Operation]:
    """Steps that reorder the items."""
    ascending, descending = (
        (
            (
                "sort the <n> (from smallest to largest|in ascending order|in increasing order)",
                "(arrange|put) the <n> from low to high",
                "sort the <l>, smallest first",
            ),
            (
                "sort the <n> (from largest to smallest|in descending order|in decreasing order)",
                "(arrange|put) the <n> from high to low",
                "sort the <l>, largest first",
            ),
        )
        if domain == "digits"
        else (
            (
                "sort the <n> (alphabetically|in alphabetical order|from a to z)",
                "(arrange|put) the <n> in alphabetical order",
                "order the <n> by the alphabet",
            ),
            (
                "sort the <n> (in reverse alphabetical order|from z to a)",
                "(arrange|put) the <n> in backwards alphabetical order",
                "order the <n> by the alphabet, z first",
            ),
        )
    )
    held = (
        (
            ("rank the <n> upwards", "line the <n> up by growing size"),
            ("rank the <n> downwards", "line the <n> up by shrinking size"),
        )
        if domain == "digits"
        else (
            ("alphabetise the <n>", "lay the <n> out as a dictionary would"),
            ("alphabetise the <n> backwards", "lay the <n> out as a dictionary read from its end"),
        )
    )
    return [
        Operation(
            "reverse",
            "order",
            lambda v: v[::-1],
            (
                "reverse the (order of the <n>|<l>)",
                "(put|write) the <n> in reverse order",
                "flip the (order of the <n>|<l>)",
                "write the <n> backwards, last one first",
            ),
            ("turn the <l> around", "give the <n> from the end to the start"),
        ),
        Operation("sort", "order", lambda v: tuple(sorted(v)), ascending, held[0]),
        Operation(
            "sort_descending",
            "order",
            lambda v: tuple(sorted(v, reverse=True)),
            descending,
            held[1],
        ),
        Operation(
            "rotate_left",
            "order",
            lambda v: v[1:] + v[:1],
            (
                "move the first <i> to the (end|back)",
                "put the first <i> (last|at the end)",
                "rotate the <l> to the left by one",
                "take the first <i> and place it at the end",
            ),
            ("shift the leading <i> behind the others", "send the opening <i> to the rear"),
        ),
        Operation(
            "rotate_right",
            "order",
            lambda v: v[-1:] + v[:-1],
            (
                "move the last <i> to the (front|start)",
                "put the last <i> (first|at the front)",
                "rotate the <l> to the right by one",
                "take the last <i> and place it at the front",
            ),
            ("shift the final <i> before the others", "bring the closing <i> to the head"),
        ),
        Operation(
            "swap_ends",
            "order",
            lambda v: v[-1:] + v[1:-1] + v[:1],
            (
                "swap the first and (the last|last) <i>",
                "exchange the first <i> with the last",
                "let the first and last <n> trade places",
                "switch the first <i> and the last <i>",
            ),
            ("interchange the two outer <n>", "have the outermost <n> change seats"),
        ),
        Operation(
            "swap_first_two",
            "order",
            lambda v: (v[1], v[0], *v[2:]),
            (
                "swap the first two <n>",
                "exchange the first and second <i>",
                "let the first two <n> trade places",
                "switch the first <i> with the second <i>",
            ),
            ("interchange the two leading <n>", "have <n> one and two change seats"),
        ),
    ]


def select_operations(domain: Domain) -> list[Operation]:
    """Steps that keep some items by their place."""
    return [
        Operation(
            "first",
            "select",
            lambda v: v[:1],
            (
                "(give|return|write|output) only the first <i>",
                "keep just the first <i>",
                "pick the first <i>",
                "take the first <i> of the <l>",
            ),
            ("name the <i> at the start", "choose the leading <i>"),
        ),
        Operation(
            "last",
            "select",
            lambda v: v[-1:],
            (
                "(give|return|write|output) only the last <i>",
                "keep just the last <i>",
                "pick the last <i>",
                "take the last <i> of the <l>",
            ),
            ("name the <i> at the end", "choose the final <i>"),
        ),
        Operation(
            "second",
            "select",
            lambda v: v[1:2],
            (
                "(give|return|write|output) only the second <i>",
                "keep just the second <i>",
                "pick the second <i>",
                "take the second <i> of the <l>",
            ),
            ("name the <i> in place two", "choose <i> number two"),
        ),
        Operation(
            "drop_first",
            "select",
            lambda v: v[1:],
            (
                "(remove|drop|delete) the first <i>",
                "leave out the first <i>",
                "write everything except the first <i>",
                "skip the first <i>",
            ),
            ("omit the leading <i>", "cut the <i> at the start"),
        ),
        Operation(
            "drop_last",
            "select",
            lambda v: v[:-1],
            (
                "(remove|drop|delete) the last <i>",
                "leave out the last <i>",
                "write everything except the last <i>",
                "skip the last <i>",
            ),
            ("omit the final <i>", "cut the <i> at the end"),
        ),
        Operation(
            "first_two",
            "select",
            lambda v: v[:2],
            (
                "(give|return|write|output) only the first two <n>",
                "keep just the first two <n>",
                "pick the first two <n>",
                "take the first two <n> of the <l>",
            ),
            ("name the <n> in places one and two", "choose the two leading <n>"),
        ),
        Operation(
            "last_two",
            "select",
            lambda v: v[-2:],
            (
                "(give|return|write|output) only the last two <n>",
                "keep just the last two <n>",
                "pick the last two <n>",
                "take the last two <n> of the <l>",
            ),
            ("name the two <n> at the end", "choose the two final <n>"),
        ),
        Operation(
            "ends",
            "select",
            lambda v: (v[0], v[-1]),
            (
                "(give|return|write|output) only the first and the last <i>",
                "keep just the first and last <i>",
                "pick the first and last <n>",
                "take the first and the last <i> of the <l>",
            ),
            ("name the two outer <n>", "choose the outermost <n>"),
        ),
    ]


def join_operations(domain: Domain) -> list[Operation]:
    """Steps that change what is written between the items."""
    rows = [
        Operation(
            f"join:{symbol}",
            "join",
            lambda v: v,
            (
                f"join (the <n>|them) with {many}",
                f"put a {one} between the <n>",
                f"separate the <n> (with|by) {many}",
                f"connect the <n> with {many}",
            ),
            (f"link the <n> by means of a {one}", f"write a {one} wherever two <n> meet"),
            separator=symbol,
        )
        for symbol, (many, one) in JOINS.items()
    ]
    if domain == "letters":
        rows.append(
            Operation(
                "join:space",
                "join",
                lambda v: v,
                (
                    "put a space between the <n>",
                    "separate the <n> (with|by) spaces",
                    "space the <n> out",
                    "write the <n> with (spaces|a space) between",
                ),
                ("leave a gap wherever two <n> meet", "spread the <n> apart"),
                separator=" ",
            )
        )
    else:
        rows.append(
            Operation(
                "join:nothing",
                "join",
                lambda v: v,
                (
                    "join (the <n>|them) without spaces",
                    "glue the <n> together",
                    "remove the spaces between the <n>",
                    "write the <n> (with no|without) spaces",
                ),
                ("fuse the <n> into one", "leave no gap where two <n> meet"),
                separator="",
            )
        )
    return rows


def word_operations() -> list[Operation]:
    """Steps on the letters of each word, filters, counts and questions on words."""
    rows = [
        Operation(
            "upper",
            "map",
            each(str.upper),
            (
                "(write|put) every word in (capital letters|capitals|upper case)",
                "make each word upper case",
                "convert the words to upper case",
                "capitalise all letters of each word",
            ),
            ("use big letters throughout each word", "uppercase everything"),
        ),
        Operation(
            "capitalise",
            "map",
            each(str.capitalize),
            (
                "capitalise the first letter of (each|every) word",
                "make only the first letter of each word upper case",
                "start each word with a capital letter",
                "write each word in title case",
            ),
            ("give every word a big initial", "begin all words with an uppercase letter"),
        ),
        Operation(
            "reverse_letters",
            "map",
            each(lambda w: w[::-1]),
            (
                "reverse the letters of (each|every) word",
                "spell (each|every) word backwards",
                "write each word with its letters in reverse order",
                "flip the letters inside each word",
            ),
            ("turn every word around letter by letter", "mirror the spelling of each word"),
        ),
        Operation(
            "first_letter",
            "map",
            each(lambda w: w[0]),
            (
                "(write|keep|give) only the first letter of (each|every) word",
                "replace each word with its first letter",
                "reduce each word to its first letter",
                "take the first letter of each word",
            ),
            ("shorten words to their initials", "use the initial of every word"),
        ),
        Operation(
            "last_letter",
            "map",
            each(lambda w: w[-1]),
            (
                "(write|keep|give) only the last letter of (each|every) word",
                "replace each word with its last letter",
                "reduce each word to its last letter",
                "take the last letter of each word",
            ),
            ("shorten words to their final letters", "use the ending letter of every word"),
        ),
        Operation(
            "drop_first_letter",
            "map",
            each(lambda w: w[1:]),
            (
                "(remove|drop|delete) the first letter of (each|every) word",
                "write each word without its first letter",
                "cut the first letter from each word",
            ),
            ("strip the initial from every word", "leave every word's opening letter out"),
        ),
        Operation(
            "drop_last_letter",
            "map",
            each(lambda w: w[:-1]),
            (
                "(remove|drop|delete) the last letter of (each|every) word",
                "write each word without its last letter",
                "cut the last letter from each word",
            ),
            ("strip the final letter from every word", "leave every word's closing letter out"),
        ),
        Operation(
            "double_word",
            "map",
            each(lambda w: w * 2),
            (
                "(write|repeat) each word twice without a space",
                "double (each|every) word, glued together",
                "duplicate each word in place",
                "replace each word with two copies of itself",
            ),
            ("say all words two times over", "clone every word onto itself"),
        ),
        Operation(
            "double_first_letter",
            "map",
            each(lambda w: w[0] + w),
            (
                "double the first letter of (each|every) word",
                "repeat the first letter of each word",
                "write the first letter of each word twice",
            ),
            ("stutter the initial of every word", "duplicate every word's opening letter"),
        ),
        Operation(
            "double_last_letter",
            "map",
            each(lambda w: w + w[-1]),
            (
                "double the last letter of (each|every) word",
                "repeat the last letter of each word",
                "write the last letter of each word twice",
            ),
            ("stutter the ending of every word", "duplicate every word's closing letter"),
        ),
        Operation(
            "length",
            "map",
            each(lambda w: str(len(w))),
            (
                "replace each word with its length",
                "write the number of letters of each word",
                "give the length of (each|every) word",
                "count the letters of each word",
            ),
            ("say how long all words are", "measure every word in letters"),
        ),
        Operation(
            "star_vowels",
            "map",
            each(lambda w: "".join("*" if c in VOWELS else c for c in w)),
            (
                "replace (each|every) vowel with a star",
                "write a star in place of each vowel",
                "turn the vowels into stars",
                "hide the vowels behind stars",
            ),
            ("mask a, e, i, o and u by an asterisk", "censor all vowels"),
        ),
        Operation(
            "drop_vowels",
            "map",
            each(lambda w: "".join(c for c in w if c not in VOWELS)),
            (
                "(remove|drop|delete) the vowels",
                "write the words without (their|any) vowels",
                "leave out all vowels",
                "keep only the consonants",
            ),
            ("strip a, e, i, o and u from the words", "cut all vowels away"),
        ),
        Operation(
            "brackets",
            "map",
            each(lambda w: f"({w})"),
            (
                "put each word in brackets",
                "write brackets around (each|every) word",
                "enclose each word in brackets",
                "surround each word with brackets",
            ),
            ("wrap all words in parentheses", "set every word between round braces"),
        ),
        Operation(
            "count",
            "reduce",
            lambda v: (str(len(v)),),
            (
                "count the words",
                "(say|write|tell) how many words there are",
                "give the number of words",
                "answer with the word count",
            ),
            ("report the size of the list", "tally the words"),
        ),
        Operation(
            "alphabetically_first",
            "select",
            lambda v: (min(v),),
            (
                "give the word that comes first (alphabetically|in the alphabet)",
                "pick the alphabetically first word",
                "write only the word that is first in alphabetical order",
            ),
            ("name the word a dictionary lists earliest", "choose the word nearest to a"),
        ),
        Operation(
            "alphabetically_last",
            "select",
            lambda v: (max(v),),
            (
                "give the word that comes last (alphabetically|in the alphabet)",
                "pick the alphabetically last word",
                "write only the word that is last in alphabetical order",
            ),
            ("name the word a dictionary lists latest", "choose the word nearest to z"),
        ),
        Operation(
            "judge:sorted",
            "judge",
            lambda v: yes(list(v) == sorted(v)),
            (
                "(say|answer) yes if the words are in alphabetical order, otherwise no",
                "tell whether the words are sorted alphabetically, yes or no",
                "answer yes or no: are the words in alphabetical order",
            ),
            (
                "decide if a dictionary would keep this order, yes or no",
                "judge with yes or no whether the list is alphabetised",
            ),
        ),
        Operation(
            "judge:first_before_last",
            "judge",
            lambda v: yes(v[0] < v[-1]),
            (
                "(say|answer) yes if the first word comes before the last word alphabetically,"
                " otherwise no",
                "tell whether the first word is alphabetically before the last one, yes or no",
            ),
            (
                "judge with yes or no whether the opening word precedes the closing word"
                " in a dictionary",
            ),
        ),
    ]
    for letter in PARAMETER_LETTERS:
        has = _contains(letter)
        rows += [
            Operation(
                f"append:{letter}",
                "map",
                each(_appender(letter)),
                (
                    f"add (the letter {letter}|{letter}) to the end of (each|every) word",
                    f"append (the letter {letter}|{letter}) to each word",
                    f"put (the letter {letter}|an extra {letter}) after each word",
                ),
                (
                    f"finish all words with an additional {letter}",
                    f"attach {letter} behind every word",
                ),
            ),
            Operation(
                f"prepend:{letter}",
                "map",
                each(_prepender(letter)),
                (
                    f"add (the letter {letter}|{letter}) to the start of (each|every) word",
                    f"prepend (the letter {letter}|{letter}) to each word",
                    f"put (the letter {letter}|an extra {letter}) before each word",
                ),
                (
                    f"open all words with an additional {letter}",
                    f"attach {letter} ahead of every word",
                ),
            ),
            Operation(
                f"containing:{letter}",
                "filter",
                keep(has),
                (
                    f"keep only the words (with|containing) the letter {letter}",
                    f"(write|give) the words that (contain|have) the letter {letter}",
                    f"leave out words without the letter {letter}",
                ),
                (
                    f"filter for words that include {letter}",
                    f"choose each word in which {letter} occurs",
                ),
                some_not_all(has),
            ),
            Operation(
                f"without:{letter}",
                "filter",
                keep(_lacks(letter)),
                (
                    f"(remove|drop|delete) the words (with|containing) the letter {letter}",
                    f"keep only the words (without|not containing) the letter {letter}",
                    f"leave out words that contain the letter {letter}",
                ),
                (
                    f"filter away words that include {letter}",
                    f"discard each word in which {letter} occurs",
                ),
                some_not_all(has),
            ),
            Operation(
                f"count_containing:{letter}",
                "reduce",
                _count(has),
                (
                    f"count the words (with|containing) the letter {letter}",
                    f"(say|write) how many words (contain|have) the letter {letter}",
                    f"give the number of words with the letter {letter}",
                ),
                (
                    f"tally the words that include {letter}",
                    f"report in how many words {letter} occurs",
                ),
                any_of(has),
            ),
            Operation(
                f"judge:containing:{letter}",
                "judge",
                _judge_any(has),
                (
                    f"(say|answer) yes if some word contains the letter {letter}, otherwise no",
                    f"tell whether any word has the letter {letter}, yes or no",
                    f"answer yes or no: does the letter {letter} appear",
                ),
                (
                    f"judge with yes or no whether {letter} occurs",
                    f"decide if {letter} is in the list, yes or no",
                ),
            ),
        ]
    for symbol, name in SYMBOLS.items():
        one = HELD_OUT_SYMBOLS[symbol]
        article = "an" if name.startswith("(excl") else "a"
        rows.append(
            Operation(
                f"append:{symbol}",
                "map",
                each(_appender(symbol)),
                (
                    f"add {article} {name} to the end of (each|every) word",
                    f"append {article} {name} to each word",
                    f"put {article} {name} after each word",
                ),
                (f"finish all words with {one}", f"attach {one} behind every word"),
            )
        )
    return rows


def digit_operations() -> list[Operation]:
    """Arithmetic, filters, counts and questions on short lists of digits."""
    rows = [
        Operation(
            "max",
            "select",
            lambda v: (max(v),),
            (
                "give the (largest|biggest|greatest) number",
                "pick the largest number",
                "find the maximum of the numbers",
                "write only the highest number",
            ),
            ("name the top value", "choose whichever number exceeds the others"),
        ),
        Operation(
            "min",
            "select",
            lambda v: (min(v),),
            (
                "give the (smallest|least) number",
                "pick the smallest number",
                "find the minimum of the numbers",
                "write only the lowest number",
            ),
            ("name the bottom value", "choose whichever number is under the others"),
        ),
        Operation(
            "sum",
            "reduce",
            lambda v: (str(sum(map(int, v))),),
            (
                "add (up the numbers|all the numbers together)",
                "give the sum of the numbers",
                "calculate the (sum|total) of the list",
                "sum the numbers",
            ),
            ("total everything", "work out what the numbers make together"),
            lambda v: len(v) <= 3,
        ),
        Operation(
            "difference",
            "reduce",
            lambda v: (str(abs(int(v[0]) - int(v[-1]))),),
            (
                "give the difference (between|of) the first and the last number",
                "subtract the smaller from the larger of the first and last number",
                "calculate how far apart the first and last number are",
            ),
            ("work out the distance from the opening to the closing number",),
        ),
        Operation(
            "double",
            "map",
            each(lambda d: str(2 * int(d))),
            (
                "double (each|every) number",
                "multiply each number by two",
                "replace each number with twice its value",
                "write two times each number",
            ),
            ("make all values twofold", "scale every number by a factor of two"),
        ),
        Operation(
            "parity",
            "map",
            each(lambda d: "odd" if int(d) % 2 else "even"),
            (
                "write even or odd for (each|every) number",
                "say whether each number is even or odd",
                "replace each number with even or odd",
                "label each number as even or odd",
            ),
            ("state the parity of all values", "classify every number by divisibility by two"),
        ),
        Operation(
            "spell",
            "map",
            each(lambda d: NUMBER_NAMES[int(d)]),
            (
                "write (each|every) number as a word",
                "spell out the numbers",
                "replace each digit with its name",
                "write the numbers in words",
            ),
            ("put all values into english", "name the digits in letters"),
            lambda v: len(v) <= 3,
        ),
        Operation(
            "complement",
            "map",
            each(lambda d: str(9 - int(d))),
            (
                "subtract (each|every) number from nine",
                "replace each number by nine minus it",
                "write nine minus each number",
            ),
            ("give what all values lack to make nine",),
        ),
        Operation(
            "evens",
            "filter",
            keep(lambda d: int(d) % 2 == 0),
            (
                "keep only the even numbers",
                "(remove|drop|delete) the odd numbers",
                "write just the even numbers",
                "leave out the odd numbers",
            ),
            ("filter for values divisible by two", "discard what two does not divide"),
            some_not_all(lambda d: int(d) % 2 == 0),
        ),
        Operation(
            "odds",
            "filter",
            keep(lambda d: int(d) % 2 == 1),
            (
                "keep only the odd numbers",
                "(remove|drop|delete) the even numbers",
                "write just the odd numbers",
                "leave out the even numbers",
            ),
            ("filter for values not divisible by two", "discard what two divides"),
            some_not_all(lambda d: int(d) % 2 == 1),
        ),
        Operation(
            "count",
            "reduce",
            lambda v: (str(len(v)),),
            (
                "count the numbers",
                "(say|write|tell) how many numbers there are",
                "give the number of numbers",
                "answer with the length of the list",
            ),
            ("report the size of the list", "tally the values"),
        ),
        Operation(
            "count_even",
            "reduce",
            _count(lambda d: int(d) % 2 == 0),
            (
                "count the even numbers",
                "(say|write|tell) how many numbers are even",
                "give the number of even numbers",
            ),
            ("tally the values divisible by two",),
            any_of(lambda d: int(d) % 2 == 0),
        ),
        Operation(
            "count_odd",
            "reduce",
            _count(lambda d: int(d) % 2 == 1),
            (
                "count the odd numbers",
                "(say|write|tell) how many numbers are odd",
                "give the number of odd numbers",
            ),
            ("tally the values not divisible by two",),
            any_of(lambda d: int(d) % 2 == 1),
        ),
        Operation(
            "judge:first_greater",
            "judge",
            lambda v: yes(v[0] > v[-1]),
            (
                "(say|answer) yes if the first number is (larger|greater) than the last,"
                " otherwise no",
                "tell whether the first number is bigger than the last one, yes or no",
            ),
            ("judge with yes or no whether the opening value exceeds the closing one",),
        ),
        Operation(
            "judge:sorted",
            "judge",
            lambda v: yes(list(v) == sorted(v)),
            (
                "(say|answer) yes if the numbers are in ascending order, otherwise no",
                "tell whether the numbers are sorted from small to large, yes or no",
                "answer yes or no: are the numbers in increasing order",
            ),
            ("judge with yes or no whether the values never fall",),
        ),
    ]
    for k in range(1, 8):
        name = NUMBER_NAMES[k]
        above, equal = _greater(k), _equals(k)
        rows += [
            Operation(
                f"add:{k}",
                "map",
                each(_adder(k)),
                (
                    f"add ({k}|{name}) to (each|every) number",
                    f"increase each number by ({k}|{name})",
                    f"write each number plus ({k}|{name})",
                ),
                (f"raise all values by ({k}|{name})", f"make every number ({k}|{name}) larger"),
            ),
            Operation(
                f"greater:{k}",
                "filter",
                keep(above),
                (
                    f"keep only the numbers (greater|larger) than ({k}|{name})",
                    f"write the numbers above ({k}|{name})",
                    f"leave out numbers that are ({k}|{name}) or less",
                ),
                (f"filter for values exceeding ({k}|{name})",),
                some_not_all(above),
            ),
            Operation(
                f"less:{k}",
                "filter",
                keep(_less(k)),
                (
                    f"keep only the numbers (smaller|less) than ({k}|{name})",
                    f"write the numbers below ({k}|{name})",
                    f"leave out numbers that are ({k}|{name}) or more",
                ),
                (f"filter for values under ({k}|{name})",),
                some_not_all(_less(k)),
            ),
            Operation(
                f"count_greater:{k}",
                "reduce",
                _count(above),
                (
                    f"count the numbers (greater|larger) than ({k}|{name})",
                    f"(say|write) how many numbers are above ({k}|{name})",
                    f"give the number of numbers above ({k}|{name})",
                ),
                (f"tally the values exceeding ({k}|{name})",),
                any_of(above),
            ),
            Operation(
                f"judge:has:{k}",
                "judge",
                _judge_any(equal),
                (
                    f"(say|answer) yes if the list contains the number ({k}|{name}), otherwise no",
                    f"tell whether ({k}|{name}) is in the list, yes or no",
                    f"answer yes or no: does ({k}|{name}) appear",
                ),
                (f"judge with yes or no whether ({k}|{name}) occurs",),
            ),
        ]
    return rows


def letter_operations() -> list[Operation]:
    """Steps on a single string: case, doubling, removal, replacement, counts, questions."""
    rows = [
        Operation(
            "upper",
            "map",
            each(str.upper),
            (
                "(write|put) the (string|letters) in (capitals|upper case)",
                "make all letters upper case",
                "convert the string to upper case",
            ),
            ("use big letters throughout", "uppercase everything"),
        ),
        Operation(
            "double_each",
            "map",
            each(lambda c: c * 2),
            (
                "(write|repeat) each letter twice",
                "double (each|every) letter",
                "duplicate each letter in place",
            ),
            ("stutter all letters", "clone every letter"),
        ),
        Operation(
            "repeat",
            "order",
            lambda v: v + v,
            (
                "(write|repeat) the whole string twice",
                "double the string",
                "write the string two times in a row",
            ),
            ("say everything two times over", "follow the string by its copy"),
            lambda v: len(v) <= 4,
        ),
        Operation(
            "mirror",
            "order",
            lambda v: v + v[::-1],
            (
                "write the string followed by its reverse",
                "make a palindrome by mirroring the string",
                "append the reversed string to the string",
            ),
            ("reflect everything at its end",),
            lambda v: len(v) <= 4,
        ),
        Operation(
            "next",
            "map",
            each(lambda c: chr((ord(c) - 96) % 26 + 97)),
            (
                "replace each letter with the next (letter|one) in the alphabet",
                "shift (each|every) letter forward by one",
                "move each letter one step up the alphabet",
            ),
            ("write whatever follows all letters alphabetically",),
        ),
        Operation(
            "previous",
            "map",
            each(lambda c: chr((ord(c) - 98) % 26 + 97)),
            (
                "replace each letter with the previous (letter|one) in the alphabet",
                "shift (each|every) letter back by one",
                "move each letter one step down the alphabet",
            ),
            ("write whatever precedes all letters alphabetically",),
        ),
        Operation(
            "count",
            "reduce",
            lambda v: (str(len(v)),),
            (
                "count the letters",
                "(say|write|tell) how many letters there are",
                "give the length of the string",
            ),
            ("measure the string", "tally the letters"),
        ),
    ]
    for letter in PARAMETER_LETTERS:
        has = _equals(letter)
        rows += [
            Operation(
                f"remove:{letter}",
                "filter",
                keep(_differs(letter)),
                (
                    f"(remove|drop|delete) (every|each|the letter) {letter}",
                    f"write the string without the letter {letter}",
                    f"leave out the letter {letter}",
                ),
                (f"strip {letter} from the string", f"omit wherever {letter} occurs"),
                some_not_all(has),
            ),
            Operation(
                f"star:{letter}",
                "map",
                each(_replacer(letter, "*")),
                (
                    f"replace (every|each|the letter) {letter} with a star",
                    f"write a star in place of the letter {letter}",
                    f"turn the letter {letter} into a star",
                ),
                (f"mask {letter} by an asterisk", f"censor wherever {letter} occurs"),
                some_not_all(has),
            ),
            Operation(
                f"raise:{letter}",
                "map",
                each(_replacer(letter, letter.upper())),
                (
                    f"capitalise (every|each|the letter) {letter}",
                    f"write only the letter {letter} in upper case",
                    f"make the letter {letter} upper case and nothing else",
                ),
                (f"use a big {letter} wherever it occurs",),
                some_not_all(has),
            ),
            Operation(
                f"count:{letter}",
                "reduce",
                _count(has),
                (
                    f"count (how often the letter {letter} appears|the letter {letter})",
                    f"(say|write) how many times {letter} appears",
                    f"give the number of {letter} in the string",
                ),
                (f"tally {letter}", f"report how frequently {letter} occurs"),
                any_of(has),
            ),
            Operation(
                f"judge:has:{letter}",
                "judge",
                _judge_any(has),
                (
                    f"(say|answer) yes if the string contains the letter {letter}, otherwise no",
                    f"tell whether {letter} is in the string, yes or no",
                    f"answer yes or no: does the letter {letter} appear",
                ),
                (f"judge with yes or no whether {letter} occurs",),
            ),
        ]
    return rows


# Closures over a parameter are made by functions, so that a loop variable is bound when the
# operation is made and not when it runs.
def _contains(letter: str) -> Callable[[str], bool]:
    return lambda item: letter in item


def _lacks(letter: str) -> Callable[[str], bool]:
    return lambda item: letter not in item


def _equals(value: str | int) -> Callable[[str], bool]:
    return lambda item: item == str(value)


def _differs(value: str) -> Callable[[str], bool]:
    return lambda item: item != value


def _greater(k: int) -> Callable[[str], bool]:
    return lambda item: int(item) > k


def _less(k: int) -> Callable[[str], bool]:
    return lambda item: int(item) < k


def _appender(text: str) -> Callable[[str], str]:
    return lambda item: item + text


def _prepender(text: str) -> Callable[[str], str]:
    return lambda item: text + item


def _adder(k: int) -> Callable[[str], str]:
    return lambda item: str(int(item) + k)


def _replacer(old: str, new: str) -> Callable[[str], str]:
    return lambda item: item.replace(old, new)


def _count(test: Callable[[str], bool]) -> Callable[[Items], Items]:
    return lambda items: (str(sum(map(test, items))),)


def _judge_any(test: Callable[[str], bool]) -> Callable[[Items], Items]:
    return lambda items: yes(any(map(test, items)))


def operations(domain: Domain) -> list[Operation]:
    """Every single step that applies to a domain, in a fixed order."""
    own = {"words": word_operations, "digits": digit_operations, "letters": letter_operations}
    return [
        *order_operations(domain),
        *select_operations(domain),
        *join_operations(domain),
        *own[domain](),
    ]
