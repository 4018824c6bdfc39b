"""Which network the rows of a results file are of, so that rows of two are never mixed.

A row's key says study, variant and seed, which a network that is trained anew has too. So the first
measurement of a key writes down what it measured, beside the file: the sha256 of the hypernetwork's
weights, or the base model's revision for conditions without one. Anything else under the same key
is refused, instead of being told the old network's figures.
"""

import hashlib
import json
from pathlib import Path

from t2l.config.recipe import ConfigError
from t2l.evaluate.setting import Setting
from t2l.export.bundle.run import BundleNetwork
from t2l.hypernet.hypernetwork import Hypernetwork


def identity_of(setting: Setting, train_seed: int) -> str:
    """What the rows of a training seed depend on; -1 is for conditions without a hypernetwork."""
    network = setting.hypernetwork
    if train_seed < 0 or isinstance(network, BundleNetwork):
        return network.target.base_model.revision
    return network_identity(network)


def network_identity(network: Hypernetwork) -> str:
    """The sha256 of a hypernetwork's weights, and of the base model's revision."""
    found = hashlib.sha256(network.target.base_model.revision.encode())
    for name, value in sorted(network.state_dict().items()):
        found.update(name.encode())
        found.update(value.detach().cpu().contiguous().numpy().tobytes())
    return found.hexdigest()


def claims(results: Path) -> dict[str, str]:
    """What the rows of a results file are of, by place."""
    path = _claims_file(results)
    if not path.exists():
        return {}
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise ConfigError(
            f"{path}: no JSON: it says which networks the rows of {results.name} are of; get it "
            "back, or remove both"
        ) from error


def _claims_file(results: Path) -> Path:
    return results.with_suffix(".networks.json")


def claim(results: Path, place: str, identity: str, measured: bool) -> None:
    """Write down what is measured under a place of a results file.

    :param place: study, variant and training seed.
    :param measured: whether the file has rows of that place already.
    :raises ConfigError: if those rows are of another network, or nobody knows of which.
    """
    path = _claims_file(results)
    known = claims(results)
    before = known.get(place)
    if before == identity:
        return
    if before is not None or measured:
        whose = "an unknown network" if before is None else f"network {before[:12]}"
        raise ConfigError(
            f"{results}: its rows of {place} are of {whose}, this one is {identity[:12]}: remove "
            f"those rows (and their line in {path.name}), or set publish: false"
        )
    _write(path, {**known, place: identity})


def copy_claim(results: Path, place: str, other: str) -> bool:
    """Say of another place of a results file that its rows are of the network of a first one.

    :return: whether the first one's network is known; if it is not, nothing is said.
    """
    known = claims(results)
    if place not in known:
        return False
    _write(_claims_file(results), {**known, other: known[place]})
    return True


def _write(path: Path, known: dict[str, str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(known, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    partial.replace(path)
