"""A suite is checked as a whole before anything is scored, and the ones that ship are whole."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from t2l.harness.library import HarnessError
from t2l.harness.run import chosen
from t2l.harness.suite import SHIPPED, open_suite, read_suite
from t2l.tasks.paper_split import paper_split

TEN = {name for name, side in paper_split().items() if side == "report"}


@pytest.mark.parametrize("name", SHIPPED)
def test_what_ships_has_the_ten_benchmarks_of_the_paper_with_its_descriptions(name: str) -> None:
    suite = open_suite(name)
    assert suite.name == name
    assert set(suite.benchmarks) == TEN and len(TEN) == 10
    descriptions = [text for one in suite.benchmarks.values() for text in one.descriptions]
    assert len(set(descriptions)) == 30
    assert {n for n, one in suite.benchmarks.items() if one.runs_code} == {"humaneval", "mbpp"}


def test_the_local_suite_is_judged_as_the_harness_judges_the_ten() -> None:
    local, paper = open_suite("local"), open_suite("text-to-lora")
    for name, own in local.benchmarks.items():
        for chat in (False, True):
            one, other = own.asked(chat), paper.benchmarks[name].asked(chat)
            assert one.task == f"t2l_{other.task}"
            assert (one.metric, one.filter, one.kind) == (other.metric, other.filter, other.kind)
            assert one.descriptions == other.descriptions


def test_code_is_asked_for_in_another_way_in_a_chat() -> None:
    mbpp = open_suite("text-to-lora").benchmarks["mbpp"]
    assert (mbpp.asked(False).task, mbpp.asked(False).filter) == ("mbpp", "none")
    assert (mbpp.asked(True).task, mbpp.asked(True).filter) == ("mbpp_instruct", "extract_code")


BOOLQ = {"kind": "reading", "task": "boolq", "metric": "acc", "descriptions": ["Say yes or no."]}


@pytest.mark.parametrize(
    ("benchmark", "message"),
    [
        ({**BOOLQ, "metrik": "acc"}, r"benchmarks\.boolq\.metrik: Unexpected keyword argument"),
        ({**BOOLQ, "metric": ""}, r"benchmarks\.boolq\.metric: String should have at least 1"),
        (
            {**BOOLQ, "descriptions": []},
            r"benchmarks\.boolq has no descriptions; give at least one",
        ),
    ],
)
def test_a_wrong_suite_is_refused_with_its_place(
    benchmark: dict[str, object], message: str, tmp_path: Path
) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(yaml.safe_dump({"name": "own", "benchmarks": {"boolq": benchmark}}))
    with pytest.raises(HarnessError, match=message):
        read_suite(path)


def test_a_suite_that_is_not_there_names_those_that_are() -> None:
    with pytest.raises(HarnessError, match="missing.yaml is no suite .* text-to-lora, local"):
        open_suite("missing.yaml")


def test_benchmarks_that_run_code_are_left_out_until_that_is_allowed(
    caplog: pytest.LogCaptureFixture,
) -> None:
    suite = open_suite("local")
    assert set(chosen(suite, (), run_code=False)) == TEN - {"humaneval", "mbpp"}
    assert "left out, as they run programs that the model wrote: humaneval, mbpp" in caplog.text
    assert set(chosen(suite, (), run_code=True)) == TEN
    with pytest.raises(HarnessError, match="mbpp runs programs .* allow it with --run-code"):
        chosen(suite, ("piqa", "mbpp"), run_code=False)
    with pytest.raises(HarnessError, match="suite local has no benchmark mmlu; it has arc_chall"):
        chosen(suite, ("mmlu",), run_code=True)
