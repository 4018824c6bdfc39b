"""How new held-out wordings are: measured on the phrase books themselves."""

from pathlib import Path

from t2l.config.recipe import Config
from t2l.report.data import read_results
from t2l.report.page import Page
from t2l.report.phrasings import SPLITS, STEPS, newness, phrasings_section, words_of
from t2l.tasks.procedural.phrases import frames
from t2l.tasks.procedural.registry import DOMAINS


def test_words_are_told_apart_by_what_a_reader_calls_words() -> None:
    assert words_of("Don't drop 'a-b', ever (or 2*3)") >= {"don't", "drop", "ever", "or", "2*3"}


def test_training_is_counted_and_compared_with_nothing() -> None:
    train = newness("train")
    assert train.frames == sum(len(frames(steps, "train")) for steps in (1, 2, 3))
    assert train.nearest is None and train.new_words is None


def test_other_splits_are_near_training_but_never_the_same() -> None:
    for split in ("selection", "held_out"):
        found = newness(split)
        assert found.new_words is not None and found.nearest is not None
        assert 0 < found.new_words < found.nearest < 0.7
        assert found.patterns < newness("train").patterns / 20


def test_no_phrase_and_no_frame_is_in_two_splits() -> None:
    for domain in DOMAINS.values():
        for step in domain.operations:
            said = [domain.phrases(step, split) for split in SPLITS]
            phrases = [phrase.lower() for row in said for phrase in row]
            assert len(set(phrases)) == len(phrases), step.name
    for steps in STEPS:
        every = [frame for split in SPLITS for frame in frames(steps, split)]
        assert len(set(every)) == len(every)


def test_the_section_names_every_split(tmp_path: Path) -> None:
    page = Page(read_results(tmp_path), tmp_path, Config(runs="runs"))
    text = phrasings_section(page)
    assert all(f"`{split}`" in text for split in ("train", "selection", "held_out"))
