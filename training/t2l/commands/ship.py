"""Puts a finished run under `src/assets`: base model, its graph, the bundle and the demo's tasks.

Nothing here trains. It gathers what the stages left in the run's folder, measures the fit score,
and hands everything to the exporter.
"""

import json
import shutil
import subprocess
from pathlib import Path

from t2l.base.files import load_base_model
from t2l.config.recipe import Config, config_digest
from t2l.encoders.corpus import Corpus
from t2l.encoders.info import TUNED
from t2l.encoders.onnx_encoder import OnnxEncoder
from t2l.evaluate.fit import fit_of
from t2l.evaluate.questions import Block, make_block
from t2l.evaluate.run import open_setting, report_tasks, results_dir
from t2l.evaluate.setting import Setting
from t2l.export.bundle.data import golden_from_encoder
from t2l.export.bundle.write import export_bundle
from t2l.export.onnx.lm import export_lm
from t2l.hypernet.hypernetwork import Hypernetwork
from t2l.tasks.off_topic import OFF_TOPIC
from t2l.template.characters import ARROW

DEMO_SAMPLES = 24  # of each task
DEMO_SEED = 20_000  # of samples and descriptions: used nowhere else
GOLDEN_TASKS = 4


def ship(
    config: Config, hypernetwork: Hypernetwork, corpus: Corpus, real: Path | None = None
) -> str:
    """Write everything that ships.

    :param corpus: the training tasks.
    :param real: file of descriptions that people wrote of other tasks, for the fit's results.
    :return: the bundle's digest.
    :raises ValueError: if the run's encoder has no file that could ship.
    """
    setting = open_setting(config, hypernetwork, corpus)
    if not isinstance(setting.encoder, OnnxEncoder):
        raise ValueError(f"encoder.kind {config.encoder.kind} cannot be exported; use tuned")
    ship_base_model(config, hypernetwork)
    ship_demo(setting)
    return ship_bundle(setting, setting.encoder, real)


def ship_base_model(config: Config, hypernetwork: Hypernetwork) -> None:
    """Copy the base model and write its graph beside it."""
    source = config.run_dir / "base" / "final"
    folder = config.assets_dir / "base-models" / config.base.id.split("/")[-1]
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(source, folder)
    export_lm(load_base_model(source), hypernetwork.target, folder / "lm.onnx")


def demo_block(config: Config) -> Block:
    """The demo's questions: every task of the report, one held-out description of each."""
    return make_block(report_tasks(config), DEMO_SAMPLES, 1, DEMO_SEED, "held_out")


def ship_demo(setting: Setting) -> None:
    """Write the demo's tasks, and how Python answers the same questions, for comparison."""
    block = demo_block(setting.config)
    hits = setting.described(block, block.descriptions)
    rows = [
        {
            "name": task.name,
            "description": block.descriptions[index][0],
            "known_words": task.descriptions("train", 1, DEMO_SEED)[0],
            "samples": [
                {"prompt": f"{sample.input}{ARROW}", "answer": sample.output}
                for sample in block.samples[index]
            ],
        }
        for index, task in enumerate(block.tasks)
    ]
    document = {"python": round(sum(hits) / len(hits), 4), "tasks": rows}
    path = setting.config.assets_dir / "demo" / "unseen-tasks.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def ship_bundle(setting: Setting, encoder: OnnxEncoder, real: Path | None = None) -> str:
    """Export the bundle.

    :param real: as in `ship`.
    :return: its digest.
    """
    config, train = setting.config, setting.train
    golden = [task.descriptions("held_out", 1, DEMO_SEED)[0] for task in report_tasks(config)]
    report = json.loads((config.run_dir / "evaluation.json").read_text(encoding="utf-8"))
    return export_bundle(
        setting.hypernetwork,
        encoder=TUNED,
        # One text is longer than the encoder takes, so that every runtime must cut alike.
        golden=golden_from_encoder(
            encoder, [*golden[:GOLDEN_TASKS], OFF_TOPIC[0], " ".join(OFF_TOPIC[:40])]
        ),
        fit=fit_of(setting, results_dir(config), real),
        norm_embeddings=train.typical(),
        evaluation=report,
        training={
            "commit": current_commit(Path(__file__).parent),
            "config": config_digest(config),
            "seeds": {
                "base": config.base.seed,
                "encoder": config.encoder.seed,
                "sft": config.sft.seed,
                "tasks": config.tasks.seed,
            },
            "tasks": len(train.tasks),
        },
        out_dir=config.assets_dir / "hypernets",
        name=config.bundle.name,
        version=config.bundle.version,
        overwrite=True,
        make_default=True,
    )


def current_commit(folder: Path) -> str:
    """The commit the code is at, or "unknown" outside a checkout."""
    result = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=folder, capture_output=True, text=True, check=False
    )
    return result.stdout.strip() or "unknown"
