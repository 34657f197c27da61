"""A browser in front of a real `nodeyard up`. Skipped, with the reason, where a part of that is missing.

Chromium comes from the system, its driver from `requirements/browser.txt`, the console from `make console`.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from nodeyard.api.console import BUILT
from tests.browser.console import AXE, SHOTS, Console
from tests.e2e import yard
from tests.e2e.service import ACCOUNT, REGION, Service

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
SIZE = {"width": 1280, "height": 900}
PATIENCE_MS = 90_000
PICTURED = "100"
GROUP = "/clusters/eksngdemo/nodegroups/blue"


def missing() -> str:
    """Return what these tests lack here, empty when nothing."""
    if shutil.which("chromium") is None:
        return "chromium is not installed"
    if not (BUILT / "index.html").exists():
        return "the console is not built: make console"
    if not AXE.exists():
        return "axe-core is not installed: make console"
    try:
        import playwright  # noqa: F401
    except ImportError:
        return "playwright is not installed: make browser"
    return ""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """A browser for one module: its driver keeps an event loop running, which tests of others cannot have."""
    if why := missing():
        pytest.skip(why)
    with browser_of_the_system() as browser:
        yield browser


@contextlib.contextmanager
def browser_of_the_system() -> Iterator[Any]:
    """Run the system's Chromium."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def service(
    chromium: Any, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Service]:
    """A service of the module, at its SPEED, with the cluster of the article in it; slower for pictures."""
    made = Service(tmp_path_factory.mktemp("console"))
    speed = PICTURED if _shots(request) else request.module.SPEED
    made.start("--account-id", ACCOUNT, "--speed", speed)
    yard.a_cluster(made)
    yield made
    made.kill()


@pytest.fixture(scope="module")
def eks(service: Service) -> Any:
    """A client, once the node group blue of the module is there."""
    yard.a_group(service, "blue", 2, releaseVersion="1.14.7-20190927")
    service.until(lambda: yard.status(service, "blue") == "ACTIVE")
    return service.client("eks")


@pytest.fixture(scope="module")
def held(service: Service, eks: Any) -> None:
    """A workload whose budget never lets a pod go."""
    yard.a_workload(service, replicas=2, available=2)


def described(eks: Any) -> Any:
    """Return the node group blue as the API tells it."""
    return eks.describe_nodegroup(clusterName=yard.CLUSTER, nodegroupName="blue")["nodegroup"]


@pytest.fixture
def console(chromium: Any, service: Service, request: pytest.FixtureRequest) -> Iterator[Console]:
    """The console in a window of its own. Scripts that fail and requests to anybody else fail the test."""
    window = window_of(chromium)
    yield from watched(window, Console(window, service.endpoint, _shots(request)))


def window_of(chromium: Any, language: str = "en-US", scheme: str = "light") -> Any:
    """Return a page of a fresh profile, with the Region of the article chosen."""
    context = chromium.new_context(
        viewport=SIZE, locale=language, color_scheme=scheme, reduced_motion="reduce"
    )
    context.set_default_timeout(PATIENCE_MS)
    key = "'nodeyard.region'"
    context.add_init_script(f"localStorage.getItem({key}) ?? localStorage.setItem({key}, '{REGION}')")
    return context.new_page()


def watched(window: Any, console: Console) -> Iterator[Console]:
    """Yield the console, then see that no script failed, no policy was broken and nobody else was asked."""
    broken: list[str] = []
    own = (f"{console.endpoint}/", "data:")
    window.on("request", lambda sent: None if sent.url.startswith(own) else broken.append(sent.url))
    window.on("pageerror", lambda error: broken.append(str(error)))
    window.on(
        "console",
        lambda said: broken.append(said.text) if "Content Security Policy" in said.text else None,
    )
    yield console
    window.context.close()
    assert broken == []


def publish(service: Service, release: str) -> None:
    """Publish a release of the AMI type of the article's node groups."""
    members = {"amiType": "AL2_x86_64", "kubernetesVersion": "1.14", "releaseVersion": release}
    request = AWSRequest("POST", f"{service.endpoint}/nodeyard/v1/releases", data=json.dumps(members))
    SigV4Auth(Credentials(ACCOUNT, "any"), "nodeyard", REGION).add_auth(request)
    body = json.dumps(members).encode()
    sent = urllib.request.Request(request.url, body, dict(request.headers), method="POST")
    with urllib.request.urlopen(sent) as answer:
        assert answer.status == 200


def _shots(request: pytest.FixtureRequest) -> Path | None:
    return SHOTS if request.config.getoption("--update-screenshots") else None
