"""Where a model's id, commit, licence and config come from, for a spec that is to name them.

    hub id         all of them from the hub, `config.json` as the only file that is downloaded
    folder, file   the config itself (`_name_or_path`, `_commit_hash`) and the model card beside it

What the command line gives wins over both, and what cannot be known is asked for by its option.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from huggingface_hub import HfApi, ModelCard, hf_hub_download, try_to_load_from_cache
from huggingface_hub.errors import (
    EntryNotFoundError,
    GatedRepoError,
    HFValidationError,
    HTTPError,  # pyright: ignore[reportPrivateImportUsage]
    RepositoryNotFoundError,
)
from yaml import YAMLError

from t2l.base.families import CONFIG_FILE
from t2l.base.target import TargetError

CARD_FILE = "README.md"
COMMIT = re.compile(r"^[0-9a-f]{40}$")
_HUB_ID = re.compile(r"^[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*$")


@dataclass(frozen=True)
class Identity:
    """What is known of a model's name, commit and licence; None is unknown."""

    id: str | None = None
    revision: str | None = None
    license: str | None = None

    def completed(self, model: str, config: dict[str, Any]) -> dict[str, str]:
        """The fields of a `BaseModelRecord`, with what a config tells of itself.

        :param model: what the command line calls it, for the message.
        :raises TargetError: for what is still unknown, naming its option.
        """
        known = {
            "id": self.id or _string(config, "_name_or_path", _HUB_ID),
            "revision": self.revision or _string(config, "_commit_hash", COMMIT),
            "license": self.license,
        }
        found: dict[str, str] = {}
        for field, value in known.items():
            if value is None:
                raise TargetError(f"the {field} of {model} is not known: give --{field}")
            found[field] = value
        return found


def find_model(model: str, given: Identity) -> tuple[Path, Identity]:
    """A model's config file, and what is known of it beside what that file says.

    :param model: a hub id, a folder with a config, or a config file.
    :param given: what the command line says; it wins.
    :raises TargetError: for a model that is nowhere, naming the remedy.
    """
    local = Path(model)
    if local.exists():
        return _find_local(local, given)
    if _HUB_ID.match(model) and not model.endswith(".json"):
        return _find_on_hub(model, given)
    raise TargetError(
        f"{model} does not exist: give a folder with {CONFIG_FILE}, a config file, "
        "or a hub id such as mistralai/Mistral-7B-Instruct-v0.2"
    )


def _find_local(path: Path, given: Identity) -> tuple[Path, Identity]:
    config = path / CONFIG_FILE if path.is_dir() else path
    card = config.with_name(CARD_FILE)
    # Beside a config of another name lies a text about something else.
    has_card = config.name == CONFIG_FILE and card.is_file()
    license = given.license or (card_license(card) if has_card else None)
    return config, Identity(given.id, given.revision, license)


def _find_on_hub(model: str, given: Identity) -> tuple[Path, Identity]:
    if given.id is not None:
        raise TargetError(f"--id is for a local model: {model} is looked up on the hub")
    try:
        config = Path(hf_hub_download(model, CONFIG_FILE, revision=given.revision))
    except GatedRepoError:
        raise TargetError(
            f"{model} is gated: accept its licence on the hub and log in with `hf auth login`, "
            f"or give its {CONFIG_FILE} as a file with --id, --revision and --license"
        ) from None
    except RepositoryNotFoundError:
        raise TargetError(
            f"{model} is neither here nor on the hub: give another MODEL, "
            "or log in with `hf auth login` if it is private"
        ) from None
    except (EntryNotFoundError, HFValidationError, HTTPError, OSError) as error:
        reason = str(error).strip().splitlines()[0]
        raise TargetError(
            f"{model} is no local path, and its {CONFIG_FILE} did not come from the hub "
            f"({reason}): check MODEL and --revision, or give a local folder or file"
        ) from None
    revision = config.parent.name  # the cache's folder of a commit is named after it
    license = given.license or hub_license(model, revision)
    return config, Identity(model, revision, license)


def hub_license(model: str, revision: str) -> str | None:
    """The licence that the hub's model card names at a commit."""
    try:
        return _license_of(HfApi().model_info(model, revision=revision).card_data)
    except (HTTPError, OSError):  # offline: an earlier download may have left the card
        card = try_to_load_from_cache(model, CARD_FILE, revision=revision)
        return card_license(Path(card)) if isinstance(card, str) else None


def card_license(path: Path) -> str | None:
    """The licence that a model card names.

    :raises TargetError: if its front matter cannot be read.
    """
    try:
        return _license_of(ModelCard.load(path, ignore_metadata_errors=True).data)
    except (ValueError, TypeError, YAMLError) as error:
        reason = str(error).splitlines()[0]
        raise TargetError(
            f"{path}: its front matter cannot be read ({reason}): mend it or give --license"
        ) from None


def _license_of(card: Any) -> str | None:
    """The licence that a card's data names; "other" stands for the name beside it."""
    value = getattr(card, "license", None)
    if value == "other":
        value = getattr(card, "license_name", None) or value
    return value if isinstance(value, str) and value else None


def _string(config: dict[str, Any], key: str, pattern: re.Pattern[str]) -> str | None:
    value = config.get(key)
    return value if isinstance(value, str) and pattern.match(value) else None
