"""The bundle's model card: its numbers are the manifest's, and hubs can read its front matter."""

from pathlib import Path
from typing import Any

import yaml

from t2l.config.recipe import load_config
from t2l.report.card_words import LANGUAGE_WORDS, MINI_WORDS
from t2l.report.commands import Commands
from t2l.report.model_card import model_card, shipped_manifest
from t2l.report.split_texts import LANGUAGE_SPLITS, MINI_SPLITS

MINI = load_config(Path(__file__).parents[2] / "configs" / "mini.yaml")
WORDS = (MINI_WORDS, Commands("mini"), MINI_SPLITS)


def shipped() -> tuple[str, dict[str, Any]]:
    """The digest and the manifest of the bundle that ships."""
    found = shipped_manifest(MINI.assets_dir, MINI.bundle.name)
    assert found is not None
    return found


def test_the_shipped_bundles_card_tells_its_figures_and_what_made_it() -> None:
    digest, manifest = shipped()
    card = model_card(digest, manifest, *WORDS)
    front = yaml.safe_load(card.split("---")[1])
    assert front["base_model"] == manifest["target"]["base_model"]["id"]
    training = manifest["training"]
    for fact in (digest, manifest["version"], training["commit"], training["config"]):
        assert fact in card
    matched = manifest["evaluation"]["report"]["conditions"]["matched"]
    assert f"{100 * matched['exact_match']:.1f}%" in card


def test_the_card_in_docs_is_that_of_the_bundle_that_ships() -> None:
    docs = Path(__file__).parents[3] / "docs" / f"{MINI.bundle.name}.md"
    digest, manifest = shipped()
    card = model_card(digest, manifest, *WORDS)
    assert docs.read_text(encoding="utf-8") == card + "\n"


def test_a_bundle_without_figures_says_so() -> None:
    digest, manifest = shipped()
    bare = {key: value for key, value in manifest.items() if key not in ("evaluation", "training")}
    card = model_card(digest, bare, *WORDS)
    assert "no figures" in card and "Nothing is on record" in card


def test_where_nothing_ships_there_is_no_card(tmp_path: Path) -> None:
    assert shipped_manifest(tmp_path, "t2l-mini") is None
    assert shipped_manifest(MINI.assets_dir, "another") is None


def test_a_bundle_of_one_seed_on_public_tasks_is_told_as_that() -> None:
    digest, manifest = shipped()
    found = manifest["evaluation"]
    settings = {**found["settings"], "train_seeds": [0]}
    evaluation = {"settings": settings, "report": found["report"], "sni": found["seen"]}
    words = (LANGUAGE_WORDS, Commands("smollm2"), LANGUAGE_SPLITS)
    card = model_card(digest, {**manifest, "evaluation": evaluation}, *words)
    assert "means of 1 training seed and 3 sampling seeds.\n" in card
    assert "| Public tasks: Super-NaturalInstructions (48) |" in card
    assert "procedural" not in card and "training/run.sh smollm2" in card
