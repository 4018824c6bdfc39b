"""Samples that depend on names and seeds only."""

import random

from t2l.tasks.source import Part, Sample, Task

TRIES = 40  # draws a sample, before a table counts as used up


def fresh_samples(task: Task, count: int, seed: str, part: Part = "train") -> list[Sample]:
    """Samples of a task that depend on its name and the seed only."""
    rng = random.Random(f"{seed}|{task.name}")
    return [task.sample(rng, part) for _ in range(count)]


def distinct_samples(task: Task, count: int, seed: str, part: Part = "train") -> list[Sample]:
    """The same with inputs that differ, as far as the task has so many; then they come again."""
    rng = random.Random(f"{seed}|{task.name}")
    found: dict[str, Sample] = {}
    for _ in range(TRIES * count):
        sample = task.sample(rng, part)
        found.setdefault(sample.input, sample)
        if len(found) == count:
            break
    samples = list(found.values())
    return [samples[index % len(samples)] for index in range(count)]
