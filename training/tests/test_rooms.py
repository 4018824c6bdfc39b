"""The rooms of the package: each imports from earlier ones only, and nothing lies outside them."""

import re
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "t2l"
ROOMS = (
    "config",
    "graph",
    "tasks",
    "template",
    "base",
    "encoders",
    "hypernet",
    "train",
    "export",
    "evaluate",
    "sakana",
    "api",
    "harness",
    "bridge",
    "report",
    "mini",
    "commands",
)
IMPORT = re.compile(r"^\s*from t2l\.(\w+)", re.MULTILINE)


def test_every_folder_is_a_room_with_its_idea_in_a_sentence() -> None:
    folders = {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").exists()}
    assert folders == set(ROOMS)
    assert {path.name for path in PACKAGE.glob("*.py")} == {"__init__.py", "__main__.py"}
    for room in ROOMS:
        assert (PACKAGE / room / "__init__.py").read_text(encoding="utf-8").startswith('"""')


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_from_those_before_it_only(room: str) -> None:
    before = ROOMS[: ROOMS.index(room) + 1]
    for path in sorted((PACKAGE / room).rglob("*.py")):
        for found in IMPORT.findall(path.read_text(encoding="utf-8")):
            assert found in before, f"{path.relative_to(PACKAGE)} imports from {found}"
