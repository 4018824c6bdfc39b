"""Whitening of the encoder's vectors during training, folded away afterwards.

Sentence vectors share a large mean and few large directions; what tells "first" from "last" lies in
small ones, which a network sees late. Training on whitened vectors, (e - mean) M with
M = (C + shrinkage I)^(-1/2), lets it learn them from the first step. Being affine, the transform
disappears into the hypernetwork's first layer: what is exported takes plain vectors.
"""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from t2l.hypernet.hypernetwork import Hypernetwork


@dataclass(frozen=True)
class Whitening:
    """The transform (e - mean) M.

    :param mean: [dim]
    :param matrix: M, [dim, dim]
    """

    mean: Tensor
    matrix: Tensor

    @classmethod
    def of(cls, vectors: Tensor, shrinkage: float) -> "Whitening":
        """The whitening of some vectors, [n, dim].

        :param shrinkage: added to every variance, so that noise directions are not blown up.
        """
        exact = vectors.double()
        mean = exact.mean(dim=0)
        covariance = (exact - mean).T @ (exact - mean) / len(exact)
        return cls._from(mean, covariance, shrinkage)

    @classmethod
    def within(cls, groups: Sequence[Tensor], shrinkage: float) -> "Whitening":
        """Makes phrasings of one task alike: whitens what varies inside groups of vectors.

        Directions in which a task's phrasings differ are pressed down and the others are left as
        they are (within-class covariance normalisation, Hatch et al., 2006). The whole is scaled
        to a mean variance of one.

        :param groups: vectors of each task's phrasings, each [n, dim].
        :param shrinkage: added to every variance inside the groups.
        """
        exact = torch.cat(list(groups)).double()
        mean = exact.mean(dim=0)
        inner = torch.cat([group.double() - group.double().mean(dim=0) for group in groups])
        found = cls._from(mean, inner.T @ inner / len(inner), shrinkage)
        variance = ((exact - mean) @ found.matrix.double()).square().mean()
        return cls(found.mean, found.matrix / float(variance.sqrt()))

    @classmethod
    def _from(cls, mean: Tensor, covariance: Tensor, shrinkage: float) -> "Whitening":
        values, directions = torch.linalg.eigh(covariance)
        scales = (values.clamp(min=0) + shrinkage).rsqrt()
        matrix = directions @ torch.diag(scales) @ directions.T
        return cls(mean.float(), matrix.float())

    def __call__(self, vectors: Tensor) -> Tensor:
        """Whitened vectors, [n, dim]."""
        return (vectors - self.mean) @ self.matrix

    def fold(self, network: Hypernetwork) -> Hypernetwork:
        """The network that gives, for plain vectors, what `network` gives for whitened ones."""
        config = dataclasses.replace(network.config, input_scale=None)
        folded = Hypernetwork(config, network.target)
        folded.load_state_dict(network.state_dict(), strict=True)
        weight = network.task_linear.weight.double() * network.config.scale  # [task, dim]
        combined = weight @ self.matrix.double().T
        with torch.no_grad():
            folded.task_linear.weight.copy_(combined / config.scale)
            bias = network.task_linear.bias.double() - combined @ self.mean.double()
            folded.task_linear.bias.copy_(bias)
        return folded.eval()
