"""One run's parts, opened from its configuration: tasks, encoder, vectors, networks, settings."""

from dataclasses import replace
from pathlib import Path

from t2l.base.device import pick_device
from t2l.base.families import CONFIG_FILE, model_shape, read_config
from t2l.base.files import load_base_model
from t2l.config.recipe import Config
from t2l.encoders import open_encoder
from t2l.encoders.corpus import Corpus, describe
from t2l.evaluate.setting import Setting
from t2l.export.bundle.run import BundleNetwork
from t2l.hypernet.hypernetwork import Hypernetwork
from t2l.tasks.procedural.world import Task, TaskSet, procedural_tasks, wider_tasks
from t2l.train.objectives.reconstruction import start_from
from t2l.train.objectives.sft import build_hypernetwork, target_of, train_hypernetwork

RESULTS = Path(__file__).parents[2] / "results"
DESCRIPTION_SEED = 0  # of the descriptions that training draws from


def results_dir(config: Config) -> Path:
    """Where results go: beside the code for the recipe that ships, else with the run."""
    return RESULTS if config.publish else config.run_dir / "results"


def tasks_of(config: Config) -> TaskSet:
    """The run's tasks, split."""
    return procedural_tasks(config.tasks.limit, config.tasks.seed)


def report_tasks(config: Config) -> tuple[Task, ...]:
    """The unseen tasks of the report."""
    return tasks_of(config).report[: config.evaluation.tasks]


def left_out_tasks(config: Config) -> tuple[Task, ...]:
    """Tasks of left-out shapes, evenly from all of them."""
    return _evenly(tasks_of(config).left_out, config.evaluation.left_out)


def seen_tasks(config: Config) -> tuple[Task, ...]:
    """Training tasks to be measured, every n-th of them."""
    return _every(tasks_of(config).train, config.evaluation.seen_tasks)


def training_oracle_tasks(config: Config) -> tuple[Task, ...]:
    """Training tasks that get a LoRA of their own, every n-th of them."""
    return _every(tasks_of(config).train, config.baselines.training_oracles)


def _every(tasks: tuple[Task, ...], count: int) -> tuple[Task, ...]:
    step = max(1, len(tasks) // max(1, count))
    return tasks[::step][:count]


def _evenly(tasks: tuple[Task, ...], count: int) -> tuple[Task, ...]:
    count = min(count, len(tasks))
    return tuple(tasks[place * len(tasks) // count] for place in range(count))


def training_corpus(config: Config) -> Corpus:
    """The training tasks with their encoded training phrasings."""
    tasks = tasks_of(config).train
    if config.sft.training_tasks is not None:
        tasks = _evenly(tasks, config.sft.training_tasks)
    count = config.tasks.descriptions
    return describe(tasks, "train", count, DESCRIPTION_SEED, open_encoder(config))


def oracle_corpus(config: Config) -> Corpus:
    """The training tasks that have oracles, with their encoded training phrasings."""
    count = config.tasks.descriptions
    tasks = training_oracle_tasks(config)
    return describe(tasks, "train", count, DESCRIPTION_SEED, open_encoder(config))


def with_seed(config: Config, seed: int) -> Config:
    """The same run with another training seed of the hypernetwork."""
    return replace(config, sft=replace(config.sft, seed=seed))


def trained_hypernetwork(config: Config, corpus: Corpus) -> Hypernetwork:
    """The hypernetwork of the configured seed, trained first (or to its end) if it is not."""
    folder = config.run_dir / "base" / "final"
    model = load_base_model(folder)
    target = target_of(model, folder, config)
    network = build_hypernetwork(config, target, corpus.embeddings[0].shape[1])
    store = config.run_dir / "sft" / f"seed-{config.sft.seed}"
    if config.sft.warm_start and not store.exists():
        start_from(network, reconstruction_folder(config))
    return train_hypernetwork(config, model, network, corpus, store, pick_device())


def meta_corpus(config: Config) -> Corpus:
    """What the hypernetwork trains on: the training tasks and, if it has all, wider ones."""
    train = training_corpus(config)
    if config.sft.training_tasks is not None or config.tasks.wider == 0:
        return train
    rows = wider_tasks(tasks_of(config), config.tasks.wider, config.tasks.seed)
    count = config.tasks.wider_descriptions
    return train.joined(describe(rows, "train", count, DESCRIPTION_SEED, open_encoder(config)))


def reconstruction_folder(config: Config) -> Path:
    """Where the reconstruction-trained network of the configured variant lies."""
    return config.run_dir / "reconstruction" / config.hypernetwork.variant


def load_hypernetwork(config: Config) -> Hypernetwork:
    """The trained hypernetwork of the configured seed.

    :raises FileNotFoundError: if it was not trained.
    """
    folder = config.run_dir / "sft" / f"seed-{config.sft.seed}" / "final"
    if not folder.exists():
        raise FileNotFoundError(f"{folder}: no trained hypernetwork; run the `sft` stage first")
    network = Hypernetwork.load(folder)
    if network.target.attention is None:  # trained before targets had it
        file = config.run_dir / "base" / "final" / CONFIG_FILE
        attention = model_shape(read_config(file), file).attention
        network.target = replace(network.target, attention=attention)
    return network


def open_setting(
    config: Config, hypernetwork: Hypernetwork | BundleNetwork, corpus: Corpus
) -> Setting:
    """What conditions measure a hypernetwork with."""
    device = pick_device()
    return Setting(
        model=load_base_model(config.run_dir / "base" / "final").to(device.name),
        hypernetwork=hypernetwork.to(device.name).eval(),
        encoder=open_encoder(config),
        train=corpus,
        config=config,
        device=device,
        store=config.run_dir,
    )
