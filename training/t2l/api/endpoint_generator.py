"""Adapters from an endpoint over HTTP, bound to one version of a hypernetwork.

    listing -> version and digest; POST the task -> document -> two files, sha256 checked -> Lora

What an endpoint answers is data from outside: it is parsed by the models at the end, and an adapter
that is not the target's is refused.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any

import pydantic
from safetensors import SafetensorError
from safetensors.torch import load as parse_safetensors
from torch import Tensor

from t2l.api.fit import Fit, Verdict
from t2l.api.generated import Hypernet, Lora
from t2l.base.peft_io import CONFIG_FILE, WEIGHTS_FILE, kind_of, peft_config, tensor_name
from t2l.base.target import BaseModelRecord, TargetModule, TargetSpec
from t2l.encoders.service import ServiceError, ask, request
from t2l.export.bundle.manifest import digest


class EndpointGenerator:
    """An endpoint over HTTP; it is bound to the version that was active when it was loaded.

    :param url: of the endpoint, with or without a path before `/v1`.
    :param hypernet: a name, `name@version` or a digest; the endpoint's default without it.
    :param precision: of the computation, `float32` or `int8`; the bundle's own by default.
    :param token: sent to the endpoint as a bearer token.
    :param unlisted: whether lists and searches are to leave out what is made anew.
    :param allow_unfit: whether adapters are wanted that are not expected to work; None leaves that
        to the endpoint.
    :raises ServiceError: if the endpoint cannot be reached or does not speak this API.
    :raises ValueError: for a hypernetwork or precision it does not have.
    """

    def __init__(
        self,
        url: str,
        hypernet: str | None = None,
        precision: str | None = None,
        *,
        token: str | None = None,
        unlisted: bool = False,
        allow_unfit: bool | None = None,
    ) -> None:
        self.url = url.rstrip("/")
        self._token = token
        self._wishes: dict[str, Any] = {"unlisted": True} if unlisted else {}
        if allow_unfit is not None:
            self._wishes["allow_unfit"] = allow_unfit
        listing = ask(_LISTING, f"{self.url}/v1/hypernets", token=token)
        name, self._version = _choose(listing, hypernet or listing.default, self.url)
        self.hypernet = Hypernet(name, self._version.version, self._version.digest)
        self.embedding_dim = self._version.encoder.dim
        if precision is not None and precision not in self._version.precisions:
            raise ValueError(
                f"{self.hypernet} has no {precision} graph; it has "
                f"{', '.join(self._version.precisions)}"
            )
        self.precision = precision

    def generate(self, task: str | Tensor) -> Lora:
        """An adapter for a normalised description, or for a float32 vector [embedding_dim].

        :raises ServiceError: with the endpoint's own words if it refuses, and for files whose
            sha256 or content is not what its document says.
        """
        body: dict[str, Any] = {"hypernet": self.hypernet.digest, "dtype": "float32", "strength": 1}
        text = task if isinstance(task, str) else None
        body |= {"embedding": task.tolist()} if isinstance(task, Tensor) else {"description": task}
        if self.precision is not None:
            body["precision"] = self.precision
        body |= self._wishes
        document = ask(_DOCUMENT, f"{self.url}/v1/adapters", body, self._token)
        made_by = document.hypernet.digest
        if made_by != self.hypernet.digest:
            raise ServiceError(f"{self.url} answered with an adapter of another digest, {made_by}")
        config = self._file(document, CONFIG_FILE)
        try:
            tensors = parse_safetensors(self._file(document, WEIGHTS_FILE))
            target = self._target(tensors, json.loads(config))
            if json.loads(config) != peft_config(target):
                raise ValueError(f"{CONFIG_FILE} is not that of {self.hypernet}")
            return Lora(target, tensors, self.hypernet, text, document.fit.said(), document.id)
        except (SafetensorError, ValueError) as error:
            raise ServiceError(f"{self.url}: adapter {document.id}: {error}") from error

    def _file(self, document: _Document, name: str) -> bytes:
        entry = document.files.get(name)
        if entry is None:
            raise ServiceError(f"{self.url}: adapter {document.id} has no {name}")
        url = f"{self.url}/v1/adapters/{document.id}/{name}"
        data = request(url, token=self._token)
        if (len(data), digest(data)) != (entry.bytes, entry.sha256):
            raise ServiceError(f"{url} gave bytes with another sha256 than {entry.sha256}")
        return data

    def _target(self, tensors: Mapping[str, Tensor], config: Mapping[str, Any]) -> TargetSpec:
        """The target; paths and sizes of modules are only in the tensors' names and shapes.

        An IA3's files tell one side of a module; the other is taken to be the same, and never used.
        """
        version, output = self._version, kind_of(config)
        first = "L" if output == "ia3" else "A"
        start, end = tensor_name("?", 0, first).split("?")
        paths = [
            name.removeprefix(start).removesuffix(end)
            for name in sorted(tensors)
            if name.startswith(start) and name.endswith(end)
        ]
        modules = []
        for module in version.target_modules:
            path = next((path for path in paths if path.rpartition(".")[2] == module), None)
            other = "L" if output == "ia3" else "B"
            b = None if path is None else tensors.get(tensor_name(path, 0, other))
            if path is None or b is None:
                raise ValueError(f"{WEIGHTS_FILE} has no tensors for {module}")
            if output == "ia3":
                feedforward = module in (config.get("feedforward_modules") or ())
                modules.append(TargetModule(module, path, b.numel(), b.numel(), feedforward))
                continue
            width = tensors[tensor_name(path, 0, "A")].shape[-1]
            modules.append(TargetModule(module, path, width, b.shape[0]))
        base = BaseModelRecord(**version.base_model.model_dump())
        return TargetSpec(
            base,
            version.layers,
            tuple(modules),
            version.rank,
            float(version.rank),
            output=output,
        )


class _BaseModel(pydantic.BaseModel):
    id: str
    revision: str
    architecture: str
    license: str


class _Encoder(pydantic.BaseModel):
    dim: int


class _Version(pydantic.BaseModel):
    version: str
    digest: str
    base_model: _BaseModel
    rank: int
    layers: int
    target_modules: list[str]
    precisions: list[str]
    encoder: _Encoder


class _Family(pydantic.BaseModel):
    name: str
    active: str | None
    versions: list[_Version]


class _Listing(pydantic.BaseModel):
    default: str
    hypernets: list[_Family]


class _File(pydantic.BaseModel):
    bytes: int
    sha256: str


class _Reason(pydantic.BaseModel):
    text: str


class _Fit(pydantic.BaseModel):
    score: float | None
    verdict: Verdict
    reason: _Reason | None = None

    def said(self) -> Fit:
        return Fit(self.score, self.verdict, None if self.reason is None else self.reason.text)


class _Maker(pydantic.BaseModel):
    digest: str


class _Document(pydantic.BaseModel):
    id: Annotated[str, pydantic.Field(pattern="^[0-9a-f]{64}$")]
    hypernet: _Maker
    fit: _Fit
    files: dict[str, _File]


_LISTING = pydantic.TypeAdapter(_Listing)
_DOCUMENT = pydantic.TypeAdapter(_Document)


def _choose(listing: _Listing, wanted: str, url: str) -> tuple[str, _Version]:
    name, _, number = wanted.partition("@")
    for family in listing.hypernets:
        for version in family.versions:
            named = family.name == name and (
                version.version == number if number else version.digest == family.active
            )
            if named or version.digest == wanted:
                return family.name, version
    known = [f"{f.name}@{v.version}" for f in listing.hypernets for v in f.versions]
    raise ValueError(f"{url} has no active hypernetwork {wanted}; it has {', '.join(known)}")
