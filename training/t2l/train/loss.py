"""The loss of answers."""

from torch import Tensor, nn

from t2l.template.rows import IGNORED


def completion_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Mean cross-entropy of the next token over the labelled positions.

    :param logits: [rows, length, vocabulary]
    :param labels: [rows, length], `IGNORED` where there is no loss
    """
    return nn.functional.cross_entropy(
        logits[:, :-1].flatten(0, 1).float(), labels[:, 1:].flatten(), ignore_index=IGNORED
    )
