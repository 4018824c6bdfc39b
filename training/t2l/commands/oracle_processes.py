"""Oracles in several processes: each opens the base model and trains the groups that it is handed.

Groups are planned before anything starts, with the file of each, so who trains a group and when
changes none of its bytes. Only the first process writes the index, after a group's file is whole:
a run that is killed costs what was under way, and the next one plans the very same groups again.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable

import torch

from t2l.base.device import Device
from t2l.base.progress import Progress
from t2l.config.recipe import Config
from t2l.evaluate.opening import device_of, open_base, open_template, target_of
from t2l.evaluate.run import tasks_with_oracles
from t2l.train.objectives.oracle_store import FOLDER, Group, OracleIndex
from t2l.train.objectives.oracles import save_group
from t2l.train.workers import share_out

logger = logging.getLogger(__name__)


def train_in_processes(config: Config, processes: int) -> None:
    """Train the oracles that are not there yet.

    :param processes: how many train at once; each holds a base model. On a machine with several
        GPUs they take turns at them.
    :raises ValueError: if the folder has oracles of another base model, template or options.
    :raises WorkerLost: if a process ended before its time; what it had is to be trained yet.
    :raises Stopped: if a signal came.
    """
    names = [task.name for task in tasks_with_oracles(config)]
    index, options = _index_of(config), config.baselines.oracles
    groups = index.missing(names, options.group)
    if 0 < len(groups) < processes:
        logger.info(
            "only %d processes get work; a baselines.oracles.group below %d makes more groups",
            *(len(groups), options.group),
        )
    device, threads = device_of(config), torch.get_num_threads()
    at_once, cores = min(processes, len(groups)) * threads, os.cpu_count() or 1
    if device.name == "cpu" and at_once > max(threads, cores):
        logger.warning(
            "%d processes of %d threads each share %d cores; OMP_NUM_THREADS=%d would be faster",
            *(at_once // threads, threads, cores, max(1, cores // processes)),
        )
    progress = Progress(sum(len(group.names) for group in groups), 0, "oracles", unit="task")

    def done(group: Group) -> None:
        index.note(group)
        progress.advance(len(group.names))

    try:
        share_out(groups, processes, trainer_of, (config, device, threads), done)
    finally:
        progress.close()


def trainer_of(
    number: int, config: Config, device: Device, threads: int
) -> Callable[[Group], None]:
    """What trains a group in a worker.

    :param number: of the worker.
    :param device: as the first process chose it: another might measure something else.
    :param threads: as many as one process alone would have, or sums would be rounded otherwise.
    """
    torch.set_num_threads(threads)
    if device.name == "cuda":
        torch.cuda.set_device(number % torch.cuda.device_count())
    base = open_base(config)
    target, template = target_of(config, base), open_template(config, base)
    tasks = {task.name: task for task in tasks_with_oracles(config)}
    options, place = config.baselines.oracles, config.run_dir / FOLDER

    def train(group: Group) -> None:
        own = [tasks[name] for name in group.names]
        save_group(
            base.model,
            target,
            own,
            options,
            place / group.file,
            device,
            template=template,
            trainer=config.trainer,
        )

    return train


def _index_of(config: Config) -> OracleIndex:
    """The index of the run's oracles; the base model that says what they are for is let go."""
    base = open_base(config)
    target, template = target_of(config, base), open_template(config, base)
    place = config.run_dir / FOLDER
    return OracleIndex.open(place, target, config.baselines.oracles, template)
