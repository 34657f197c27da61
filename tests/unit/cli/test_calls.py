"""The command line says in one sentence what is wrong and what to do, and leaves with code 2."""

from __future__ import annotations

import pytest

from nodeyard.cli.main import run

NOWHERE = ("--endpoint", "http://127.0.0.1:1", "--region", "eu-west-1")


@pytest.fixture(autouse=True)
def _no_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_ENDPOINT_URL", "NODEYARD_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("groups", "list", *NOWHERE), "Nobody answers at http://127.0.0.1:1: start the service"),
        (("updates", "watch", "prod", "blue", *NOWHERE), "Nobody answers"),
        (("events", "--follow", *NOWHERE), "Nobody answers"),
        (("groups", "list"), "No Region is set: give --region"),
        (("groups", "list", "--endpoint", "localhost:1", "--region", "x"), "is no address"),
        (("updates", "watch", "prod"), "Missing argument 'GROUP'. See `nodeyard updates watch --help`."),
        (("faults",), "Missing command. See `nodeyard faults --help`."),
        (("catalog", "publish", "--ami-type", "X"), "Missing option '--kubernetes-version'"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    arguments: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(list(arguments)) == 2
    errors = capsys.readouterr().err
    assert said in errors
    assert len(errors.splitlines()) == 1


def test_the_service_model_is_printed_for_the_aws_cli(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["service-model"]) == 0
    assert '"signingName": "nodeyard"' in capsys.readouterr().out
