"""The tables of cost: an adapter once and a short prompt, or examples in every prompt."""

import math
from collections.abc import Sequence

from t2l.report.flops import (
    answer_flops,
    crossover,
    encoder_flops,
    hypernetwork_flops,
    lora_flops,
    prefill_flops,
)
from t2l.report.flops_case import Case
from t2l.report.markdown import ABSENT, made_with, missing, paragraphs, significant, table
from t2l.report.page import Page

SHOTS = (3, 5)


def flops_section(page: Page, cases: Sequence[Case | None]) -> str:
    """Costs of every base.

    :param cases: None stands for one that is not there yet.
    """
    text = (
        "Counted from the sizes of the models, two operations a multiply-add: linear layers, "
        "attention, and the head where a token is chosen. The adapter stays beside the weights and "
        "costs its two products at every token. An examples' prompt is either read again at every "
        "answer, or read once and its keys and values kept; then it is paid once, as the adapter "
        "is, and every answer still attends to it. Mean lengths stand for all lengths."
    )
    absent = missing(page.commands.stage("all"))
    parts = [_case(page, case) if case else absent for case in cases]
    return paragraphs("## Cost in FLOPs", text, *parts)


def adapter_flops(case: Case, variant: str) -> float:
    """Encoder and hypernetwork once."""
    encoded = encoder_flops(case.encoder, case.lengths.description)
    return encoded + hypernetwork_flops(case.hypernetworks[variant], case.target)


def adapted_flops(case: Case) -> float:
    """One answer with an adapter."""
    lengths = case.lengths
    prompt = lengths.begin + lengths.question
    return answer_flops(case.base, prompt, lengths.answer, extra=lora_flops(case.target))


def few_shot_flops(case: Case, shots: int, cached: bool) -> tuple[float, float]:
    """What examples in the prompt cost once, and at every answer."""
    lengths, prefix = case.lengths, case.lengths.prefix(shots)
    if cached:
        answer = answer_flops(case.base, lengths.question, lengths.answer, cached=prefix)
        return prefill_flops(case.base, prefix), answer
    return 0.0, answer_flops(case.base, prefix + lengths.question, lengths.answer)


def _case(page: Page, case: Case) -> str:
    lengths, encoded = case.lengths, encoder_flops(case.encoder, case.lengths.description)
    once = [
        (
            f"hypernetwork {variant}",
            significant(encoded),
            significant(hypernetwork_flops(network, case.target)),
            significant(adapter_flops(case, variant)),
        )
        for variant, network in case.hypernetworks.items()
    ]
    adapted = adapted_flops(case)
    lines = [("adapter", ABSENT, significant(adapted), significant(1.0), *[ABSENT] * len(once))]
    for shots in SHOTS:
        for cached in (False, True):
            before, answer = few_shot_flops(case, shots, cached)
            lines.append(
                (
                    f"{shots} examples, {'kept' if cached else 'read again'}",
                    significant(before) if before else ABSENT,
                    significant(answer),
                    significant(answer / adapted),
                    *(
                        _answers(crossover(adapter_flops(case, v), adapted, before, answer))
                        for v in case.hypernetworks
                    ),
                )
            )
    return paragraphs(
        f"### {case.name}",
        f"Mean tokens: {lengths.question:.1f} a question, {lengths.answer:.1f} an answer, "
        f"{lengths.demonstration:.1f} an example with its answer, {lengths.description:.1f} a "
        f"description; rank {case.target.rank} on {', '.join(case.target.module_names)}. "
        + _provenance(case),
        table(("one adapter", "encoder", "hypernetwork", "together"), once),
        made_with(page.commands.report),
        table(
            (
                "one answer",
                "once",
                "at every answer",
                "times the adapter's",
                *(f"answers until {variant} costs less" for variant in case.hypernetworks),
            ),
            lines,
        ),
        made_with(page.commands.report),
    )


def _provenance(case: Case) -> str:
    if case.target.base_model.architecture == "mistral":
        return (
            "These lengths are assumed, not measured; the sizes are the model's published ones, "
            "the encoder and the hypernetwork's widths those of the bundle that ships. Nothing was "
            "run."
        )
    return "These lengths are measured on fresh samples of the report's tasks."


def _answers(value: float | None) -> str:
    """Whole answers, never for ways that cost more at every answer."""
    return "never" if value is None else str(math.ceil(value))
