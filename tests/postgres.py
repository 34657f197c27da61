"""A PostgreSQL server of the tests' own: started from Debian's package, on loopback, in a folder that goes.

It refuses to run as root, so that it runs as `postgres` or `nobody` when the tests run as root.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

LIMIT_S = 60.0
PLACES = "/usr/lib/postgresql/*/bin"


def _program(name: str) -> str:
    found = sorted(Path("/").glob(f"{PLACES[1:]}/{name}"))
    program = str(found[-1]) if found else shutil.which(name)
    if program is None:
        pytest.skip(f"PostgreSQL's {name} is neither on PATH nor in {PLACES}: install the package postgresql")
    return program


def _user() -> dict[str, int]:
    """Return the arguments that let a program run as somebody who is not root."""
    if os.getuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        try:
            person = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": person.pw_uid, "group": person.pw_gid}
    pytest.skip("PostgreSQL does not run as root, and there is neither a user postgres nor a user nobody")


class Postgres:
    """One server. `start` it, `stop` it; every test takes a database of its own."""

    def __init__(self) -> None:
        self._initdb, self._postgres = _program("initdb"), _program("postgres")
        self._user = _user()
        self._folder = Path(tempfile.mkdtemp(prefix="nodeyard-postgres-"))
        if self._user:
            os.chown(self._folder, self._user["user"], self._user["group"])
        self._data = self._folder / "data"
        self._process: subprocess.Popen[bytes] | None = None
        self._names = (f"yard{number}" for number in itertools.count(1))
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]

    def start(self) -> None:
        """Start and wait until it answers."""
        if not self._data.exists():
            made = [
                self._initdb,
                "-D",
                str(self._data),
                "-U",
                "yard",
                "-A",
                "trust",
                "-E",
                "UTF8",
                "--no-sync",
            ]
            subprocess.run([*made, "--locale=C"], check=True, stdout=subprocess.DEVNULL, **self._in_folder())
        options = {
            "port": self.port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": self._folder,
            "fsync": "off",
            "max_connections": 60,
            "log_min_messages": "error",
        }
        flags = [flag for name, value in options.items() for flag in ("-c", f"{name}={value}")]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._postgres, "-D", str(self._data), *flags], stdout=log, stderr=log, **self._in_folder()
            )
        limit = time.monotonic() + LIMIT_S
        while not self._answers():
            assert self._process.poll() is None and time.monotonic() < limit, (
                self._folder / "log"
            ).read_text()
            time.sleep(0.05)

    def stop(self) -> None:
        """End every session and the server; its data stay for another start."""
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(LIMIT_S)
            self._process = None

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self._folder)

    def new_database(self) -> str:
        """Make an empty database and return its address."""
        name = next(self._names)
        self.sql(f"CREATE DATABASE {name}")
        return self.url(name)

    def url(self, name: str) -> str:
        return f"postgresql://yard@127.0.0.1:{self.port}/{name}"

    def sql(self, statement: str, database: str = "postgres") -> str:
        """Run one statement and return its rows, columns separated by `|`."""
        psql = [_program("psql"), "-XAtq", "-v", "ON_ERROR_STOP=1", self.url(database), "-c", statement]
        return subprocess.run(psql, check=True, capture_output=True, text=True).stdout.strip()

    def _answers(self) -> bool:
        ready = [_program("pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        return subprocess.run(ready, check=False).returncode == 0

    def _in_folder(self) -> dict[str, object]:
        return {"cwd": self._folder, **self._user}


@contextlib.contextmanager
def postgres_of_its_own() -> Iterator[Postgres]:
    """Yield a server that answers and is gone afterwards; tests that want one are skipped without it."""
    server = Postgres()
    try:
        server.start()
        yield server
    finally:
        server.remove()
