"""A start that cannot succeed: one clear sentence on stderr, exit code 2, nothing changed. Real processes."""

from __future__ import annotations

import os
import socket
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from typer.main import get_command

from nodeyard.cli.main import app

LIMIT_S = 60


def nodeyard(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {key: value for key, value in os.environ.items() if not key.startswith("NODEYARD_")}
    return subprocess.run(
        [sys.executable, "-m", "nodeyard.cli", *arguments],
        env=clean | environment,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )


def refused(run: subprocess.CompletedProcess[str]) -> str:
    """Return the one sentence that was said."""
    assert run.returncode == 2, run.stderr
    assert run.stdout == ""
    (line,) = run.stderr.splitlines()
    assert line.startswith("nodeyard: ")
    return line.removeprefix("nodeyard: ")


def unspaced(text: str) -> str:
    """Return a text without its spaces: help is wrapped, also inside words with hyphens."""
    return "".join(text.split())


def up(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    where = ("--data-dir", str(folder), "--port", "0", "--kube-port", "0")
    return nodeyard("up", *where, *arguments, **environment)


def snapshot(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix != ".lock"
    }


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("up", "--speeed", "3"), "No such option: --speeed"),
        (("up", "--port"), "Option '--port' requires an argument."),
        (("up", "here"), "Got unexpected extra argument(s) (here)"),
        (("upp",), "No such command 'upp'."),
        (("up", "--port", "http"), "Invalid value for '--port'"),
        (("up", "--port", "70000"), "--port 70000 is not a port: choose 1 to 65535, or 0 for a free one."),
        (("up", "--port", "8", "--kube-port", "8"), "--port and --kube-port are both 8"),
        (("up", "--speed", "0"), "--speed 0 is out of range: choose above 0, up to 100000."),
        (("up", "--account-id", "12"), "--account-id '12' is not an account: it must be 12 digits."),
        (("up", "--access-key", "x"), "Access key number 1 is not ID:SECRET"),
        (("up", "--host", "0.0.0.0"), "--host 0.0.0.0 would let other machines in without a password"),
        (("up", "--log-level", "loud"), "Invalid value for '--log-level'"),
        (("up", "--ready-file", "/nowhere/at/all"), "--ready-file /nowhere/at/all cannot be written"),
        (("up", "--quota", "cats=3"), "cats"),
        (("up", "--images", "/no/images"), "--images /no/images cannot be used: No such file or directory."),
    ],
    ids=lambda each: " ".join(each) if isinstance(each, tuple) else "",
)
def test_a_wrong_flag_is_told_in_one_sentence(
    tmp_path: Path, arguments: tuple[str, ...], sentence: str
) -> None:
    assert sentence in refused(nodeyard(*arguments, NODEYARD_DATA_DIR=str(tmp_path / "data")))
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("NODEYARD_PORT", "http"),
        ("NODEYARD_KUBE_PORT", "-1"),
        ("NODEYARD_SPEED", "fast"),
        ("NODEYARD_SEED", "x"),
        ("NODEYARD_ACCOUNT_ID", "me"),
        ("NODEYARD_ACCESS_KEYS", "secret-that-nobody-may-see"),
        ("NODEYARD_ADOPT", "perhaps"),
        ("NODEYARD_QUOTAS", "cats=3"),
        ("NODEYARD_LOG_LEVEL", "loud"),
        ("NODEYARD_LOG_FORMAT", "xml"),
        ("NODEYARD_HOST", "0.0.0.0"),
        ("NODEYARD_IMAGES", "/no"),
        ("NODEYARD_READY_FILE", "/nowhere/at/all"),
    ],
)
def test_a_wrong_variable_is_told_in_one_sentence(tmp_path: Path, variable: str, value: str) -> None:
    environment = {"NODEYARD_DATA_DIR": str(tmp_path / "data"), variable: value}
    sentence = refused(nodeyard("up", **environment))
    flag = "access key" if "KEYS" in variable else f"--{variable[9:].lower().replace('_', '-')}".rstrip("s")
    assert flag in sentence.lower() or variable in sentence
    assert "secret-that" not in sentence
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("flag", ["--port", "--kube-port"])
def test_a_taken_port_is_named_with_the_flag_to_change(tmp_path: Path, flag: str) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        sentence = refused(up(tmp_path / "data", flag, str(port)))
    assert sentence == (
        f"Port {port} on 127.0.0.1 is taken by another program: stop it, or choose another with {flag}."
    )
    assert not (tmp_path / "data").exists()


def test_a_data_directory_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("mine")
    sentence = refused(up(file / "data"))
    assert sentence.startswith(f"The data directory {file / 'data'} cannot be written")
    assert "Not a directory" in sentence and "--data-dir" in sentence
    assert file.read_text() == "mine"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_data_directory_without_permission_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "theirs"
    folder.mkdir(mode=0o500)
    assert "Permission denied" in refused(up(folder))
    assert list(folder.iterdir()) == []


def test_a_newer_data_format_is_refused_and_left_alone(tmp_path: Path) -> None:
    database = tmp_path / "nodeyard.sqlite"
    with sqlite3.connect(database) as raw:
        raw.execute("create table meta (key text primary key, value text)")
        raw.execute("insert into meta values ('format', '99')")
    raw.close()
    before = snapshot(tmp_path)
    sentence = refused(up(tmp_path))
    assert sentence.startswith(f"The database {database} has format 99; this program reads up to ")
    with sqlite3.connect(database) as raw:
        assert raw.execute("select value from meta").fetchall() == [("99",)]
        assert raw.execute("select name from sqlite_master where type='table'").fetchall() == [("meta",)]
    raw.close()
    assert snapshot(tmp_path).keys() == before.keys()


def test_a_database_that_is_none_is_named_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "nodeyard.sqlite").write_bytes(b"not a database, for sure " * 100)
    before = snapshot(tmp_path)
    assert "nodeyard.sqlite cannot be used" in refused(up(tmp_path))
    assert snapshot(tmp_path) == before


LONG_RUNNING = ("up", "serve")
"""Commands that are configured once and started by others: every flag of theirs has a variable."""


def test_the_help_of_every_command_says_what_default_and_variable() -> None:
    commands = get_command(app).commands  # type: ignore[attr-defined]
    assert set(commands) >= {"up", "version"}
    for name, command in commands.items():
        run = nodeyard(name, "--help")
        assert (run.returncode, run.stderr) == (0, "")
        text = unspaced(run.stdout)
        assert command.help
        assert unspaced(command.help.split(".")[0]) in text
        for option in command.params:
            if option.name == "help" or not option.opts[0].startswith("-"):
                continue
            assert option.opts[0] in text
            assert option.help and unspaced(option.help) in text
            if name not in LONG_RUNNING:
                continue
            assert option.envvar.startswith("NODEYARD_")
            assert f"envvar:{option.envvar}" in text
            if option.default not in (None, [], ()):
                assert "default:" in text.partition(option.opts[0])[2]


def test_without_a_command_the_help_is_shown() -> None:
    run = nodeyard()
    assert "Commands:" in run.stdout + run.stderr
    assert nodeyard("version").stdout.startswith("nodeyard ")
