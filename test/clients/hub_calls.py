"""What huggingface_hub gets from an endpoint, as JSON: every call of `hub.test.ts` in one process.

    HF_ENDPOINT=http://... HF_HOME=... python hub_calls.py CALL ARGUMENTS

CALL is a function below, ARGUMENTS a JSON object. Runs with huggingface_hub 0.x, 1.x and 2.x.
"""

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import huggingface_hub
from huggingface_hub import HfApi, HfFileSystem, hf_hub_download, snapshot_download
from huggingface_hub.utils import build_hf_headers

WEIGHTS = "adapter_model.safetensors"


def _sha256(path: str | Path) -> str:
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def _error(call: Any, *args: Any, **options: Any) -> list[str]:
    """The names of the classes of what a call raises."""
    try:
        call(*args, **options)
    except Exception as error:  # noqa: BLE001
        return [one.__name__ for one in type(error).__mro__]
    return []


def read(repository: str, commit: str) -> dict[str, Any]:
    """One call of every kind."""
    api = HfApi()
    info = api.model_info(repository, files_metadata=True)
    folder = Path(snapshot_download(repository))
    refs = api.list_repo_refs(repository)
    (weights,) = api.get_paths_info(repository, [WEIGHTS, "missing.bin"], expand=True)
    files = HfFileSystem()
    with files.open(f"{repository}/{WEIGHTS}", "rb") as stream:
        stream.seek(8)
        part = stream.read(64)
    return {
        "version": huggingface_hub.__version__,
        "sends_a_token": "authorization" in build_hf_headers(),
        "download": _sha256(hf_hub_download(repository, WEIGHTS)),
        "download_at_commit": _sha256(hf_hub_download(repository, WEIGHTS, revision=commit)),
        "snapshot": {
            str(path.relative_to(folder)): _sha256(path)
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        },
        "snapshot_commit": folder.name,
        "info": {
            "id": info.id,
            "sha": info.sha,
            "library": info.library_name,
            "pipeline": info.pipeline_tag,
            "base_model": (info.card_data or {}).get("base_model"),
            "modified": info.last_modified.isoformat() if info.last_modified else None,
            "siblings": {one.rfilename: one.size for one in info.siblings or []},
            "sha256": {one.rfilename: one.lfs["sha256"] for one in info.siblings or [] if one.lfs},
        },
        "expanded": sorted(
            name
            for name, value in vars(api.model_info(repository, expand=["sha", "likes"])).items()
            if value is not None
        ),
        "files": api.list_repo_files(repository),
        "refs": {one.name: one.target_commit for one in refs.branches},
        "tags": [one.name for one in refs.tags],
        "paths_info": {
            "path": weights.path,
            "sha256": weights.lfs["sha256"] if weights.lfs else None,
            "last_commit": weights.last_commit["oid"] if weights.last_commit else None,
        },
        "exists": api.file_exists(repository, WEIGHTS),
        "missing_exists": api.file_exists(repository, "adapter_model.bin"),
        "repository_exists": api.repo_exists(repository),
        "revision_exists": api.revision_exists(repository, "v99"),
        "part": part.hex(),
        "listed": sorted(files.ls(repository, detail=False)),
        "metadata": list(api.parse_safetensors_file_metadata(repository, WEIGHTS).tensors)[:1],
        "errors": {
            "entry": _error(hf_hub_download, repository, "missing.bin"),
            "revision": _error(hf_hub_download, repository, WEIGHTS, revision="v99"),
            "repository": _error(hf_hub_download, f"t2l/{'f' * 64}", WEIGHTS),
            "info": _error(api.model_info, f"t2l/{'f' * 64}"),
            "whoami": _error(api.whoami),
        },
    }


def describe(repository: str) -> dict[str, Any]:
    """What is said of a repository besides its files; the endpoint may end in a slash."""
    api = HfApi()
    slashed = HfApi(endpoint=f"{api.endpoint}/")
    info = slashed.model_info(repository)
    card = info.card_data.to_dict() if info.card_data else {}
    entry = HfFileSystem().info(f"{repository}/{WEIGHTS}", expand_info=True)
    root = HfFileSystem().info(repository, expand_info=True)
    api.auth_check(repository)

    def ids(**options: Any) -> list[str]:
        return [model.id for model in slashed.list_models(**options)]

    (expanded,) = list(api.list_models(expand=["likes"], limit=1))
    return {
        "card": {key: card.get(key) for key in ("license", "base_model", "library_name", "tags")},
        "by_license": ids(filter=f"license:{card.get('license')}"),
        "by_another_license": ids(filter="license:gpl-3.0"),
        "gated": ids(gated=True),
        "expanded": sorted(key for key, value in vars(expanded).items() if value is not None),
        "commits": [
            [one.commit_id, one.title, one.authors] for one in api.list_repo_commits(repository)
        ],
        "last_commits": [entry["last_commit"]["oid"], root["last_commit"]["oid"]],
        "snapshot": sorted(
            path.name
            for path in Path(snapshot_download(repository, endpoint=slashed.endpoint)).iterdir()
        ),
        "unknown_auth": _error(api.auth_check, f"t2l/{'f' * 64}"),
    }


def list_models(limit: int | None) -> list[str]:
    """The ids of all models of the endpoint."""
    return [model.id for model in HfApi().list_models(author="t2l", limit=limit, filter="peft")]


def snapshot(repository: str, revision: str) -> dict[str, str]:
    """The sha256 of every file of a repository."""
    folder = Path(snapshot_download(repository, revision=revision))
    return {
        str(path.relative_to(folder)): _sha256(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def download(repository: str, file: str) -> str:
    """The sha256 of one file; called once more if it fails, because 0.x goes on only then."""
    try:
        path = hf_hub_download(repository, file)
    except OSError:
        path = hf_hub_download(repository, file)
    return _sha256(path)


def verify(repository: str, file: str) -> dict[str, list[Any]]:
    """Exit code and output of `hf cache verify`, before and after one byte of a file changed."""
    path = Path(snapshot_download(repository)) / file
    hf = Path(sys.executable).parent / "hf"
    command = [hf, "cache", "verify", repository, "--fail-on-missing-files"]

    def run() -> list[Any]:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return [done.returncode, done.stdout + done.stderr]

    as_served = run()
    changed = bytearray(path.read_bytes())
    changed[-1] ^= 1
    path.resolve().write_bytes(changed)
    return {"as_served": as_served, "changed": run()}


if __name__ == "__main__":
    CALLS = {
        call.__name__: call for call in (read, describe, list_models, snapshot, download, verify)
    }
    print(json.dumps(CALLS[sys.argv[1]](**json.loads(sys.argv[2]))))
