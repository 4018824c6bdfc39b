"""The bundle's model card, written from its manifest: what it is for, how well it does it, what it
cannot do, and what made it."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from t2l.base.outputs import title_of
from t2l.export.bundle.manifest import INDEX_FILE, MANIFEST_FILE
from t2l.report.card_words import CardWords
from t2l.report.commands import Commands
from t2l.report.data import distinct
from t2l.report.labels import CONDITIONS, condition_label
from t2l.report.markdown import (
    ABSENT,
    count,
    counted,
    listed,
    made_with,
    paragraphs,
    percent,
    table,
)
from t2l.report.split_texts import SplitText

LICENSE = "apache-2.0"
NOT_SHOWN = ("selection",)  # a split that recipes were chosen with


def shipped_manifest(assets: Path, name: str) -> tuple[str, dict[str, Any]] | None:
    """Digest and manifest of the newest bundle of this name that ships, None if none does."""
    index = assets / "hypernets" / INDEX_FILE
    if not index.exists():
        return None
    entries = json.loads(index.read_text(encoding="utf-8"))["bundles"]
    own = [entry for entry in entries if entry["name"] == name]
    if not own:
        return None
    folder = assets / "hypernets" / name / own[-1]["version"]
    return own[-1]["digest"], json.loads((folder / MANIFEST_FILE).read_text(encoding="utf-8"))


def model_card(
    digest: str,
    manifest: dict[str, Any],
    words: CardWords,
    commands: Commands,
    splits: Mapping[str, SplitText],
) -> str:
    """The card as Markdown with the front matter that model hubs read.

    :param splits: title and text of every split, in order.
    """
    name, target = manifest["name"], manifest["target"]
    base, modules = target["base_model"], [module["name"] for module in target["modules"]]
    kind = title_of(target.get("output", "lora"))
    front = [
        "---",
        f"base_model: {json.dumps(base['id'])}",
        'library_name: "onnx"',
        f"license: {json.dumps(LICENSE)}",
        f'tags: ["text-to-lora", "hypernetwork", "{target.get("output", "lora")}"]',
        "---",
    ]
    facts = [
        ("version", manifest["version"]),
        ("digest", f"`{digest}`"),
        ("variant", f"{manifest['variant']}, latent {manifest['latent']}"),
        ("base model", f"`{base['id']}`, revision `{base['revision']}`"),
        (
            "writes",
            f"{_what(target)} {listed(modules)} in {target['layers']} layers",
        ),
        ("encoder", f"`{manifest['encoder']['model']}`, {manifest['encoder']['dim']} dimensions"),
        ("graphs", _graphs(manifest)),
    ]
    return paragraphs(
        "\n".join(front),
        f"# {name}",
        "A Text-to-LoRA hypernetwork (arXiv 2506.06105): it reads one sentence that describes a "
        f"task and writes the {kind} adapter for it in one forward pass.",
        table(("", ""), facts),
        "## Use",
        words.use,
        "## Evaluation",
        *_evaluation(manifest.get("evaluation"), commands, splits),
        "## Limits",
        f"{words.limits.format(tokens=manifest['encoder']['max_tokens'])} All conditions, "
        "baselines and ablations, with what did not work, are in "
        f"[{words.results}]({words.results}).",
        "## Training",
        *_training(manifest.get("training"), words, commands),
    )


def _what(target: Mapping[str, Any]) -> str:
    """What is written for the modules that follow."""
    if target.get("output") == "ia3":
        return "factors on"
    magnitudes = " and magnitudes" if target.get("output") == "dora" else ""
    return f"rank {target['rank']} updates{magnitudes} of"


def _graphs(manifest: dict[str, Any]) -> str:
    sizes = {
        precision: manifest["files"][graph["file"]]["bytes"]
        for precision, graph in manifest["graphs"].items()
    }
    parts = [f"{precision} ({count(size / 1000)} kB)" for precision, size in sizes.items()]
    return f"{listed(parts)}; {manifest['precision']} by default"


def _evaluation(
    evaluation: dict[str, Any] | None, commands: Commands, titles: Mapping[str, SplitText]
) -> list[str]:
    """The table of the manifest's figures."""
    if not evaluation:
        return ["This bundle carries no figures."]
    splits = [split for split in titles if split in evaluation and split not in NOT_SHOWN]
    found = (name for split in splits for name in evaluation[split]["conditions"])
    names = distinct(found, [*CONDITIONS])
    rows = [
        (
            f"{condition_label(name)} (`{name}`)",
            *(_figure(evaluation[split]["conditions"].get(name)) for split in splits),
        )
        for name in names
    ]
    header = ("", *(f"{titles[s][0]} ({evaluation[s]['tasks']})" for s in splits))
    seeds = len(evaluation["settings"]["train_seeds"])
    sampling = len(evaluation["settings"]["sampling_seeds"])
    first = " The first training seed is the one that ships." if seeds > 1 else ""
    return [
        "Exact match of whole answers, zero-shot, with 95% intervals over tasks; means of "
        f"{counted(seeds, 'training seed')} and {counted(sampling, 'sampling seed')}.{first}",
        table(header, rows),
        made_with(commands.main),
    ]


def _figure(found: dict[str, Any] | None) -> str:
    if found is None:
        return ABSENT
    low, high = found["interval"]
    return f"{percent(found['exact_match'])} ({100 * low:.1f} to {100 * high:.1f})"


def _training(training: dict[str, Any] | None, words: CardWords, commands: Commands) -> list[str]:
    """What can make the bundle again."""
    if not training:
        return ["Nothing is on record."]
    seeds = listed([f"{name} {seed}" for name, seed in training["seeds"].items()])
    return [
        f"{words.trained.format(tasks=count(training['tasks']))} Code at commit "
        f"`{training['commit']}`, configuration `{training['config']}` (sha256), seeds: {seeds}.",
        made_with(commands.all),
    ]
