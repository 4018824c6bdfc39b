"""One run's parts, opened from its configuration: tasks, base model, encoder, networks."""

import logging
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from t2l.base.families import CONFIG_FILE, model_shape, read_config
from t2l.base.typed import on_device
from t2l.config.recipe import OF_ORACLES, Config, ConfigError
from t2l.encoders.corpus import Corpus, describe
from t2l.encoders.open import open_encoder
from t2l.evaluate.identity import claims, network_identity
from t2l.evaluate.opening import (
    BASE,
    device_of,
    identity_of,
    open_base,
    open_base_for_sft,
    open_template,
    target_of,
)
from t2l.evaluate.setting import Setting
from t2l.export.bundle.run import BundleNetwork
from t2l.hypernet.hypernetwork import Hypernetwork
from t2l.tasks.open import open_tasks
from t2l.tasks.procedural import world as procedural
from t2l.tasks.sides import evenly
from t2l.tasks.source import Task, TaskSet
from t2l.train.objectives.reconstruction import start_from
from t2l.train.objectives.sft import build_hypernetwork, train_hypernetwork
from t2l.train.parallel import join_world

logger = logging.getLogger(__name__)

RESULTS = Path(__file__).parents[2] / "results"
DESCRIPTION_SEED = 0  # of the descriptions that training draws from


def results_dir(config: Config) -> Path:
    """Where results go: beside the code for a recipe that ships, else with the run.

    A recipe that ships and was trained anew has its results with the run too (`keep_apart`).
    """
    return published_dir(config) if is_published(config) else _own_results(config)


def is_published(config: Config) -> bool:
    """Whether the run's results are those that the documentation is made from."""
    return bool(config.publish) and not _own_results(config).exists()


def published_dir(config: Config) -> Path:
    """Where the results of the recipe that ships lie."""
    return RESULTS / config.publish if isinstance(config.publish, str) else RESULTS


def _own_results(config: Config) -> Path:
    return config.run_dir / "results"


def keep_apart(config: Config, network: Hypernetwork) -> None:
    """Leave published results alone, if they are of other networks than those trained here.

    Training gives the same weights on the same kind of machine alone; a recipe that is trained
    elsewhere is measured too, into the run's own folder. So is a copy of a recipe that still
    publishes where the first one does, also with a variant or a seed that has no rows there yet.
    """
    place = f"main/{config.hypernetwork.variant}/{config.sft.seed}"
    published = {
        name: identity
        for name, identity in claims(published_dir(config) / "main.jsonl").items()
        if name.startswith("main/") and not name.startswith("main/base/")
    }
    if not is_published(config) or not published or _continues(config, network, published, place):
        return
    known, own = place if place in published else next(iter(published)), _own_results(config)
    logger.info(
        "%s has the results of network %s under %s, which was trained elsewhere, so those of "
        "this run go to %s; a recipe of one's own says publish: false, or a name of its own",
        published_dir(config),
        published[known][:12],
        known,
        own,
    )
    own.mkdir(parents=True)


def _continues(
    config: Config, network: Hypernetwork, published: Mapping[str, str], place: str
) -> bool:
    """Whether a network belongs to the run whose results are published: it is one of theirs, or
    another variant or seed beside one of theirs."""
    if place in published:
        return published[place] == network_identity(network)
    for name, identity in published.items():
        seeded = with_seed(config, int(name.rsplit("/", 1)[1]))
        with suppress(FileNotFoundError):
            if network_identity(load_hypernetwork(seeded)) == identity:
                return True
    return False


def tasks_of(config: Config) -> TaskSet:
    """The run's tasks, split."""
    return open_tasks(config.tasks)


def procedural_tasks_of(config: Config) -> procedural.TaskSet:
    """The run's tasks as t2l-mini's own stages take them: with steps and control codes.

    :raises ConfigError: if they are others.
    """
    if config.tasks.source != "procedural":
        raise ConfigError(f"tasks.source {config.tasks.source} has no steps; set it to procedural")
    return procedural.procedural_tasks(config.tasks.limit, config.tasks.seed)


def report_tasks(config: Config) -> tuple[Task, ...]:
    """The unseen tasks of the report."""
    return tasks_of(config).report[: config.evaluation.tasks]


def oracle_tasks(config: Config) -> tuple[Task, ...]:
    """The unseen tasks of the report that get a LoRA of their own, evenly from all of them."""
    tasks, count = report_tasks(config), config.evaluation.oracle_tasks
    return tasks if count is None else evenly(tasks, count)


