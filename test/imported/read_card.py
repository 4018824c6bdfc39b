"""Read an adapter's model card as the tools it is written for do, and print what they found.

    python test/imported/read_card.py FOLDER

FOLDER has `adapter/` with the adapter's files, and the base model under its own name, so that the
card's blocks of Python run in it as they are. Prints JSON: the front matter, the description as a
Markdown renderer shows it, the tags of the rendered card, and the logits of the models that the two
blocks load and of the base model.
"""

import json
import os
import re
import sys

import torch
import yaml
from huggingface_hub import ModelCard
from markdown_it import MarkdownIt

os.environ["HF_HUB_OFFLINE"] = "1"
os.chdir(sys.argv[1])
card = ModelCard.load("adapter/README.md", ignore_metadata_errors=False)
front = re.match(r"---\n(.*?)\n---\n", card.content, re.DOTALL)
html = MarkdownIt("commonmark", {"html": True}).enable("table").render(card.text)
quotation = re.search(r"<blockquote>\s*<p>(.*?)</p>\s*</blockquote>", html, re.DOTALL)

logits = {}
for title in ("PEFT", "transformers"):
    block = re.search(rf"^### {title}\n\n```python\n(.*?)^```$", card.content, re.M | re.S)
    scope: dict = {}
    exec(block[1], scope)
    ids = torch.arange(3, 11)[None]
    with torch.no_grad():
        logits[title] = scope["model"](ids).logits[0, -1].tolist()
        if title == "PEFT":
            with scope["model"].disable_adapter():
                logits["base"] = scope["model"](ids).logits[0, -1].tolist()

print(
    json.dumps(
        {
            "card": card.data.to_dict(),
            "yaml": yaml.safe_load(front[1]),
            "quotation": quotation[1],
            "tags": sorted(set(re.findall(r"<(\w+)", html))),
            "logits": logits,
        }
    )
)
