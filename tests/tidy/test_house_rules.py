"""The house rules, applied to the project. What each rule catches is shown in `test_rules_catch`."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.tidy import rules

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "nodeyard"
FOLDERS = ("src", "tests", "tools", "examples", "docs", ".ci")
TEXTS = (".py", ".md", ".toml", ".yaml", ".yml", ".csv", ".txt", ".cfg", ".ini", ".sh", "")

WAITS_FOR_PROCESSES = {
    "tests/e2e/service.py",
    "tests/plane.py",
    "tests/postgres.py",
    "tests/tidy/rules.py",
}
"""Where a test may sleep between two looks at another process."""

COMMANDS_OF_THE_CLI = {"src/nodeyard/cli/"}
"""The toolkit makes a flag of each parameter of a command."""


def _named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _python(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def _texts() -> list[Path]:
    found = [path for path in ROOT.iterdir() if path.is_file()]
    found += [path for folder in FOLDERS for path in (ROOT / folder).rglob("*") if path.is_file()]
    return sorted(path for path in found if path.suffix in TEXTS and path.name not in (".git", ".coverage"))


def _ceilings() -> dict[str, int]:
    rows = (Path(__file__).parent / "large_files.txt").read_text().splitlines()
    pairs = [row.split() for row in rows if row and not row.startswith("#")]
    return {path: int(lines) for path, lines in pairs}


def _faults(paths: list[Path], rule: Callable[[str], list[str]]) -> list[str]:
    return [f"{_named(path)}: {fault}" for path in paths for fault in rule(path.read_text())]


def test_modules_are_named_after_what_they_hold() -> None:
    assert [fault for path in _python("src") for fault in rules.module_name(path.stem)] == []


def test_modules_say_what_they_are_for() -> None:
    assert _faults(_python("src", "tests", "tools", "examples"), rules.module_docstring) == []


def test_files_stay_small_and_large_ones_only_shrink() -> None:
    ceilings = _ceilings()
    sources = _python("src")
    faults = [
        fault for path in sources for fault in rules.file_size(_named(path), path.read_text(), ceilings)
    ]
    assert faults == []
    assert ceilings.keys() <= {_named(path) for path in sources}, "take files that are gone off the list"


def test_test_files_stay_small() -> None:
    paths = _python("tests", "examples", "tools")
    sizes = {_named(path): len(path.read_text().splitlines()) for path in paths}
    assert {name: size for name, size in sizes.items() if size > rules.LINES_MAX} == {}


def test_functions_stay_small() -> None:
    paths = [path for path in _python("src") if not _named(path).startswith(tuple(COMMANDS_OF_THE_CLI))]
    known = (Path(__file__).parent / "large_functions.txt").read_text().splitlines()[1:]
    found = {fault.partition(" (line")[0]: fault for fault in _faults(paths, rules.function_size)}
    assert [fault for name, fault in found.items() if name not in known] == []
    assert [name for name in known if name not in found] == [], "small now: take them off the list"


def test_only_the_system_driver_reads_the_wall_clock_and_draws_chance() -> None:
    paths = [path for path in _python("src") if "drivers/system" not in path.as_posix()]
    assert _faults(paths, rules.wall_clock_and_chance) == []


def test_no_test_sleeps() -> None:
    paths = [path for path in _python("tests") if _named(path) not in WAITS_FOR_PROCESSES]
    assert _faults(paths, rules.blind_sleep) == []


def test_nothing_prints() -> None:
    assert _faults(_python("src"), rules.printing) == []


def test_nothing_names_a_folder_of_somebodys_machine() -> None:
    assert _faults(_texts(), rules.places_of_a_machine) == []


def test_the_changelog_has_its_shape() -> None:
    assert _faults([ROOT / "CHANGELOG.md"], rules.changelog) == []


@pytest.mark.parametrize("command", ["make demo", "make test", "nodeyard up"])
def test_the_readme_tells_the_commands(command: str) -> None:
    assert command in (ROOT / "README.md").read_text()


def test_the_readme_tells_what_works_and_what_does_not() -> None:
    text = (ROOT / "README.md").read_text()
    assert "## What works today" in text
    assert text.count("\n| ") >= 5, "a row for each part"


def test_links_between_pages_lead_somewhere() -> None:
    faults = []
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        text = page.read_text()
        exists = {target: (page.parent / target).exists() for target in rules.links(text)}
        faults += [f"{_named(page)}: {fault}" for fault in rules.dead_links(text, exists)]
    assert faults == []


def test_every_dependency_has_its_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    needed = project["project"]["dependencies"] + project["dependency-groups"]["dev"]
    assert rules.unexplained(needed, (ROOT / "docs" / "dependencies.md").read_text()) == []


def test_the_locked_lists_name_no_registry() -> None:
    for page in sorted((ROOT / "requirements").iterdir()):
        assert "index-url" not in page.read_text(), page.name
