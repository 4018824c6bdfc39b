"""Examples as lines with an arrow: `input -> output`, the way t2l-mini's base model reads them."""

from collections.abc import Sequence

from t2l.tasks.source import Sample
from t2l.template.characters import ARROW, BOS, END, TOKEN_IDS
from t2l.template.rows import Row


def encode_prompt(text: str) -> list[int]:
    """Token ids of a prompt that ends in the arrow, beginning with `<bos>`."""
    ids = [BOS]
    for index, line in enumerate(text.split(ARROW)):
        if index > 0:
            ids.append(TOKEN_IDS[ARROW])
        ids.extend(TOKEN_IDS[character] for character in line)
    return ids


def encode_lines(
    samples: Sequence[Sample], codes: Sequence[str] = ()
) -> tuple[list[int], list[bool]]:
    """Token ids of an episode, and which of them are outputs (the line's end included).

    :param codes: control codes and parameters that the episode begins with.
    """
    ids = [BOS, *(TOKEN_IDS[code] for code in codes)]
    is_output = [False] * len(ids)
    for sample in samples:
        question = [TOKEN_IDS[c] for c in sample.input] + [TOKEN_IDS[ARROW]]
        answer = [TOKEN_IDS[c] for c in sample.output + END]
        ids += question + answer
        is_output += [False] * len(question) + [True] * len(answer)
    return ids, is_output


def question_row(sample: Sample, shown: Sequence[Sample] = (), codes: Sequence[str] = ()) -> Row:
    """One question: other samples, the input, and the answer that is looked for."""
    ids, _ = encode_lines([*shown, sample], codes)
    answer = len(sample.output) + 1  # with the end of the line
    return ids, [False] * (len(ids) - answer) + [True] * answer
