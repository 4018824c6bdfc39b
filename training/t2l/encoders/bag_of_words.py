"""A bag of words: which words a description has, and nothing of their order or meaning."""

import re
from collections.abc import Sequence

import torch
from torch import Tensor

from t2l.config.recipe import Config
from t2l.tasks.procedural.world import procedural_tasks

_WORD = re.compile(r"[a-z]+|[0-9]|[^\sa-z0-9]")
DESCRIPTIONS = 12  # of each training task: the words of these are the vocabulary


class BagOfWords:
    """Counts of the words of a vocabulary, as a unit vector; other words are lost.

    :param texts: where the vocabulary comes from.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        words = sorted({word for text in texts for word in split(text)})
        self._places = {word: place for place, word in enumerate(words)}
        self.dim = len(words)

    def encode(self, texts: Sequence[str]) -> Tensor:
        """Unit vectors, [texts, dim]; zero where no word is known."""
        counts = torch.zeros(len(texts), self.dim)
        for row, text in enumerate(texts):
            for word in split(text):
                if word in self._places:
                    counts[row, self._places[word]] += 1
        return torch.nn.functional.normalize(counts, dim=-1)


def split(text: str) -> list[str]:
    """Words, digits and symbols of a text, in lower case."""
    return _WORD.findall(text.lower())


def bag_of_words(config: Config) -> BagOfWords:
    """The bag of the words in training descriptions."""
    tasks = procedural_tasks(config.tasks.limit, config.tasks.seed).train
    texts = [text for task in tasks for text in task.descriptions("train", DESCRIPTIONS, seed=0)]
    return BagOfWords(texts)
