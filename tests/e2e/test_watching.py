"""An update that a budget holds, watched from outside a real process: by stream, by command line, by aws."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.e2e import yard
from tests.e2e.service import ACCOUNT, REGION, Service, running

Obj = dict[str, Any]

OLD = "1.34.4-20260304"
PROMPT_S = 2.0
"""From the first refusal until everybody who watches knows."""


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with running(tmp_path, "--speed", "60") as made:
        yield made


def environment(service: Service) -> dict[str, str]:
    """Return variables with which nothing of the user's own AWS configuration is used."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "NODEYARD_"))}
    return kept | {
        "AWS_ENDPOINT_URL": service.endpoint,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": ACCOUNT,
        "AWS_SECRET_ACCESS_KEY": "any",
        "AWS_CONFIG_FILE": str(service.folder / "aws-config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(service.folder / "aws-credentials"),
        "AWS_EC2_METADATA_DISABLED": "true",
        "HOME": str(service.folder),
    }


def nodeyard(service: Service, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "nodeyard.cli", *arguments],
        env=environment(service),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


class Watcher:
    """`nodeyard updates watch --json` in a process of its own."""

    def __init__(self, service: Service) -> None:
        self.lines: list[Obj] = []
        self._came = threading.Condition()
        command = [sys.executable, "-m", "nodeyard.cli", "updates", "watch", yard.CLUSTER, "blue", "--json"]
        self.process = subprocess.Popen(command, env=environment(service), stdout=subprocess.PIPE, text=True)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self._came:
                self.lines.append(json.loads(line))
                self._came.notify_all()

    def found(self, **members: Any) -> list[Obj]:
        return [each for each in list(self.lines) if members.items() <= each.items()]

    def until(self, done: Callable[[], bool], limit_s: float = 20.0) -> None:
        """Wait for a line that makes it so, also while the service does not run."""
        with self._came:
            assert self._came.wait_for(done, limit_s), self.lines[-5:]

    def code(self) -> int:
        code = self.process.wait(60)
        self._reader.join(10)
        return code


class Listener:
    """One client of the event stream, and when each event came."""

    def __init__(self, service: Service) -> None:
        self.came: list[tuple[float, Obj]] = []
        self._lines = urllib.request.urlopen(
            f"{service.endpoint}/nodeyard/v1/events?cluster={yard.CLUSTER}", timeout=60
        )
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        try:
            for line in self._lines:
                if line.startswith(b"data: "):
                    self.came.append((time.time(), json.loads(line.removeprefix(b"data: "))))
        except OSError:
            return

    def kinds(self) -> list[str]:
        return [event["kind"] for _, event in list(self.came)]


def seconds(instant: str) -> float:
    return datetime.fromisoformat(instant).timestamp()


def begun(service: Service, available: int) -> str:
    """Make a group with a workload under a budget, begin its update and return the update's id."""
    eks = yard.a_cluster(service, version="1.34")
    yard.a_group(service, "blue", 2, releaseVersion=OLD)
    service.until(lambda: yard.status(service, "blue") == "ACTIVE")
    yard.a_workload(service, replicas=2, available=available)
    return str(eks.update_nodegroup_version(clusterName=yard.CLUSTER, nodegroupName="blue")["update"]["id"])


def test_a_budget_that_holds_an_update_is_named_at_once_and_unblocks_it(service: Service) -> None:
    eks = yard.a_cluster(service, version="1.34")
    listener = Listener(service)
    yard.a_group(service, "blue", 2, releaseVersion=OLD)
    service.until(lambda: yard.status(service, "blue") == "ACTIVE")
    yard.a_workload(service, replicas=2, available=2)
    eks.update_nodegroup_version(clusterName=yard.CLUSTER, nodegroupName="blue")
    watcher = Watcher(service)
    watcher.until(lambda: bool(watcher.found(type="blocker", budget="default/web")), limit_s=60)
    (blocker,) = watcher.found(type="blocker", budget="default/web", state="NEW")[:1]
    assert seconds(blocker["seenAt"]) - seconds(blocker["since"]) < PROMPT_S
    assert "PodDisruptionBudget default/web needs 2 healthy pods and has 2" in blocker["sentence"]
    assert blocker["help"] and blocker["pod"].startswith("default/web-")
    came, event = next(each for each in listener.came if each[1]["kind"] == "EvictionBlocked")
    assert came - seconds(event["at"]) < 1.0
    assert event["subject"]["budget"] == "default/web" and event["subject"]["update"] == blocker["update"]
    yard.set_budget(service, 1)
    assert watcher.code() == 0
    assert watcher.found(type="blocker", budget="default/web", state="GONE")
    assert watcher.lines[-1]["type"] == "end" and watcher.lines[-1]["status"] == "Successful"
    assert "UpdateSuccessful" in listener.kinds()
    figures = urllib.request.urlopen(f"{service.endpoint}/metrics").read().decode()
    assert 'nodeyard_updates_total{outcome="Successful"} 1.0' in figures
    assert 'nodeyard_nodegroups{status="ACTIVE"} 1.0' in figures
    (refused,) = [
        each for each in figures.splitlines() if each.startswith("nodeyard_eviction_refusals_total ")
    ]
    assert float(refused.split()[1]) >= 1


def test_watching_goes_on_over_a_restart_and_tells_a_cancellation(service: Service) -> None:
    update = begun(service, available=2)
    watcher = Watcher(service)
    watcher.until(lambda: bool(watcher.found(type="blocker", state="NEW")), limit_s=60)
    port = service.endpoint.rpartition(":")[2]
    service.kill()
    watcher.until(lambda: bool(watcher.found(type="connection", state="LOST")))
    service.start("--port", port, "--speed", "60")
    watcher.until(lambda: bool(watcher.found(type="connection", state="ALIVE")), limit_s=60)
    cancelled = nodeyard(service, "updates", "cancel", yard.CLUSTER, update)
    assert cancelled.returncode == 0, cancelled.stderr
    assert watcher.code() == 3
    listed = nodeyard(service, "updates", "list", yard.CLUSTER)
    assert update in listed.stdout and "Cancelled" in listed.stdout
    plain = nodeyard(service, "updates", "watch", yard.CLUSTER, "blue")
    assert plain.returncode == 3
    assert "Z Cancelled after " in plain.stdout.splitlines()[-1]


def test_a_published_release_survives_a_restart_and_runs(service: Service) -> None:
    eks = yard.a_cluster(service, version="1.34")
    yard.a_group(service, "blue", 1)
    service.until(lambda: yard.status(service, "blue") == "ACTIVE")
    assert "  no  " in nodeyard(service, "groups", "list").stdout
    wanted = ("--ami-type", "AL2023_x86_64_STANDARD", "--kubernetes-version", "1.34")
    made = nodeyard(service, "catalog", "publish", *wanted, "--release-version", "1.34.99-20261110")
    assert made.returncode == 0, made.stderr
    service.kill()
    service.start("--speed", "60")
    assert "yes: 1.34.99-20261110" in nodeyard(service, "groups", "list").stdout
    name = "/aws/service/eks/optimized-ami/1.34/amazon-linux-2023/x86_64/standard/recommended/release_version"
    assert service.client("ssm").get_parameter(Name=name)["Parameter"]["Value"] == "1.34.99-20261110"
    eks = service.client("eks")
    eks.update_nodegroup_version(clusterName=yard.CLUSTER, nodegroupName="blue")
    watched = nodeyard(service, "updates", "watch", yard.CLUSTER, "blue")
    assert watched.returncode == 0, watched.stdout

    def versions() -> set[str]:
        nodes = yard.nodes(service).values()
        return {each["status"]["nodeInfo"]["kubeletVersion"].partition("-")[0] for each in nodes}

    # The object of a node outlives its instance for a moment.
    service.until(lambda: versions() == {"v1.34.99"})


def test_the_aws_cli_has_our_operations_after_add_model(service: Service) -> None:
    yard.a_cluster(service, version="1.34")
    model = service.folder / "nodeyard.json"
    model.write_text(nodeyard(service, "service-model").stdout)
    aws = str(Path(sys.executable).parent / "aws")
    variables = environment(service)
    subprocess.run(
        [aws, "configure", "add-model", "--service-model", f"file://{model}"], env=variables, check=True
    )
    answer = subprocess.run(
        [aws, "nodeyard", "list-events", "--cluster-name", yard.CLUSTER],
        env=variables,
        check=True,
        capture_output=True,
    )
    assert [each["kind"] for each in json.loads(answer.stdout)["events"]][:1] == ["ClusterCreating"]


def test_the_probes_tell_the_truth(service: Service) -> None:
    def told(path: str) -> bytes:
        try:
            return bytes(urllib.request.urlopen(f"{service.endpoint}{path}").read())
        except urllib.error.HTTPError as error:
            return bytes(error.read())

    assert told("/healthz") == b"ok\n"
    service.until(lambda: told("/readyz") == b"ok\n")  # a busy machine may say first what it waits for
