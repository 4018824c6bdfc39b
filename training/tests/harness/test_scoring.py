"""What the harness counts is what the model's own probabilities say."""

from __future__ import annotations

import copy
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from mini_bundle_for_tests import BUNDLE, ROOT
from torch import nn

from t2l.api.adapters import generate_lora, load_t2l
from t2l.base.model import BaseModel
from t2l.base.source import BaseSource
from t2l.harness.library import HarnessError, Library, open_library
from t2l.harness.local_rows import FOLDER, lines
from t2l.harness.scoring import Scorer, answers_of, quiet
from t2l.harness.served import with_adapter
from t2l.harness.suite import Benchmark, open_suite

if find_spec("lm_eval") is None:
    pytest.skip(
        "lm-evaluation-harness is not installed here; npm run test:harness has it",
        allow_module_level=True,
    )

LOCAL = open_suite("local")
# where the harness has the ten, and where our own definition of the same one is
DEFINITIONS = {
    "arc/arc_easy": "arc_easy",
    "arc/arc_challenge": "arc_challenge",
    "super_glue/boolq/default": "boolq",
    "gsm8k/gsm8k": "gsm8k",
    "hellaswag/hellaswag": "hellaswag",
    "openbookqa/openbookqa": "openbookqa",
    "piqa/piqa": "piqa",
    "winogrande/default": "winogrande",
    "humaneval/humaneval": "humaneval",
    "humaneval/humaneval_instruct": "humaneval_instruct",
    "mbpp/mbpp": "mbpp",
    "mbpp/mbpp_instruct": "mbpp_instruct",
}
ALIKE = (
    "output_type",
    "doc_to_text",
    "doc_to_target",
    "doc_to_choice",
    "gen_prefix",
    "target_delimiter",
    "process_docs",
    "num_fewshot",
    "unsafe_code",
    "repeats",
)


@pytest.fixture(scope="module")
def library() -> Library:
    return open_library()


@pytest.fixture(scope="module")
def base() -> BaseModel:
    folder = ROOT / "src" / "assets" / "base-models" / "t2l-mini-base"
    return BaseModel.open(BaseSource("mini", str(folder)))


def scorer(library: Library, base: BaseModel, *names: str, **how: Any) -> Scorer:
    options = {"chat": False, "shots": None, "limit": None, "batch": 4, "seed": 0, **how}
    found = Scorer(library, base.tokenizer, **options)
    found.load(LOCAL, {name: LOCAL.benchmarks[name] for name in names})
    return found


@pytest.mark.parametrize(("theirs", "ours"), DEFINITIONS.items(), ids=DEFINITIONS.values())
def test_local_tasks_are_asked_and_judged_as_the_harness_defines_them(
    theirs: str, ours: str
) -> None:
    load_yaml = import_module("lm_eval.tasks._yaml_loader").load_yaml
    root = Path(str(import_module("lm_eval.tasks").__file__)).parent
    one = load_yaml(root / f"{theirs}.yaml", resolve_func=False)
    other = load_yaml(FOLDER / f"{ours}.yaml", resolve_func=False)
    assert other["task"] == f"t2l_{one['task']}"
    for key in ALIKE:
        assert _named(other.get(key)) == _named(one.get(key)), key
    metrics = [[_named(m["metric"]) for m in task["metric_list"]] for task in (one, other)]
    assert metrics[0] == metrics[1]
    stops = [task.get("generation_kwargs", {}).get("until") for task in (one, other)]
    assert stops[0] == stops[1]
    filters = [[f["name"] for f in task.get("filter_list", ())] for task in (one, other)]
    assert filters[0] == filters[1]


def _named(value: object) -> object:
    """A function by its name, wherever it is defined."""
    is_place = isinstance(value, str) and value.startswith("/")
    return str(value).rpartition(".")[2] if is_place else value


def log_probability(model: nn.Module, base: BaseModel, context: str, choice: str) -> float:
    """Of a choice after a context, by one forward pass."""
    whole = base.tokenizer(f"{context} {choice}", return_tensors="pt")["input_ids"]
    begin = len(base.tokenizer(context)["input_ids"])
    with torch.no_grad():
        logits = model(input_ids=whole).logits[0, :-1].log_softmax(dim=-1)
    picked = logits.gather(1, whole[0, 1:, None])[:, 0]
    return float(picked[begin - 1 :].sum())


