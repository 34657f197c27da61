"""Every command line that cannot be is refused in one sentence, with exit code 2."""

from __future__ import annotations

from pathlib import Path

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


WHERE = """
apiVersion: v1
kind: Config
current-context: kind
contexts: [{name: kind, context: {cluster: c, user: u}}]
clusters: [{name: c, cluster: {server: "SERVER"}}]
users: [{name: u, user: {token: secret-token}}]
"""


@pytest.mark.parametrize(
    ("content", "flags", "said"),
    [
        (None, [], "cannot be read: No such file or directory"),
        ("a: [", [], "the kubeconfig is not YAML"),
        ("kind: Pod", [], "this is no kubeconfig"),
        (WHERE, ["--context", "prod"], "the kubeconfig has no context 'prod'"),
        (WHERE, [], "'SERVER', is no https address"),
        (
            WHERE.replace("SERVER", "https://127.0.0.1:1"),
            [],
            "cannot be joined: The Kubernetes API at https://",
        ),
    ],
)
def test_up_says_why_a_kubeconfig_leads_nowhere(
    content: str | None, flags: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "kubeconfig"
    if content is not None:
        file.write_text(content)
    where = ["--data-dir", str(tmp_path / "data"), "--port", "0", "--log-level", "error"]
    assert run(["up", "--kubeconfig", str(file), *where, *flags]) == EXIT_REFUSED
    shown = capsys.readouterr()
    assert said in shown.err and "secret-token" not in shown.err
    assert shown.err.startswith("nodeyard: ") and shown.err.count("\n") == 1, "one line"


def test_help_and_version_end_well(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["up", "--help"]) == 0
    assert "NODEYARD_SPEED" in capsys.readouterr().out
    assert run(["version"]) == 0
    assert capsys.readouterr().out.startswith("nodeyard ")
