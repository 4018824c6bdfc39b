"""The bundle's model card, written from its manifest: what it is for, how well it does it, what it
cannot do, and what made it."""

import json
from pathlib import Path
from typing import Any

from t2l.export.bundle.manifest import INDEX_FILE, MANIFEST_FILE
from t2l.report import commands
from t2l.report.data import distinct
from t2l.report.labels import CONDITIONS, SPLITS, condition_label
from t2l.report.markdown import ABSENT, count, listed, made_with, paragraphs, percent, table

LICENSE = "apache-2.0"
EVALUATED = ("report", "left_out", "seen")


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


def model_card(digest: str, manifest: dict[str, Any]) -> str:
    """The card as Markdown with the front matter that model hubs read."""
    name, target = manifest["name"], manifest["target"]
    base, modules = target["base_model"], [module["name"] for module in target["modules"]]
    front = [
        "---",
        f"base_model: {json.dumps(base['id'])}",
        'library_name: "onnx"',
        f"license: {json.dumps(LICENSE)}",
        'tags: ["text-to-lora", "hypernetwork", "lora"]',
        "---",
    ]
    facts = [
        ("version", manifest["version"]),
        ("digest", f"`{digest}`"),
        ("variant", f"{manifest['variant']}, latent {manifest['latent']}"),
        ("base model", f"`{base['id']}`, revision `{base['revision']}`"),
        (
            "writes",
            f"rank {target['rank']} updates of {listed(modules)} in {target['layers']} layers",
        ),
        ("encoder", f"`{manifest['encoder']['model']}`, {manifest['encoder']['dim']} dimensions"),
        ("graphs", _graphs(manifest)),
    ]
    return paragraphs(
        "\n".join(front),
        f"# {name}",
        "A Text-to-LoRA hypernetwork (arXiv 2506.06105): it reads one sentence that describes a "
        "task and writes the LoRA adapter for it in one forward pass.",
        table(("", ""), facts),
        "## Use",
        "For its own small base model only, and for tasks on short lists of words, lists of "
        "digits and strings: reordering, selecting, changing, filtering, joining, counting and "
        "yes/no questions, one to three steps. It shows that a description can do the work; it is "
        "no general assistant. Ask for `fit` before you trust an adapter: most texts about "
        "anything else are `unfit`.",
        "## Evaluation",
        *_evaluation(manifest.get("evaluation")),
        "## Limits",
        "Negation is not understood; descriptions are read up to "
        f"{manifest['encoder']['max_tokens']} tokens, in English; shapes of tasks that no "
        "training task has are done far worse than the others. All conditions, baselines and "
        "ablations, with what did not work, are in [results.md](results.md).",
        "## Training",
        *_training(manifest.get("training")),
    )


def _graphs(manifest: dict[str, Any]) -> str:
    sizes = {
        precision: manifest["files"][graph["file"]]["bytes"]
        for precision, graph in manifest["graphs"].items()
    }
    parts = [f"{precision} ({count(size / 1000)} kB)" for precision, size in sizes.items()]
    return f"{listed(parts)}; {manifest['precision']} by default"


def _evaluation(evaluation: dict[str, Any] | None) -> list[str]:
    """The table of the manifest's figures."""
    if not evaluation:
        return ["This bundle carries no figures."]
    splits = [split for split in EVALUATED if split in evaluation]
    found = (name for split in splits for name in evaluation[split]["conditions"])
    names = distinct(found, [*CONDITIONS])
    rows = [
        (
            f"{condition_label(name)} (`{name}`)",
            *(_figure(evaluation[split]["conditions"].get(name)) for split in splits),
        )
        for name in names
    ]
    header = ("", *(f"{SPLITS[s][0]} ({evaluation[s]['tasks']})" for s in splits))
    seeds = len(evaluation["settings"]["train_seeds"])
    sampling = len(evaluation["settings"]["sampling_seeds"])
    return [
        "Exact match of whole answers, zero-shot, with 95% intervals over tasks; means of "
        f"{seeds} training seeds and {sampling} sampling seeds. The first training seed is the one "
        "that ships.",
        table(header, rows),
        made_with(commands.MAIN),
    ]


def _figure(found: dict[str, Any] | None) -> str:
    if found is None:
        return ABSENT
    low, high = found["interval"]
    return f"{percent(found['exact_match'])} ({100 * low:.1f} to {100 * high:.1f})"


def _training(training: dict[str, Any] | None) -> list[str]:
    """What can make the bundle again."""
    if not training:
        return ["Nothing is on record."]
    seeds = listed([f"{name} {seed}" for name, seed in training["seeds"].items()])
    return [
        f"On {count(training['tasks'])} procedural tasks and further compositions of their steps, "
        "described by phrase grammars; no data of people. Code at commit "
        f"`{training['commit']}`, configuration `{training['config']}` (sha256), seeds: {seeds}.",
        made_with("training/run.sh mini"),
    ]
