"""The page of the world of language, from a few invented rows: no number here was measured."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from t2l.config.recipe import (
    BundleConfig,
    ChatConfig,
    Config,
    EncoderConfig,
    FileTasks,
    LanguageTasks,
    PretrainedConfig,
)
from t2l.evaluate.conditions import WITHOUT_HYPERNETWORK, conditions_of
from t2l.evaluate.results import ResultRow, append_rows
from t2l.report import build
from t2l.report.build import build_report
from t2l.tasks.sides import GroupedTasks
from t2l.tasks.source import Task

GROUPS = {
    "composition": ("relation+format/capital+upper", "list+number/last+double"),
    "labels": ("classify/order=match|mismatch", "classify/tone=oak|elm|fir"),
    "parameter": ("number/add:9", "list/nth:4"),
    "whole": ("extract/find_month", "classify/urgency=oak|elm"),
}
UNSEEN = [name for names in GROUPS.values() for name in names]
IMPOSSIBLE = "list/nth:4"
INVENTED = {"zero_shot": 0.0, "five_shot": 0.4, "matched": 0.8, "oracle": 0.9, "known_words": 0.82}
OTHERWISE = 0.2  # of every other condition


def invented(split: str, tasks: list[str], *leave_out: str) -> list[ResultRow]:
    """Rows of all conditions of a chat template, in the two places that `evaluate` puts them."""
    rows = []
    for task in tasks:
        names = [name for name in conditions_of("chat") if name not in leave_out]
        scores = {name: INVENTED.get(name, OTHERWISE) for name in names}
        if task == IMPOSSIBLE:
            scores |= dict.fromkeys(("five_shot", "oracle", "matched"), 0.0)
        base = {name: scores[name] for name in names if name in WITHOUT_HYPERNETWORK}
        ours = {name: value for name, value in scores.items() if name not in base}
        family = task.split("/")[0]
        rows += [
            ResultRow("main", "base", -1, 1000, split, task, family, 6, base),
            ResultRow("main", "L", 0, 1000, split, task, family, 6, ours),
        ]
    return rows


class Named:
    """A task of which the report needs the name only."""

    def __init__(self, name: str) -> None:
        self.name = name


@pytest.fixture(scope="module", autouse=True)
def world() -> Iterator[None]:
    """A world of a few tasks in place of the real one, which takes seconds to open."""
    groups = {
        group: tuple(cast(Task, Named(name)) for name in names) for group, names in GROUPS.items()
    }
    tasks = GroupedTasks((), (), (), groups=groups)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(build, "open_tasks", lambda _: tasks)
        yield


def recipe(folder: Path) -> Config:
    """A recipe like t2l-smollm2's."""
    found = Config(
        runs=str(folder / "runs"),
        publish="smollm2",
        tasks=LanguageTasks(),
        base=PretrainedConfig(kind="folder", where="model", id="invented/model"),
        template=ChatConfig(),
        encoder=EncoderConfig(kind="minilm"),
        bundle=BundleConfig(name="t2l-smollm2", assets=str(folder / "assets")),
    )
    return replace(found, hypernetwork=replace(found.hypernetwork, variant="L"))


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """The recipe in a folder of the test's own."""
    return recipe(tmp_path)


@pytest.fixture(scope="module")
def docs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of unseen tasks, of training tasks, and of a folder of public ones."""
    folder = tmp_path_factory.mktemp("language")
    rows = [
        *invented("report", UNSEEN),
        *invented("seen", ["number/add:3"], "oracle"),
        *invented("sni", ["sni/task1"], "oracle"),
    ]
    append_rows(folder / "results" / "main.jsonl", rows)
    return build_report(folder / "results", folder / "docs", recipe(folder)).parent


@pytest.fixture
def text(docs: Path) -> str:
    """That page's text."""
    return (docs / "results-smollm2.md").read_text(encoding="utf-8")


def section(text: str, title: str) -> str:
    """What stands under a heading."""
    return text.split(f"## {title}\n")[1].split("\n## ")[0]


def test_page_and_figures_are_beside_those_of_t2l_mini(text: str, docs: Path) -> None:
    assert [path.name for path in docs.glob("*.md")] == ["results-smollm2.md"]
    assert (docs / "figures-smollm2" / "conditions-labels.svg").exists()
    assert not (docs / "figures").exists()
    assert "](figures-smollm2/conditions-labels.svg)" in text
    assert "`invented/model`" in text and "configs/mini.yaml" not in text
    assert "--config configs/smollm2.yaml" in text


def test_every_group_and_public_folder_has_its_table(text: str) -> None:
    for title, tasks in (
        ("Unseen tasks", 7),
        ("Unseen compositions", 2),
        ("Unseen label schemes", 2),
        ("Unseen parameters", 1),
        ("Whole unseen relations and kinds", 2),
        ("Training tasks in unseen phrasings", 1),
        ("Public tasks: Super-NaturalInstructions", 1),
    ):
        found = section(text, title)
        line = f"| adapter of the task's description (`matched`) | {tasks} | 80.0% (80.0 to 80.0) |"
        assert line in found, title
    assert "hypernetworks of 1 training seed, 1 sampling seed." in text
    for name in conditions_of("chat"):
        if not name.startswith("strength_"):
            assert f"(`{name}`) | 7 |" in section(text, "Unseen tasks"), name


