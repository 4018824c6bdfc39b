"""Muon (Jordan et al., 2024): momentum whose matrix updates are orthogonalised.

`torch.optim.Muon` runs its Newton-Schulz iteration in bfloat16, which some CPUs emulate about
thirty times slower than float32, and one matrix at a time. This one uses bfloat16 only if told to
and stacks matrices of one shape into a batched product, which makes a step cheaper than the forward
pass of the model it trains.
"""

from collections.abc import Callable, Iterable

import torch
from torch import Tensor
from torch.optim import Optimizer

# Quintic Newton-Schulz coefficients, chosen by Muon's authors for the steepest slope at zero.
COEFFICIENTS = (3.4445, -4.7750, 2.0315)
ITERATIONS = 5


def orthogonalise(stack: Tensor) -> Tensor:
    """Approximately replace the singular values of each matrix by one.

    :param stack: [matrices, rows, columns]
    """
    wide = stack.shape[1] <= stack.shape[2]
    x = stack if wide else stack.mT
    x = x / (x.norm(dim=(1, 2), keepdim=True) + 1e-7)
    a, b, c = COEFFICIENTS
    for _ in range(ITERATIONS):
        gram = x @ x.mT
        x = a * x + (b * gram + c * (gram @ gram)) @ x
    return x if wide else x.mT


class Muon(Optimizer):
    """Nesterov momentum with orthogonalised updates, for matrices only.

    :param params: parameters of two dimensions.
    :param lr: learning rate; an update has root mean square `lr * 0.2`, as AdamW's would.
    :param momentum: of the running gradient.
    :param weight_decay: decoupled, times the learning rate.
    :param bfloat16: iterate in bfloat16, where the hardware multiplies that faster.
    :raises ValueError: if a parameter is not a matrix.
    """

    def __init__(
        self,
        params: Iterable[Tensor],
        lr: float,
        momentum: float = 0.95,
        weight_decay: float = 0.0,
        bfloat16: bool = False,
    ) -> None:
        super().__init__(params, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})
        self._dtype = torch.bfloat16 if bfloat16 else torch.float32
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.ndim != 2:
                    raise ValueError(f"Muon takes matrices, got shape {tuple(parameter.shape)}")

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:
        """Take one step.

        :param closure: computes the loss again, as every torch optimizer may be asked to.
        :return: the closure's loss, or None.
        """
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            by_shape: dict[tuple[int, ...], list[tuple[Tensor, Tensor]]] = {}
            for parameter in group["params"]:
                if parameter.grad is not None:
                    pair = (parameter, parameter.grad)
                    by_shape.setdefault(tuple(parameter.shape), []).append(pair)
            for shape, pairs in by_shape.items():
                updates = []
                for parameter, gradient in pairs:
                    state = self.state[parameter]
                    if "momentum" not in state:
                        state["momentum"] = torch.zeros_like(parameter)
                    state["momentum"].lerp_(gradient, 1 - group["momentum"])
                    updates.append(gradient.lerp(state["momentum"], group["momentum"]))
                scale = 0.2 * max(shape) ** 0.5
                for (parameter, _), update in zip(
                    pairs,
                    orthogonalise(torch.stack(updates).to(self._dtype)).unbind(),
                    strict=True,
                ):
                    parameter.mul_(1 - group["lr"] * group["weight_decay"])
                    parameter.add_(update, alpha=-group["lr"] * scale)
        return loss
