"""What a GGUF file says of itself, without its tensors: keys with texts and numbers.

    GGUF | u32 version | u64 tensors | u64 keys | (text key, u32 type, value) ...

Lists, such as a tokenizer's hundred thousand merges, are stepped over: transformers reads those.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any, BinaryIO

from t2l.base.source import BaseModelError

_TEXT, _LIST = 8, 9
_NUMBERS = {  # type -> how struct reads it
    **{0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?"},
    **{10: "Q", 11: "q", 12: "d"},
}
_LONGEST_TEXT = 1 << 24  # bytes; a chat template has some ten thousand


def read_facts(path: Path) -> dict[str, Any]:
    """Texts and numbers of a file's header by key.

    :raises BaseModelError: if it is no GGUF file, or a damaged one.
    """
    try:
        with path.open("rb") as file:
            if file.read(4) != b"GGUF":
                raise BaseModelError(f"base.where {path} is no GGUF file: it begins otherwise")
            version, _, keys = _read(file, "IQQ")
            if version not in (2, 3):
                raise BaseModelError(f"base.where {path} has GGUF version {version}, not 2 or 3")
            facts = {_text(file): _value(file, *_read(file, "I")) for _ in range(keys)}
    except OSError as error:
        raise BaseModelError(f"base.where {path} cannot be read: {error.strerror}") from None
    except (struct.error, ValueError, KeyError) as error:
        if isinstance(error, BaseModelError):
            raise
        raise BaseModelError(f"base.where {path} is a damaged GGUF file ({error})") from None
    return {key: value for key, value in facts.items() if value is not None}


def _read(file: BinaryIO, form: str) -> tuple[Any, ...]:
    form = f"<{form}"
    return struct.unpack(form, file.read(struct.calcsize(form)))


def _text(file: BinaryIO) -> str:
    (length,) = _read(file, "Q")
    if length > _LONGEST_TEXT:
        raise ValueError(f"a text of {length} bytes")
    return file.read(length).decode("utf-8", errors="replace")


def _value(file: BinaryIO, kind: int) -> Any:
    """The value at the file's place; None for a list, which is stepped over."""
    if kind == _TEXT:
        return _text(file)
    if kind != _LIST:
        return _read(file, _NUMBERS[kind])[0]
    item, count = _read(file, "IQ")
    if item in (_TEXT, _LIST):
        for _ in range(count):
            _value(file, item)
    else:
        file.seek(count * struct.calcsize(f"<{_NUMBERS[item]}"), 1)
    return None
