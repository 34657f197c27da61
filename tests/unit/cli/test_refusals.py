"""Every command line that cannot be is refused in one sentence, with exit code 2."""

from __future__ import annotations

import pytest

from nodeyard.cli.main import run
from nodeyard.cli.refusing import EXIT_REFUSED


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["up", "--bogus"], "--bogus"),
        (["up", "--speed", "fast"], "--speed"),
        (["up", "--speed", "0"], "--speed 0 is out of range"),
        (["up", "--port"], "--port"),
        (["up", "--quota", "nodes=1"], "there is no quota 'nodes'"),
        (["up", "--host", "0.0.0.0"], "configure --access-key"),
        (["down"], "down"),
    ],
)
def test_a_refusal_is_one_sentence_that_names_what_is_wrong(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == EXIT_REFUSED
    shown = capsys.readouterr()
    assert shown.out == ""
    assert said in shown.err
    assert shown.err.startswith("nodeyard: ")
    assert shown.err.count("\n") == 1, "one line"


def test_help_and_version_end_well(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["up", "--help"]) == 0
    assert "NODEYARD_SPEED" in capsys.readouterr().out
    assert run(["version"]) == 0
    assert capsys.readouterr().out.startswith("nodeyard ")