def test_the_right_choices_are_those_that_the_model_finds_likeliest(
    library: Library, base: BaseModel, tmp_path: Path
) -> None:
    generate_lora(load_t2l(BUNDLE), "Sort the words.").save_pretrained(tmp_path)
    asked = scorer(library, base, "openbookqa")
    benchmark = LOCAL.benchmarks["openbookqa"]
    found = {}
    for folder in (None, tmp_path):
        with with_adapter(base.model, folder) as model:
            found[folder] = asked.answers(model, benchmark).right
            wanted = []
            for row in lines(FOLDER / "openbookqa.jsonl"):
                texts = row["choices"]["text"]
                each = [
                    log_probability(model, base, row["question_stem"], text) / len(text)
                    for text in texts
                ]
                best = row["choices"]["label"][each.index(max(each))]
                wanted.append(best == row["answerKey"])
            assert found[folder] == tuple(wanted)
    assert len(found[None]) == 12


def test_the_same_questions_are_known_and_fewer_are_others(
    library: Library, base: BaseModel
) -> None:
    benchmark = LOCAL.benchmarks["boolq"]
    one, again = (
        scorer(library, base, "boolq", limit=3).answers(base.model, benchmark) for _ in range(2)
    )
    assert one == again and len(one.right) == 3
    fewer = scorer(library, base, "boolq", limit=2).answers(base.model, benchmark)
    assert fewer.questions != one.questions and fewer.right == one.right[:2]


def test_the_harness_by_itself_counts_the_same(library: Library, base: BaseModel) -> None:
    benchmark = LOCAL.benchmarks["arc_challenge"]
    alone = import_module("lm_eval").simple_evaluate(
        model=library.language_model(
            pretrained=base.model, tokenizer=copy.deepcopy(base.tokenizer), batch_size=4
        ),
        tasks=[benchmark.task],
        task_manager=library.task_manager(include_path=str(LOCAL.tasks), include_defaults=False),
        num_fewshot=2,
        bootstrap_iters=0,
        random_seed=3,
        numpy_random_seed=3,
        torch_random_seed=3,
        fewshot_random_seed=3,
    )
    wanted = answers_of(alone["samples"][benchmark.task], benchmark)
    ours = scorer(library, base, "arc_challenge", shots=2, seed=3)
    assert ours.answers(base.model, benchmark) == wanted


def test_shots_are_as_asked_but_for_tasks_that_take_none(library: Library, base: BaseModel) -> None:
    names = ("gsm8k", "piqa", "humaneval")
    for shots, wanted in ((None, [5, 0, 0]), (2, [2, 2, 0]), (0, [0, 0, 0])):
        tasks = scorer(library, base, *names, shots=shots)._tasks.values()
        assert [task.get_config("num_fewshot") for task in tasks] == wanted


def test_a_task_or_a_metric_that_there_is_not_is_named(library: Library, base: BaseModel) -> None:
    asked = scorer(library, base)
    with pytest.raises(HarnessError, match="benchmark x: lm_eval .* has no task t2l_none"):
        asked.load(LOCAL, {"x": Benchmark("k", "t2l_none", "acc")})
    sample = {"filter": "none", "metrics": ["acc"], "acc": 1.0, "doc_id": 0, "doc_hash": "a"}
    with pytest.raises(HarnessError, match=r"no metric f1 with filter none; it has acc \(none\)"):
        answers_of([sample], Benchmark("k", "t", "f1"))
    with pytest.raises(HarnessError, match="must be 0 or 1 for every answer, got 0.5"):
        answers_of([{**sample, "acc": 0.5}], Benchmark("k", "t", "acc"))


def test_a_chat_template_gets_an_empty_system_message_where_it_would_write_its_own(
    smollm2: BaseModel,
) -> None:
    said = [{"role": "user", "content": "Hello"}]
    own = smollm2.tokenizer.apply_chat_template(said, tokenize=False)
    told = smollm2.tokenizer.apply_chat_template(
        [{"role": "system", "content": ""}, *said], tokenize=False
    )
    assert "helpful AI assistant" in str(own)
    assert quiet(smollm2.tokenizer).apply_chat_template(said, tokenize=False) == told
    assert smollm2.tokenizer.apply_chat_template(said, tokenize=False) == own


def test_descriptions_are_texts_of_a_yaml_file_as_they_are_sent() -> None:
    text = (FOLDER.parent / "text-to-lora.yaml").read_text(encoding="utf-8")
    values = yaml.safe_load(text)["benchmarks"]
    for name, one in open_suite("text-to-lora").benchmarks.items():
        assert list(one.descriptions) == values[name]["descriptions"]
        assert all("\n" not in description for description in one.descriptions)
