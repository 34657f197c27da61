"""Signing in where the service verifies signatures, and what a key may not do."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.browser.conftest import watched, window_of
from tests.browser.console import Console
from tests.e2e.service import ACCOUNT, Service

KEY, SECRET = "AKIDCONSOLE", "a-secret-of-the-test"
LIMIT_S = 60


@pytest.fixture
def locked(tmp_path: Path) -> Iterator[Service]:
    service = Service(tmp_path)
    service.start("--access-key", f"{KEY}:{SECRET}")
    yield service
    service.kill()


@pytest.fixture
def console(chromium: Any, locked: Service) -> Iterator[Console]:
    window = window_of(chromium)
    yield from watched(window, Console(window, locked.endpoint))


def test_keys_are_asked_for_refused_taken_lost_and_never_kept(console: Console, locked: Service) -> None:
    console.open()
    console.see("heading", "Sign in")
    assert console.findings() == []
    sign_in(console, KEY, "something-else")
    console.text("The service does not accept this access key")
    sign_in(console, KEY, SECRET)
    console.text("No clusters")
    kept = console.window.evaluate("JSON.stringify([localStorage, sessionStorage, document.cookie])")
    assert SECRET not in kept
    console.window.reload()
    console.see("heading", "Sign in")
    sign_in(console, KEY, SECRET)
    console.text("No clusters")

    locked.kill()
    locked.start("--access-key", "AKIDOTHER:another-secret", "--port", str(urlsplit(locked.endpoint).port))
    console.text("UnrecognizedClientException")
    console.press("Sign out")
    console.see("heading", "Sign in")


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[tuple[str, str, str]]:
    """Run a service whose one key may look at node groups and at nothing else; yield where, id and secret."""
    (tmp_path / "seal.key").write_text("s" * 44 + "\n")
    policy = tmp_path / "policy.json"
    allowed = {"Effect": "Allow", "Action": "eks:DescribeNodegroup", "Resource": "*"}
    policy.write_text(json.dumps({"Version": "2012-10-17", "Statement": allowed}))
    ready = tmp_path / "ready.json"
    kept = ["--database-url", f"sqlite:///{tmp_path / 'nodeyard.db'}"]
    kept += ["--secret-key-file", str(tmp_path / "seal.key"), "--account-id", ACCOUNT]
    program = [sys.executable, "-m", "nodeyard.cli"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("NODEYARD_")}
    made = subprocess.run(
        [*program, "keys", "add", "ann", *kept, "--policy", str(policy)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
    )
    assert made.returncode == 0, made.stderr
    key = dict(line.split("=", 1) for line in made.stdout.splitlines())
    service = Service(tmp_path)
    with (tmp_path / "service.log").open("wb") as log:
        service.process = subprocess.Popen(
            [*program, "serve", *kept, "--port", "0", "--ready-file", str(ready)],
            env=environment,
            stdout=log,
            stderr=log,
        )
    try:
        service.until(ready.exists)
        endpoint = json.loads(ready.read_text())["endpoint"]
        yield endpoint, key["AWS_ACCESS_KEY_ID"], key["AWS_SECRET_ACCESS_KEY"]
    finally:
        service.kill()


def test_what_a_key_may_not_do_is_said_in_the_words_of_the_service(
    chromium: Any, guarded: tuple[str, str, str]
) -> None:
    endpoint, id, secret = guarded
    window = window_of(chromium)
    for console in watched(window, Console(window, endpoint)):
        console.open()
        sign_in(console, id, secret)
        console.text("AccessDeniedException")
        console.text("is not authorized to perform: eks:ListClusters")
        assert console.window.get_by_role("heading", name="Sign in").count() == 0


def sign_in(console: Console, id: str, secret: str) -> None:
    console.see("heading", "Sign in")
    console.fill("Access key ID", id)
    console.fill("Secret access key", secret)
    console.press("Sign in")
