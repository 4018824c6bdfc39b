"""Does the description do the work? Exact match on unseen tasks, with controls.

Every number is on fresh inputs, of tasks that neither the base model nor the hypernetwork has been
trained on or, for comparison, of training tasks. `matched` uses held-out phrasings (synonyms and
frames that training never had), `matched_known_words` sentences of the training grammar, which for
unseen tasks are new sentences of known words. Beside them stand the controls without which a
generator's score means nothing: no adapter, examples in the prompt instead, another task's
description, the mean adapter. Intervals are bootstrapped over tasks.
"""

import json
import logging
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from tqdm import tqdm
from transformers import LlamaForCausalLM

from t2l.base_model import ARROW, BOS, END, PAD, TOKEN_IDS, VOCABULARY, encode_prompt
from t2l.config import EvaluationConfig
from t2l.corpus import Corpus
from t2l.device import Device
from t2l.hypernetwork import Hypernetwork
from t2l.lora import LoraWeights, apply_lora
from t2l.tasks.procedural import Sample, Task

logger = logging.getLogger(__name__)

MAX_ANSWER = 32  # tokens
TASKS_A_BATCH = 6  # tasks decoded together
BOOTSTRAP_DRAWS = 2000


@dataclass(frozen=True)
class TaskResult:
    """Exact match of every condition on one task, each between 0 and 1."""

    task: str
    family: str
    seen: bool
    exact_match: dict[str, float]


@torch.no_grad()
def answer(
    model: LlamaForCausalLM,
    prompts: Sequence[str],
    device: Device,
    weights: LoraWeights | None = None,
    hypernetwork: Hypernetwork | None = None,
) -> list[str]:
    """Greedy answers up to the end of the line.

    :param prompts: texts that end in the arrow; equally many for every adapter, in its order.
    :param weights: adapters, with the hypernetwork whose target they are for.
    """
    rows = [encode_prompt(prompt) for prompt in prompts]
    longest = max(map(len, rows))
    ids = torch.tensor([[PAD] * (longest - len(row)) + row for row in rows])
    mask = torch.tensor([[0] * (longest - len(row)) + [1] * len(row) for row in rows])
    arguments = {
        "input_ids": ids.to(device.name),
        "attention_mask": mask.to(device.name),
        "max_new_tokens": MAX_ANSWER,
        "do_sample": False,
        "eos_token_id": TOKEN_IDS[END],
        "pad_token_id": PAD,
    }
    if weights is None or hypernetwork is None:
        out = model.generate(**arguments)
    else:
        with apply_lora(model, hypernetwork.target, weights):
            out = model.generate(**arguments)
    return [_text(row) for row in out[:, longest:].tolist()]


def _text(ids: Sequence[int]) -> str:
    end = TOKEN_IDS[END]
    kept = ids[: ids.index(end)] if end in ids else ids
    return "".join(VOCABULARY[index] for index in kept if index not in (PAD, BOS))


def fresh_samples(task: Task, count: int, seed: int) -> list[Sample]:
    """Examples of a task that depend on its name and the seed only."""
    rng = random.Random(f"evaluate|{seed}|{task.name}")
    return [task.sample(rng) for _ in range(count)]


def few_shot_prompt(task: Task, sample: Sample, shots: int, seed: int) -> str:
    """The prompt with other examples of the task before the question."""
    shown = fresh_samples(task, shots, seed + 1)
    lines = "".join(f"{shot.input}{ARROW}{shot.output}{END}" for shot in shown)
    return f"{lines}{sample.input}{ARROW}"


