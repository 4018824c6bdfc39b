"""A model's id, commit, licence and config come from its folder, the hub or the hub's cache."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from hashlib import sha1
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import huggingface_hub.constants
import pytest
from target_models_for_tests import CARD, ID, LLAMA, REVISION, folder

from t2l.base.target import TargetSpec

TRAINING = Path(__file__).parents[2]


def test_a_licence_called_other_is_told_by_its_name(run_t2l, tmp_path: Path):
    card = "---\nlicense: other\nlicense_name: qwen-research\n---\n"
    made = json.loads(run_t2l("target", folder(tmp_path, card=card)))
    assert made["base_model"]["license"] == "qwen-research"


@pytest.mark.parametrize(
    ("config", "card", "words"),
    [
        ({**LLAMA, "_commit_hash": REVISION}, CARD, "the id of .* give --id"),
        ({**LLAMA, "_name_or_path": "/tmp/llama"}, CARD, "the id of .* give --id"),
        ({**LLAMA, "_name_or_path": ID}, CARD, "the revision of .* give --revision"),
        (None, None, "the license of .* give --license"),
        (None, "# No front matter\n", "the license of .* give --license"),
        (None, "---\nlicense: [\n---\n", "README.md: its front matter .* --license"),
    ],
)
def test_what_a_folder_does_not_tell_is_asked_for(
    refused_by_t2l, tmp_path: Path, config, card, words
):
    message = refused_by_t2l(
        "target", folder(tmp_path, config, card), "--out", tmp_path / "spec.json"
    )
    assert re.search(words, message), message
    assert not list(tmp_path.glob("spec.json*"))


def test_a_card_beside_a_config_of_another_name_is_not_about_it(refused_by_t2l, tmp_path: Path):
    model = folder(tmp_path)
    config = (model / "config.json").rename(model / "llama.json")
    assert "give --license" in refused_by_t2l("target", config)


class Hub(BaseHTTPRequestHandler):
    """The hub's read protocol for one model that has a config and a licence."""

    config = json.dumps(LLAMA).encode()
    asked: list[str] = []

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def _answer(self, body: bool) -> None:
        path = self.path.split("?")[0]
        self.asked.append(path)
        if path.startswith("/api/models/org/small"):
            card = {"license": "apache-2.0"}
            model = {"id": "org/small", "sha": REVISION, "cardData": card, "siblings": []}
            content = json.dumps(model).encode()
        elif path in (f"/org/small/resolve/{ref}/config.json" for ref in ("main", REVISION)):
            content = self.config
        else:
            self.send_response(404)
            self.send_header("X-Error-Code", "RepoNotFound")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.send_header("ETag", f'"{sha1(content).hexdigest()}"')
        self.send_header("X-Repo-Commit", REVISION)
        self.end_headers()
        if body:
            self.wfile.write(content)

    def log_message(self, format: str, *arguments: object) -> None:
        """Keep the test's output clean."""


@pytest.fixture
def hub() -> Iterator[str]:
    Hub.asked = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_a_hub_id_downloads_the_config_and_nothing_else(hub: str, tmp_path: Path):
    environment = {**os.environ, "HF_ENDPOINT": hub, "HF_HOME": str(tmp_path / "hf")}
    environment |= {"HF_HUB_OFFLINE": "0", "NO_PROXY": "127.0.0.1"}
    command = [sys.executable, "-m", "t2l", "target", "org/small", "--modules", "v_proj,q_proj"]
    done = subprocess.run(command, cwd=TRAINING, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    spec = TargetSpec.from_json(json.loads(done.stdout))  # so nothing else is on standard output
    assert (spec.base_model.id, spec.base_model.revision) == ("org/small", REVISION)
    assert spec.base_model.license == "apache-2.0"
    assert spec.module_names == ("v_proj", "q_proj")
    files = {path for path in Hub.asked if "/resolve/" in path}
    assert files == {"/org/small/resolve/main/config.json"}
    unknown = [*command[:4], "org/none"]
    done = subprocess.run(unknown, cwd=TRAINING, env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert "org/none is neither here nor on the hub" in done.stderr.splitlines()[-1]


@pytest.fixture
def cached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An offline machine whose hub cache has the config of one commit; the commit's folder."""
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))
    model = tmp_path / "models--org--small"
    (model / "refs").mkdir(parents=True)
    (model / "refs" / "main").write_text(REVISION)
    return folder(model / "snapshots" / REVISION, LLAMA, card=None)


def test_a_hub_id_works_from_the_cache(run_t2l, refused_by_t2l, cached: Path):
    assert "license of org/small is not known: give --license" in refused_by_t2l(
        "target", "org/small"
    )
    made = json.loads(run_t2l("target", "org/small", "--license", "mit"))["base_model"]
    assert (made["id"], made["revision"], made["license"]) == ("org/small", REVISION, "mit")
    (cached / "README.md").write_text(CARD)
    made = json.loads(run_t2l("target", "org/small", "--revision", REVISION))["base_model"]
    assert (made["revision"], made["license"]) == (REVISION, "llama3.1")


def test_a_hub_id_that_cannot_be_reached_is_refused(refused_by_t2l, cached: Path):
    message = refused_by_t2l("target", "org/absent")
    assert "org/absent is no local path, and its config.json did not come from the hub" in message
    assert "give a local folder or file" in message
    assert "--id is for a local model" in refused_by_t2l("target", "org/small", "--id", "a/b")
