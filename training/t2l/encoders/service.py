"""JSON over HTTP with services that may be down, refuse, or answer something else."""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any

import pydantic

TIMEOUT_S = 60  # an endpoint that just started loads its encoder first
ERROR_EXCERPT = 200  # characters of a service's answer that are repeated


class ServiceError(RuntimeError):
    """A service over HTTP that cannot be reached, refuses, or answers something else."""


def ask(
    answer: pydantic.TypeAdapter,
    url: str,
    body: Mapping[str, Any] | None = None,
    token: str | None = None,
) -> Any:
    """A checked JSON answer; a POST if there is a body.

    :param token: sent as a bearer token.
    :raises ServiceError: naming the URL, and what was wrong with the answer.
    """
    data = request(url, body, token)
    try:
        return answer.validate_json(data, strict=True)
    except pydantic.ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise ServiceError(
            f"{url} answered something else than expected: {place}: {first['msg']}"
        ) from error


def request(url: str, body: Mapping[str, Any] | None = None, token: str | None = None) -> bytes:
    """The bytes of an answer.

    :raises ServiceError: for a service that cannot be reached or answers with an error.
    """
    data = None if body is None else json.dumps(body, allow_nan=False).encode()
    asked = urllib.request.Request(url, data, {"content-type": "application/json"})
    if token is not None:
        # not sent on to wherever an answer points
        asked.add_unredirected_header("authorization", f"Bearer {token}")
    try:
        with urllib.request.urlopen(asked, timeout=TIMEOUT_S) as response:
            return response.read()
    except urllib.error.HTTPError as error:
        raise ServiceError(f"{url} answered {error.code}: {_detail(error.read())}") from error
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", error)
        raise ServiceError(f"{url} cannot be reached: {reason}") from error


def _detail(body: bytes) -> str:
    """The sentence of a problem document (RFC 9457), or the start of another answer."""
    text = body.decode(errors="replace")
    try:
        return str(json.loads(text)["detail"])
    except (ValueError, KeyError, TypeError):
        return text[:ERROR_EXCERPT]