def test_bars_are_judged_with_and_without_the_tasks_that_are_reported_apart(text: str) -> None:
    lines = {line.split(" | ")[0][2:]: line for line in section(text, "Bars").splitlines()}
    first = lines["exact match with the description's adapter"]
    assert first.endswith("| ≥ 45.0% | 80.0% (80.0 to 80.0) | met | 70.0% (50.0 to 80.0) |")
    assert "| +40.0 (+40.0 to +40.0) | met |" in lines["above five examples in the prompt"]
    assert "| +2.0 (+2.0 to +2.0) | met |" in lines["below training-style phrasings"]
    guessed = 80 - 100 * (1 / 2 + 1 / 3) / 2
    assert f"| +{guessed:.1f} (" in lines["new label schemes: above guessing"]
    generous = lines["above the description in the prompt, judged generously"]
    assert "| +60.0 (+60.0 to +60.0) | met |" in generous
    assert len(lines) > 11 and "not met" not in first


def test_impossible_tasks_are_named_with_the_rule(text: str) -> None:
    found = section(text, "Tasks that the base model can't do")
    assert "The rule names 1 of 8 unseen tasks." in found
    assert f"| `{IMPOSSIBLE}` | parameter | 0.0% | 0.0% | 0.0% |" in found
    assert text.count(f"`{IMPOSSIBLE}`") == 1


def test_labels_stand_against_guessing_by_their_number(text: str) -> None:
    found = section(text, "Label schemes against guessing")
    assert "| Unseen label schemes, 2 labels | 1 | 50.0% | 80.0% (80.0 to 80.0) | +30.0 " in found
    assert "| Unseen label schemes, 3 labels | 1 | 33.3% |" in found
    assert "| Unseen label schemes | 2 | 41.7% |" in found
    assert "| Whole unseen relations and kinds, 2 labels | 1 | 50.0% |" in found


def test_families_are_shown_with_intervals(text: str) -> None:
    found = section(text, "Families")
    assert "| `classify` | 3 | 0.0% (0.0 to 0.0) | 20.0% (20.0 to 20.0) |" in found
    assert "| `sni` | 1 |" in found
    assert found.count("### ") == 3  # unseen, seen, public: groups are parts of the unseen


def test_what_was_not_measured_is_left_out_but_for_the_bars(config: Config, tmp_path: Path) -> None:
    page = build_report(tmp_path / "nothing", tmp_path / "docs", config)
    text = page.read_text(encoding="utf-8")
    assert [line for line in text.splitlines() if line.startswith("## ")] == ["## Bars"]
    assert text.count("Not measured yet: run `") == 11
    assert "| met |" not in text


def test_measured_studies_are_shown_plainly_and_others_not(config: Config, tmp_path: Path) -> None:
    row = ResultRow("study", "odd", 0, 1, "selection", "t", "f", 6, {"matched": 0.3})
    append_rows(tmp_path / "results" / "studies.jsonl", [replace(row, study="teacher")])
    page = build_report(tmp_path / "results", tmp_path / "docs", config)
    found = section(page.read_text(encoding="utf-8"), "Studies")
    assert "### teacher" in found and found.count("### ") == 1


def test_rouge_l_has_its_own_table_where_answers_were_compared_by_it(
    config: Config, tmp_path: Path, text: str
) -> None:
    assert "ROUGE-L" not in text
    rows = [
        replace(row, rouge_l={name: value / 2 for name, value in row.exact_match.items()})
        for row in invented("sni", ["sni/one", "sni/two"], "oracle")
    ]
    append_rows(tmp_path / "results" / "main.jsonl", rows)
    page = build_report(tmp_path / "results", tmp_path / "docs", config).read_text("utf-8")
    line = "(`shuffled`) | 10.0% (10.0 to 10.0) | +30.0 (+30.0 to +30.0) |"
    assert "| condition | ROUGE-L (95% interval) |" in page and line in page


def test_tasks_that_left_the_world_are_counted(config: Config, tmp_path: Path) -> None:
    rows = invented("report", [GROUPS["labels"][0], "list/renamed"])
    append_rows(tmp_path / "results" / "main.jsonl", rows)
    text = build_report(tmp_path / "results", tmp_path / "docs", config).read_text(encoding="utf-8")
    assert "1 task that the world of tasks does not have any more" in text


def test_tasks_of_files_have_a_page_without_the_bars_of_another_world(
    config: Config, tmp_path: Path
) -> None:
    append_rows(tmp_path / "results" / "main.jsonl", invented("report", ["tasks/one"]))
    files = replace(config, tasks=FileTasks(source="folder", where="tasks"), publish=False)
    page = build_report(tmp_path / "results", tmp_path / "docs", files)
    assert page.name == "results-smollm2.md"
    text = page.read_text(encoding="utf-8")
    assert "## Bars" not in text and "## Unseen tasks" in text
