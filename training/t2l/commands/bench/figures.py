"""From measurements to the figures that the report shows, and the bars that they are held to."""

from __future__ import annotations

from dataclasses import dataclass

from t2l.commands.bench.head import ANSWERS, EVERYWHERE
from t2l.commands.bench.measure import Measured
from t2l.commands.bench.rounds import Kind, Median, median_of, median_ratio
from t2l.commands.bench.steps import FLOOR, OURS, REPETITION

STEP_BAR = 1.1  # times the floor
MEMORY_BAR = 0.1  # of what the repetition keeps beside the floor
LOGITS_BAR = 1.3  # times as fast
PEAK_BAR = 0.4  # of a GPU's peak


@dataclass(frozen=True)
class StepFigures:
    """One kind of step.

    :param wall_ms: milliseconds that passed.
    :param cpu_ms: milliseconds that the process computed, all threads together.
    :param tokens_per_s: by the time that passed.
    :param saved_bytes: kept for the backward pass, without weights.
    :param extra_bytes: of these, how many more than the floor keeps.
    :param allocated_bytes: the most on a GPU beyond what was there; None without one.
    """

    wall_ms: Median
    cpu_ms: Median
    tokens_per_s: float
    saved_bytes: int
    extra_bytes: int
    allocated_bytes: int | None


@dataclass(frozen=True)
class Ratio:
    """How many times as long one step takes as another: median of the ratios of the rounds."""

    wall: Median
    cpu: Median


@dataclass(frozen=True)
class Peak:
    """What our step reaches of a device's peak.

    :param flops: operations that a step's model needs.
    :param tflops: of the device, TFLOP/s.
    :param share: reached by our step.
    """

    flops: int
    tflops: float
    share: float


@dataclass(frozen=True)
class Bar:
    """What a figure is held to."""

    what: str
    value: float
    bound: float
    met: bool


@dataclass(frozen=True)
class Figures:
    """All figures of a measurement.

    :param tokens: of a step.
    :param answers: how many of them predict an answer's token.
    :param steps: each kind of step by name.
    :param over_floor: our step's time over the floor's.
    :param over_repetition: our step's time over the repetition's.
    :param extra_share: what ours keeps beside the floor, over what the repetition keeps.
    :param logits: how many times as fast logits at answers are as logits at all places.
    :param peak: None where the device's peak is not known.
    """

    tokens: int
    answers: int
    steps: dict[str, StepFigures]
    over_floor: Ratio
    over_repetition: Ratio
    extra_share: float
    logits: Ratio
    peak: Peak | None
    bars: tuple[Bar, ...]


def figures_of(found: Measured, flops: int, tflops: float | None) -> Figures:
    """The figures of a measurement.

    :param flops: operations that a step's model needs.
    :param tflops: the device's peak, TFLOP/s; None if it is not known.
    """
    steps = {name: _step(found, name) for name in found.steps}
    over_floor = _ratio(found, OURS, FLOOR)
    extra = steps[OURS].extra_bytes / steps[REPETITION].extra_bytes
    logits = Ratio(*(median_ratio(found.heads, EVERYWHERE, ANSWERS, k) for k in ("wall", "cpu")))
    peak = None
    if tflops is not None:
        share = flops / (steps[OURS].wall_ms.median / 1000) / (tflops * 1e12)
        peak = Peak(flops, tflops, share)
    on_gpu = found.allocated is not None
    kind: Kind = "wall" if on_gpu else "cpu"  # a process that waits for a GPU computes nothing
    said = "time" if on_gpu else "CPU time"
    bars = [
        _most(f"a step's {said} over the floor's", getattr(over_floor, kind).median, STEP_BAR),
        _most("memory beside the floor over the repetition's", extra, MEMORY_BAR),
        _least("logits at answers, times as fast", getattr(logits, kind).median, LOGITS_BAR),
    ]
    if on_gpu and peak is not None:
        bars.append(_least("share of the device's peak", peak.share, PEAK_BAR))
    return Figures(
        tokens=found.tokens,
        answers=found.answers,
        steps=steps,
        over_floor=over_floor,
        over_repetition=_ratio(found, OURS, REPETITION),
        extra_share=extra,
        logits=logits,
        peak=peak,
        bars=tuple(bars),
    )


def _step(found: Measured, name: str) -> StepFigures:
    wall, cpu = (median_of(found.steps, name, kind) for kind in ("wall", "cpu"))
    return StepFigures(
        wall_ms=_milliseconds(wall),
        cpu_ms=_milliseconds(cpu),
        tokens_per_s=found.tokens / wall.median,
        saved_bytes=found.saved[name],
        extra_bytes=found.saved[name] - found.saved[FLOOR],
        allocated_bytes=None if found.allocated is None else found.allocated[name],
    )


def _ratio(found: Measured, name: str, other: str) -> Ratio:
    wall, cpu = (median_ratio(found.steps, name, other, kind) for kind in ("wall", "cpu"))
    return Ratio(wall, cpu)


def _milliseconds(seconds: Median) -> Median:
    return Median(*(1000 * value for value in (seconds.median, seconds.low, seconds.high)))


def _most(what: str, value: float, bound: float) -> Bar:
    return Bar(f"{what}, at most {bound}", value, bound, value <= bound)


def _least(what: str, value: float, bound: float) -> Bar:
    return Bar(f"{what}, at least {bound}", value, bound, value >= bound)
