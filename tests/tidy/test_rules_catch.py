"""Each house rule finds the fault it is for, and leaves good code alone."""

from __future__ import annotations

import pytest

from tests.tidy import rules

LONG = "def f() -> None:\n" + "    pass\n" * 61
MANY = "def f(a, b, c, d, e, f, g):\n    pass\n"


def test_a_vague_module_name_is_caught() -> None:
    assert rules.module_name("utils")
    assert not rules.module_name("quantities")


def test_a_module_without_docstring_is_caught() -> None:
    assert rules.module_docstring("import os\n")
    assert not rules.module_docstring('"""Says it."""\nimport os\n')
    assert not rules.module_docstring("")


@pytest.mark.parametrize(
    ("lines", "ceilings", "said"),
    [
        (501, {"a.py": 600}, "more than 500"),
        (301, {}, "more than 300"),
        (351, {"a.py": 350}, "above its ceiling"),
        (300, {"a.py": 350}, "take it off the list"),
    ],
)
def test_a_file_that_is_too_large_is_caught(lines: int, ceilings: dict[str, int], said: str) -> None:
    (fault,) = rules.file_size("a.py", "x\n" * lines, ceilings)
    assert said in fault


def test_a_file_within_its_bounds_is_left_alone() -> None:
    assert not rules.file_size("a.py", "x\n" * 300, {})
    assert not rules.file_size("a.py", "x\n" * 340, {"a.py": 350})


def test_a_long_function_and_one_with_many_parameters_are_caught() -> None:
    assert "61 lines" in rules.function_size(LONG)[0]
    assert "7 parameters" in rules.function_size(MANY)[0]
    assert not rules.function_size("def f(self, a, b, c, d, e, f):\n    pass\n")


def test_a_docstring_does_not_make_a_function_long() -> None:
    docstring = '    """' + "line\n" * 70 + '"""\n'
    assert not rules.function_size("def f():\n" + docstring + "    pass\n")


@pytest.mark.parametrize(
    "call",
    [
        "datetime.now(UTC)",
        "datetime.datetime.now()",
        "date.today()",
        "time.time()",
        "time.monotonic()",
        "uuid.uuid4()",
        "random.random()",
        "random.Random()",
        "secrets.token_hex(8)",
        "os.urandom(8)",
    ],
)
def test_the_wall_clock_and_chance_are_caught(call: str) -> None:
    assert rules.wall_clock_and_chance(f"x = {call}\n")


def test_a_clock_that_is_given_is_left_alone() -> None:
    assert not rules.wall_clock_and_chance("x = clock.now()\ny = ids.uuid()\nz = ids.random()\n")
    assert not rules.wall_clock_and_chance("x = random.Random(seed)\n")
    assert rules.wall_clock_and_chance("from time import monotonic\n")


def test_a_sleeping_test_is_caught() -> None:
    assert rules.blind_sleep("time.sleep(1)\n")
    assert rules.blind_sleep("await_ = asyncio.sleep(0.1)\n")
    assert rules.blind_sleep("from time import sleep\n")
    assert not rules.blind_sleep("x = asyncio.sleep(0)\ny = clock.sleep(5)\n")


def test_print_is_caught() -> None:
    assert rules.printing("print('x')\n")
    assert not rules.printing("console.print('x')\n")


@pytest.mark.parametrize("place", ["/" + "work/x", "/" + "root/.cache", "/" + "home/ann/x"])
def test_a_folder_of_somebodys_machine_is_caught(place: str) -> None:
    assert rules.places_of_a_machine(f"see {place}\n")
    assert not rules.places_of_a_machine("see docs/README.md and $HOME/.local/share\n")


@pytest.mark.parametrize(
    "text",
    [
        "# Changes\n\n## Unreleased\n",
        "# Changelog\n\n## 1.0.0\n",
        "# Changelog\n\n## Unreleased\n\n### New\n- It is.\n",
        "# Changelog\n\n## Unreleased\n\n### Added\n- no full stop\n",
        "# Changelog\n\n## Unreleased\n\n### Added\n- A.\n\n### Added\n- B.\n",
        "# Changelog\n\n## Unreleased\n\n### Added\n<<<<<<< HEAD\n",
    ],
)
def test_a_changelog_of_another_shape_is_caught(text: str) -> None:
    assert rules.changelog(text)


def test_a_good_changelog_is_left_alone() -> None:
    begin = "# Changelog\n\n## Unreleased\n\n"
    assert not rules.changelog(f"{begin}### Added\n- A thing.\n- Over\n  two lines.\n\n### Fixed\n- B.\n")


def test_a_link_that_leads_nowhere_is_caught() -> None:
    page = "[a](a.md#part) [b](b.md) [c](https://example.org) [d](#here)\n```\n[e](e.md)\n```\n"
    assert rules.links(page) == ["a.md", "b.md"]
    assert rules.dead_links(page, {"a.md": True}) == ["link to b.md: it is not there"]


def test_a_dependency_without_a_reason_is_caught_and_a_reason_without_a_dependency() -> None:
    page = "| `rich` | progress |\n| `gone` | was useful |\n"
    faults = rules.unexplained(["rich>=14", "uvicorn[standard]>=0.5"], page)
    assert [fault.partition(":")[0] for fault in faults] == ["uvicorn", "gone"]
