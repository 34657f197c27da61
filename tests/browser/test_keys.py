"""Signing in where the service verifies signatures."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.browser.conftest import watched, window_of
from tests.browser.console import Console
from tests.e2e.service import Service

KEY, SECRET = "AKIDCONSOLE", "a-secret-of-the-test"


@pytest.fixture
def locked(chromium: Any, tmp_path: Any) -> Iterator[Console]:
    service = Service(tmp_path)
    service.start("--access-key", f"{KEY}:{SECRET}")
    window = window_of(chromium)
    yield from watched(window, Console(window, service.endpoint))
    service.kill()


def test_keys_are_asked_for_refused_taken_and_never_kept(locked: Console) -> None:
    locked.open()
    locked.see("heading", "Sign in")
    assert locked.findings() == []
    locked.fill("Access key ID", KEY)
    locked.fill("Secret access key", "something-else")
    locked.press("Sign in")
    locked.text("The service does not accept this access key")
    locked.fill("Secret access key", SECRET)
    locked.press("Sign in")
    locked.text("No clusters")
    kept = locked.window.evaluate("JSON.stringify([localStorage, sessionStorage, document.cookie])")
    assert SECRET not in kept
    locked.press("Sign out")
    locked.see("heading", "Sign in")
