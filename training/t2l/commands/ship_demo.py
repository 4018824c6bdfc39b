"""Writes the tasks of a bundle's demo, and how Python answers the same questions."""

import json
from collections.abc import Sequence
from pathlib import Path

from t2l.config.recipe import Config
from t2l.evaluate.judging import exact
from t2l.evaluate.questions import Block, make_block
from t2l.evaluate.run import report_tasks
from t2l.evaluate.setting import ROOM, Setting
from t2l.tasks.sides import evenly
from t2l.tasks.source import Sample, Task
from t2l.template.characters import ARROW
from t2l.template.chat import ChatTemplate

DEMO_SEED = 20_000  # of samples and descriptions: used nowhere else
DEMO_SAMPLES = 24  # of each task of t2l-mini, whose answers cost nothing
CHAT_TASKS = 24  # of the report, evenly
CHAT_SAMPLES = 5  # of each of them
INPUT = "{input}"  # where the demo's prompt has its question


def demo_block(config: Config) -> Block:
    """The demo's questions: every task of the report, one held-out description of each."""
    return make_block(report_tasks(config), DEMO_SAMPLES, 1, DEMO_SEED, "held_out")


def ship_demo(setting: Setting) -> None:
    """Write the demo's tasks, and how Python answers the same questions, for comparison."""
    block = demo_block(setting.config)
    hits = setting.described(block, block.descriptions)
    rows = [
        {
            "name": task.name,
            "description": block.descriptions[index][0],
            "known_words": task.descriptions("train", 1, DEMO_SEED)[0],
            "samples": [
                {"prompt": f"{sample.input}{ARROW}", "answer": sample.output}
                for sample in block.samples[index]
            ],
        }
        for index, task in enumerate(block.tasks)
    ]
    document = {"python": round(sum(hits) / len(hits), 4), "tasks": rows}
    _write_demo(setting.config.assets_dir / "demo" / "unseen-tasks.json", document)


def ship_chat_demo(setting: Setting) -> None:
    """Write a chat model's demo: questions, and which of them Python gets right.

    Its prompt is the model's own template as training rendered it, so that the two cannot differ.
    """
    config, template = setting.config, setting.template
    if not isinstance(template, ChatTemplate):
        raise TypeError(f"a chat model's demo needs its chat template, not {template.name}")
    tasks = evenly(report_tasks(config), CHAT_TASKS)
    block = make_block(tasks, CHAT_SAMPLES, 1, DEMO_SEED, "held_out", template)
    rows = block.rows()
    weights = setting.generate([texts[0] for texts in block.descriptions])
    said = setting.said(rows, weights)
    hits = [exact(text, right) for text, right in zip(said, block.answers, strict=True)]
    document = {
        "kind": "chat",
        "prompt": str(template.tokenizer.decode(template.prompt(INPUT))),
        "max_tokens": ROOM + max(sum(is_answer) for _, is_answer in rows),
        "tasks": [
            _chat_task(task, block.descriptions[index][0], block.samples[index], right)
            for index, (task, right) in enumerate(zip(block.tasks, _batched(hits), strict=True))
        ],
    }
    _write_demo(config.assets_dir / "demo" / f"{config.bundle.name}.json", document)


def _batched(hits: list[bool]) -> list[list[bool]]:
    return [hits[start : start + CHAT_SAMPLES] for start in range(0, len(hits), CHAT_SAMPLES)]


def _chat_task(
    task: Task, description: str, samples: Sequence[Sample], right: list[bool]
) -> dict[str, object]:
    return {
        "name": task.name,
        "family": task.family,
        "description": description,
        "python": round(sum(right) / len(right), 4),
        "samples": [
            {"input": sample.input, "answers": list(sample.answers), "python": hit}
            for sample, hit in zip(samples, right, strict=True)
        ],
    }


def _write_demo(path: Path, document: dict[str, object]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
