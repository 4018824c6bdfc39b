"""Scores a bundle on a suite: makes the adapters, asks the questions, keeps the rows.

Tasks are loaded and adapters made before anything is asked, so that what cannot be done is said at
once. Rows that the results file has already are not measured again.
"""

from __future__ import annotations

import hashlib
import logging
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tqdm import tqdm

from t2l.api.bundle_generator import BundleGenerator
from t2l.base.device import pick_device
from t2l.base.model import BaseModel
from t2l.base.target import TargetSpec
from t2l.base.typed import on_device
from t2l.harness.conditions import Trial, trials
from t2l.harness.library import HarnessError, Library
from t2l.harness.rows import HarnessRow, Settings, append_row, read_rows, row_key
from t2l.harness.scoring import Scorer
from t2l.harness.served import Shelf, weights_digest, with_adapter
from t2l.harness.suite import Suite

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Plan:
    """What is asked of a bundle.

    :param benchmarks: names, of the suite's.
    :param draws: most descriptions of each.
    :param chat: whether in the chat template, None for wherever there is one.
    :param shots: examples before a question, None for as many as each task wants.
    :param limit: most questions of a benchmark, None for all.
    :param batch: questions at once.
    """

    suite: Suite
    benchmarks: tuple[str, ...]
    conditions: tuple[str, ...]
    draws: int = 3
    chat: bool | None = None
    shots: int | None = None
    limit: int | None = None
    batch: int = 8
    seed: int = 0


def score_bundle(
    bundle: BundleGenerator, base: BaseModel, plan: Plan, library: Library, results: Path
) -> list[HarnessRow]:
    """Score a bundle's adapters, and append what is new to the results file.

    :return: every row of the plan, in its order.
    :raises HarnessError: for what cannot be done.
    """
    require_target(base, bundle.target)
    chat = bool(base.tokenizer.chat_template) if plan.chat is None else plan.chat
    settings = settings_of(bundle, base, plan, library, chat)
    asked = {name: plan.suite.benchmarks[name].asked(chat) for name in plan.benchmarks}
    planned = trials(plan.suite, plan.benchmarks, plan.conditions, plan.draws, plan.seed)

    def unmeasured(trial: Trial) -> HarnessRow:
        one = asked[trial.benchmark]
        return HarnessRow(
            settings=settings,
            benchmark=trial.benchmark,
            task=one.task,
            metric=one.metric,
            condition=trial.condition,
            draw=trial.draw,
            text=trial.text,
            adapter=None,
            questions="",
            score=0.0,
            hits="",
        )

    def key(trial: Trial) -> tuple[object, ...]:
        return row_key(unmeasured(trial).to_json())

    rows = read_rows(results, settings)
    left = [trial for trial in planned if key(trial) not in rows]
    if left:
        scorer = Scorer(
            library,
            base.tokenizer,
            chat=chat,
            shots=plan.shots,
            limit=plan.limit,
            batch=plan.batch,
            seed=plan.seed,
        )
        scorer.load(plan.suite, {t.benchmark: asked[t.benchmark] for t in left})
        model = on_device(base.model, pick_device().name).eval()
        with tempfile.TemporaryDirectory() as root:
            shelf = Shelf(bundle, Path(root))
            folders = [shelf.folder(trial) for trial in left]
            for trial, folder in zip(tqdm(left, desc="scorings"), folders, strict=True):
                one = asked[trial.benchmark]
                with with_adapter(model, folder) as adapted:
                    found = scorer.answers(adapted, one)
                row = replace(
                    unmeasured(trial),
                    adapter=weights_digest(folder),
                    questions=found.questions,
                    score=round(sum(found.right) / len(found.right), 6),
                    hits="".join(str(int(right)) for right in found.right),
                )
                append_row(results, row)
                rows[key(trial)] = row
    return [rows[key(trial)] for trial in planned]


def settings_of(
    bundle: BundleGenerator, base: BaseModel, plan: Plan, library: Library, chat: bool
) -> Settings:
    """What the rows of a plan have in common."""
    template = base.tokenizer.get_chat_template() if chat else None
    record = bundle.target.base_model
    return Settings(
        suite=plan.suite.name,
        hypernet=str(bundle.hypernet),
        network=bundle.hypernet.digest,
        precision=bundle.precision,
        base_model=f"{record.id}@{record.revision}",
        base_weights=base.weights,
        dtype=base.source.dtype,
        harness=library.version,
        chat_template=template and hashlib.sha256(template.encode()).hexdigest(),
        shots=plan.shots,
        limit=plan.limit,
        seed=plan.seed,
    )


def require_target(base: BaseModel, target: TargetSpec) -> None:
    """Refuse a base model that adapters of a target do not fit.

    :raises HarnessError: naming both.
    """
    found = base.target(target.module_names, target.rank, target.alpha)
    if (found.layers, found.modules) != (target.layers, target.modules):
        raise HarnessError(
            f"{base.source.where} has other layers or target modules than {target.base_model.id}, "
            "which the bundle's adapters are for: give that one with --base"
        )


def chosen(suite: Suite, names: Sequence[str], run_code: bool) -> tuple[str, ...]:
    """Which benchmarks of a suite are scored.

    :param names: of some of them; none for all.
    :param run_code: whether answers may be run.
    :raises HarnessError: for a name that there is not, or a named one that may not run.
    """
    unknown = [name for name in names if name not in suite.benchmarks]
    if unknown:
        raise HarnessError(
            f"suite {suite.name} has no benchmark {unknown[0]}; it has "
            f"{', '.join(suite.benchmarks)}"
        )
    barred = [
        name
        for name in names or suite.benchmarks
        if suite.benchmarks[name].runs_code and not run_code
    ]
    if barred and names:
        raise HarnessError(
            f"{barred[0]} runs programs that the model wrote: allow it with --run-code"
        )
    if barred:
        logger.warning(
            "left out, as they run programs that the model wrote: %s; --run-code allows it",
            ", ".join(barred),
        )
    return tuple(name for name in names or suite.benchmarks if name not in barred)