def tasks_with_oracles(config: Config) -> tuple[Task, ...]:
    """Tasks that get a LoRA of their own; training tasks where a condition is made of theirs."""
    left = config.evaluation.leave_out
    own = () if "oracle" in left else (*oracle_tasks(config), *left_out_tasks(config))
    of_training = set(OF_ORACLES) - {"oracle"} <= set(left)
    return own if of_training else (*training_oracle_tasks(config), *own)


def left_out_tasks(config: Config) -> tuple[Task, ...]:
    """Tasks of left-out shapes, evenly from all of them."""
    return evenly(tasks_of(config).left_out, config.evaluation.left_out)


def public_tasks(config: Config) -> dict[str, tuple[Task, ...]]:
    """Tasks that others wrote and no training sees, by the folder that they are from."""
    return dict(getattr(tasks_of(config), "public", {}))


def seen_tasks(config: Config) -> tuple[Task, ...]:
    """Training tasks to be measured, every n-th of them."""
    return _every(tasks_of(config).train, config.evaluation.seen_tasks)


def training_oracle_tasks(config: Config) -> tuple[Task, ...]:
    """Training tasks that get a LoRA of their own, every n-th of them."""
    return _every(tasks_of(config).train, config.baselines.training_oracles)


def _every(tasks: tuple[Task, ...], count: int) -> tuple[Task, ...]:
    step = max(1, len(tasks) // max(1, count))
    return tasks[::step][:count]


def training_corpus(config: Config) -> Corpus:
    """The training tasks with their encoded training phrasings."""
    tasks = tasks_of(config).train
    if config.sft.training_tasks is not None:
        tasks = evenly(tasks, config.sft.training_tasks)
    count = config.tasks.descriptions
    return describe(tasks, "train", count, DESCRIPTION_SEED, open_encoder(config))


def selection_corpus(config: Config) -> Corpus | None:
    """The unseen tasks whose loss is watched, in selection phrasings; None if none is."""
    if config.trainer.validate_steps == 0:
        return None
    tasks = evenly(tasks_of(config).selection, config.trainer.validation_tasks)
    return describe(tasks, "selection", 1, DESCRIPTION_SEED, open_encoder(config))


def oracle_corpus(config: Config) -> Corpus:
    """The training tasks that have oracles, with their encoded training phrasings."""
    count = config.tasks.descriptions
    tasks = training_oracle_tasks(config)
    return describe(tasks, "train", count, DESCRIPTION_SEED, open_encoder(config))


def meta_corpus(config: Config) -> Corpus:
    """What the hypernetwork trains on: the training tasks and, if it has all, wider ones."""
    train = training_corpus(config)
    tasks = config.tasks
    if tasks.source != "procedural" or tasks.wider == 0 or config.sft.training_tasks is not None:
        return train
    rows = procedural.wider_tasks(procedural_tasks_of(config), tasks.wider, tasks.seed)
    count = tasks.wider_descriptions
    return train.joined(describe(rows, "train", count, DESCRIPTION_SEED, open_encoder(config)))


def with_seed(config: Config, seed: int) -> Config:
    """The same run with another training seed of the hypernetwork."""
    return replace(config, sft=replace(config.sft, seed=seed))


def trained_hypernetwork(config: Config, corpus: Corpus) -> Hypernetwork:
    """The hypernetwork of the configured seed, trained first (or to its end) if it is not."""
    join_world()  # first, so that weights in 4 bits, which load onto a GPU, load onto our own
    base = open_base_for_sft(config)
    template = open_template(config, base)
    dim = corpus.embeddings[0].shape[1]
    network = build_hypernetwork(config, target_of(config, base), dim, base.model)
    store = config.run_dir / "sft" / f"seed-{config.sft.seed}"
    if config.sft.warm_start and not store.exists():
        start_from(network, reconstruction_folder(config))
    return train_hypernetwork(
        config,
        base.model,
        network,
        corpus,
        store,
        device_of(config),
        template=template,
        selection=selection_corpus(config),
        identity=identity_of(config, base, template, corpus),
        options=config.trainer,
        definitions=getattr(config.template, "definition_share", 0.0),
    )


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
        file = config.run_dir / BASE / CONFIG_FILE
        attention = model_shape(read_config(file), file).attention
        network.target = replace(network.target, attention=attention)
    return network


def open_setting(
    config: Config, hypernetwork: Hypernetwork | BundleNetwork, corpus: Corpus
) -> Setting:
    """What conditions measure a hypernetwork with."""
    device, base = device_of(config), open_base(config)
    return Setting(
        model=on_device(base.model, device.name),
        hypernetwork=hypernetwork.to(device.name).eval(),
        encoder=open_encoder(config),
        train=corpus,
        config=config,
        device=device,
        store=config.run_dir,
        template=open_template(config, base),
    )
