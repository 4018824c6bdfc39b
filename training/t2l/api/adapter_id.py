"""The id that an endpoint gives an adapter, computed without one (`src/contract/adapter-id.ts`).

    sha256("t2l-adapter/2\\n" digest "\\n" precision "\\n" dtype "\\n" strength "\\n" input)

where input is `description:` and the normalised description, or `embedding:` and the sha256 of the
vector's float32 little-endian bytes. Here adapters are float32 at strength 1.
"""

from __future__ import annotations

import hashlib

from torch import Tensor

TAG = "t2l-adapter/2"


def adapter_id(digest: str, precision: str, task: str | Tensor) -> str:
    """The id of a float32 adapter at strength 1.

    :param digest: of the bundle.
    :param precision: of the computation.
    :param task: a normalised description, or a float32 vector [dim].
    """
    if isinstance(task, str):
        source = f"description:{task}"
    else:
        source = f"embedding:{hashlib.sha256(task.numpy().astype('<f4').tobytes()).hexdigest()}"
    fields = (TAG, digest, precision, "float32", "1", source)
    return hashlib.sha256("\n".join(fields).encode()).hexdigest()