def evaluate_tasks(
    model: LlamaForCausalLM,
    hypernetwork: Hypernetwork,
    corpus: Corpus,
    known_words: Corpus,
    mean_adapter: LoraWeights,
    config: EvaluationConfig,
    device: Device,
    seen: bool,
    results: Path,
) -> list[TaskResult]:
    """Measure every condition on every task of a corpus of held-out phrasings.

    Results are appended to a JSON-lines file after every batch, and tasks already in it are not
    measured again.

    :param known_words: the same tasks in phrasings of the training grammar.
    :param mean_adapter: the static control, [1, ...].
    :param seen: whether these are training tasks.
    """
    done = read_results(results)
    todo = [index for index, task in enumerate(corpus.tasks) if (task.name, seen) not in done]
    model.to(device.name).eval()
    hypernetwork.to(device.name).eval()
    for start in tqdm(range(0, len(todo), TASKS_A_BATCH), desc="evaluate", mininterval=5):
        rows = todo[start : start + TASKS_A_BATCH]
        tasks = [corpus.tasks[row] for row in rows]
        samples = [fresh_samples(task, config.samples, config.seed) for task in tasks]
        prompts = [f"{sample.input}{ARROW}" for group in samples for sample in group]
        shots = [
            few_shot_prompt(task, sample, config.shots, config.seed + 10 * number)
            for task, group in zip(tasks, samples, strict=True)
            for number, sample in enumerate(group)
        ]
        others = [_other(corpus, row) for row in rows]
        answers = {
            "zero_shot": answer(model, prompts, device),
            f"{config.shots}_shot": answer(model, shots, device),
            "static": answer(model, prompts, device, mean_adapter, hypernetwork),
            "matched": _by_phrasing(model, hypernetwork, corpus, rows, prompts, config, device),
            "matched_known_words": _by_phrasing(
                model, hypernetwork, known_words, rows, prompts, config, device
            ),
            "shuffled": _by_phrasing(model, hypernetwork, corpus, others, prompts, config, device),
        }
        wanted = [sample.output for group in samples for sample in group]
        with results.open("a", encoding="utf-8") as file:
            for place, task in enumerate(tasks):
                part = slice(place * config.samples, (place + 1) * config.samples)
                scores = {
                    name: sum(a == b for a, b in zip(given[part], wanted[part], strict=True))
                    / config.samples
                    for name, given in answers.items()
                }
                done[(task.name, seen)] = TaskResult(task.name, task.family, seen, scores)
                file.write(json.dumps(done[(task.name, seen)].__dict__) + "\n")
    return [done[(task.name, seen)] for task in corpus.tasks]


def _other(corpus: Corpus, row: int) -> int:
    """Another task of the corpus, always the same one."""
    shift = random.Random(f"shuffle|{corpus.tasks[row].name}").randrange(1, len(corpus.tasks))
    return (row + shift) % len(corpus.tasks)


def _by_phrasing(
    model: LlamaForCausalLM,
    hypernetwork: Hypernetwork,
    corpus: Corpus,
    rows: Sequence[int],
    prompts: Sequence[str],
    config: EvaluationConfig,
    device: Device,
) -> list[str]:
    """Answers where a task's samples take its phrasings in turn.

    One adapter per phrasing; the samples are regrouped so that each adapter's rows are adjacent.
    """
    count = min(config.descriptions, config.samples)
    order, vectors = [], []
    for place, row in enumerate(rows):
        phrasings = corpus.embeddings[row]
        for turn in range(count):
            vectors.append(phrasings[turn % len(phrasings)])
            order += [
                place * config.samples + number
                for number in range(config.samples)
                if number % count == turn
            ]
    with torch.no_grad():
        weights = hypernetwork(torch.stack(vectors).to(device.name))
    given = answer(model, [prompts[index] for index in order], device, weights, hypernetwork)
    answers = [""] * len(prompts)
    for index, text in zip(order, given, strict=True):
        answers[index] = text
    return answers


@torch.no_grad()
def mean_adapter(hypernetwork: Hypernetwork, centroids: Tensor, device: Device) -> LoraWeights:
    """The static control: the adapter of the mean training description, as a batch of one."""
    vector = torch.nn.functional.normalize(centroids.mean(dim=0, keepdim=True), dim=1)
    return hypernetwork.to(device.name).eval()(vector.to(device.name))


def read_results(path: Path) -> dict[tuple[str, bool], TaskResult]:
    """Results measured so far, by task and whether it was seen."""
    if not path.exists():
        return {}
    rows = [TaskResult(**json.loads(line)) for line in path.read_text().splitlines()]
    return {(row.task, row.seen): row for row in rows}


def interval(values: Sequence[float], seed: int = 0) -> tuple[float, float]:
    """95% bootstrap interval of the mean over tasks."""
    rng = random.Random(f"bootstrap|{seed}")
    means = sorted(sum(rng.choices(values, k=len(values))) for _ in range(BOOTSTRAP_DRAWS))
    low, high = round(0.025 * BOOTSTRAP_DRAWS), round(0.975 * BOOTSTRAP_DRAWS) - 1
    return means[low] / len(values), means[high] / len(values)


def summarise(results: Sequence[TaskResult]) -> dict[str, dict[str, float | list[float]]]:
    """Mean exact match of every condition with its interval, rounded to four places."""
    summary: dict[str, dict[str, float | list[float]]] = {}
    for condition in results[0].exact_match:
        values = [row.exact_match[condition] for row in results]
        summary[condition] = {
            "exact_match": round(sum(values) / len(values), 4),
            "interval": [round(edge, 4) for edge in interval(values)],
        }
    return summary
