"""What a bundle's model card says in words: for which tasks it is, and what it cannot do."""

from dataclasses import dataclass


@dataclass(frozen=True)
class CardWords:
    """The sentences of one kind of recipe.

    :param use: what the bundle is for.
    :param limits: what it cannot do; `{tokens}` is the length of descriptions.
    :param trained: what it was trained on; `{tasks}` is their number.
    :param results: the page of results beside the card.
    """

    use: str
    limits: str
    trained: str
    results: str = "results.md"


MINI_WORDS = CardWords(
    use=(
        "For its own small base model only, and for tasks on short lists of words, lists of "
        "digits and strings: reordering, selecting, changing, filtering, joining, counting and "
        "yes/no questions, one to three steps. It shows that a description can do the work; it is "
        "no general assistant. Ask for `fit` before you trust an adapter: most texts about "
        "anything else are `unfit`."
    ),
    limits=(
        "Negation is not understood; descriptions are read up to {tokens} tokens, in English; "
        "shapes of tasks that no training task has are done far worse than the others."
    ),
    trained=(
        "On {tasks} procedural tasks and further compositions of their steps, described by phrase "
        "grammars; no data of people."
    ),
)

LANGUAGE_WORDS = CardWords(
    use=(
        "For this base model only, and for one kind of question at a time with a short answer: "
        "relations between words, picking from lists, formatting, finding something in a "
        "sentence, sorting texts into classes with the labels that the description asks for, "
        "numbers, questions about one sentence, rewriting a sentence, and two or three of these "
        "in a row. The adapted model is given the input alone. It is no general assistant. Ask "
        "for `fit` before you trust an adapter."
    ),
    limits=(
        "Descriptions are read up to {tokens} tokens, in English. How much worse tasks are done "
        "whose skill no training task has, and tasks that others wrote, is measured apart."
    ),
    trained=(
        "On {tasks} tasks over real words and short sentences, described by phrase grammars; the "
        "public tasks that the page of results shows are not among them."
    ),
)

PLAIN_WORDS = CardWords(
    use=(
        "For this base model only, and for tasks like those that it was trained on. Ask for `fit` "
        "before you trust an adapter."
    ),
    limits="Descriptions are read up to {tokens} tokens.",
    trained="On {tasks} tasks.",
)
