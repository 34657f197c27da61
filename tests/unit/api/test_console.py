"""The files of the console as a browser is given them."""

from __future__ import annotations

import gzip
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

import pytest

from nodeyard.api.console import Console


@pytest.fixture
def built(tmp_path: Path) -> Path:
    """A folder as the build leaves it, beside a file that is nobody's business."""
    folder = tmp_path / "console"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html>")
    (folder / "assets" / "app-1a2b.js").write_text("let plain")
    (folder / "assets" / "app-1a2b.js.gz").write_bytes(gzip.compress(b"let plain"))
    (tmp_path / "secret.html").write_text("secret")
    return folder


async def get(
    folder: Path, path: str, *, method: str = "GET", encoding: bytes = b"gzip, br"
) -> tuple[int, dict[str, str], bytes]:
    sent: list[MutableMapping[str, Any]] = []

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    async def receive() -> MutableMapping[str, Any]:
        raise AssertionError("the body of a request for a file is never read")

    scope = {"type": "http", "method": method, "path": path, "headers": [(b"accept-encoding", encoding)]}
    await Console(folder)(scope, receive, send)
    headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], headers, sent[1]["body"]


async def test_the_page_is_asked_for_again_and_its_hashed_files_never(built: Path) -> None:
    status, headers, body = await get(built, "/console/")
    assert (status, body) == (200, b"<!doctype html>")
    assert headers["cache-control"] == "no-cache"
    _, headers, _ = await get(built, "/console/assets/app-1a2b.js")
    assert headers["cache-control"] == "public, max-age=31536000, immutable"


async def test_compressed_bytes_go_to_those_who_understand_them(built: Path) -> None:
    _, headers, body = await get(built, "/console/assets/app-1a2b.js")
    assert headers["content-encoding"] == "gzip"
    assert headers["content-type"] == "text/javascript; charset=utf-8"
    assert gzip.decompress(body) == b"let plain"
    _, headers, body = await get(built, "/console/assets/app-1a2b.js", encoding=b"identity")
    assert "content-encoding" not in headers
    assert body == b"let plain"


async def test_no_script_but_our_own_may_run_and_no_other_host_be_asked(built: Path) -> None:
    _, headers, _ = await get(built, "/console/")
    policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert "unsafe" not in headers["content-security-policy"]
    assert "http" not in headers["content-security-policy"]


@pytest.mark.parametrize(
    "path", ["/console/../secret.html", "/console//../secret.html", "/console/nothing.js"]
)
async def test_only_files_of_the_console_are_served(built: Path, path: str) -> None:
    status, _, body = await get(built, path)
    assert status == 404
    assert b"secret" not in body


async def test_without_the_slash_the_browser_is_sent_on(built: Path) -> None:
    status, headers, _ = await get(built, "/console")
    assert (status, headers["location"]) == (308, "/console/")


async def test_writing_is_refused_and_asking_for_the_head_gives_no_body(built: Path) -> None:
    assert (await get(built, "/console/", method="POST"))[0] == 405
    status, headers, body = await get(built, "/console/", method="HEAD")
    assert (status, headers["content-length"], body) == (200, "15", b"")


async def test_where_it_is_not_built_the_page_says_how(tmp_path: Path) -> None:
    status, headers, body = await get(tmp_path, "/console/")
    assert status == 503
    assert headers["cache-control"] == "no-store"
    assert b"make console" in body
