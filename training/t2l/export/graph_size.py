"""Whether a hypernetwork is to be one graph or a body and chunks.

An isolate has 128 MB in all. A whole graph has its heads' weights and, while it runs, three copies
of the LoRA it makes in the WebAssembly heap: as computed, put into PEFT's orientation, and on its
way out; beside them stand the runtime, an embedded encoder and the JavaScript half. The heads and
the copies may take 24 MiB together, which is cautious: S at the sizes of Mistral-7B is above that
and goes in chunks, though `npm run bench` measured it whole below 128 MB in both precisions
(docs/operations.md, "What it costs"). Of what ships both networks are whole.
"""

from __future__ import annotations

WHOLE_BYTES = 24 * 2**20  # what the heads and the LoRA on its way may take
COPIES = 3
FLOAT32_BYTES = 4
RUNTIME_BYTES = 17e6  # of ONNX Runtime in the WebAssembly heap
HEAP_BYTES = 4e6  # of code
ENCODER_HEAP_BYTES = 23e6  # of a tokenizer, and of what is let go of but not collected yet
GROWTH = 1.1  # the WebAssembly heap grows in steps of a fifth


def chunked_memory(encoder_bytes: int, body_bytes: int, chunk_bytes: int, lora_values: int) -> int:
    """About the peak of an isolate's memory with a graph in chunks; `src/bundle/needs.ts` agrees.

    A chunk lies in the WebAssembly heap once, and on its way there once outside; the LoRA is there
    as it is made and as it is packed.

    :param encoder_bytes: of an embedded encoder, 0 for one that runs elsewhere.
    :param body_bytes: of the part of the body that stays loaded.
    """
    wasm = RUNTIME_BYTES + encoder_bytes + body_bytes + chunk_bytes
    code = HEAP_BYTES + (ENCODER_HEAP_BYTES if encoder_bytes else 0)
    heap = code + 2 * FLOAT32_BYTES * lora_values + chunk_bytes
    return round(GROWTH * wasm + heap)


def fits_whole(weight_bytes: int, lora_values: int) -> bool:
    """Whether an isolate holds the graph whole.

    :param weight_bytes: of the heads, at the graph's precision.
    :param lora_values: values in one adapter.
    """
    return weight_bytes + COPIES * FLOAT32_BYTES * lora_values <= WHOLE_BYTES
