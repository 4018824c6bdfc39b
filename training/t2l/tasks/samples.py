"""Fresh samples that depend on names and seeds only."""

import random

from t2l.tasks.source import Sample, Task


def fresh_samples(task: Task, count: int, seed: str) -> list[Sample]:
    """Samples of a task that depend on its name and the seed only."""
    rng = random.Random(f"{seed}|{task.name}")
    return [task.sample(rng) for _ in range(count)]
