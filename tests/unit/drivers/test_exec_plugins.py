"""Exec plugins: only those that the operator allows are run, and what they print is who one is."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from nodeyard.drivers.kubernetes import exec_plugin
from nodeyard.ports import Clock, Denied, PortError, Unavailable
from nodeyard.translation.kubeconfig import ExecPlugin
from tests.fakes import FakeClock

V1 = "client.authentication.k8s.io/v1"
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def a_plugin(program: str) -> ExecPlugin:
    return ExecPlugin(V1, (sys.executable, "-c", program))


def saying(**status: Any) -> ExecPlugin:
    credential = {"apiVersion": V1, "kind": "ExecCredential", "status": status}
    return a_plugin(f"print({json.dumps(json.dumps(credential))})")


@pytest.fixture
def clock() -> Clock:
    return FakeClock(NOON)


@pytest.mark.parametrize(
    ("command", "patterns", "allowed"),
    [
        ("aws eks get-token --cluster-name prod", ("aws eks get-token --cluster-name prod",), True),
        ("aws eks get-token --cluster-name prod", ("aws eks get-token --cluster-name *",), True),
        ("aws eks get-token --cluster-name prod", (), False),
        ("aws eks get-token --cluster-name prod", ("aws",), False),
        ("sh -c 'aws eks get-token x'", ("aws eks get-token *",), False),
        ("aws eks get-token --cluster-name prod1", ("aws eks get-token --cluster-name prod[1]",), False),
        ("aws eks get-token --cluster-name prod1", ("aws eks get-token --cluster-name prod?",), False),
    ],
)
def test_the_whole_command_line_must_be_allowed(
    command: str, patterns: tuple[str, ...], allowed: bool
) -> None:
    import shlex

    plugin = ExecPlugin(V1, tuple(shlex.split(command)))
    if allowed:
        exec_plugin.judge(plugin, patterns)
    else:
        with pytest.raises(Denied, match="--allow-exec"):
            exec_plugin.judge(plugin, patterns)


def test_an_unknown_version_of_the_protocol_is_refused() -> None:
    with pytest.raises(Denied, match="v1alpha1"):
        exec_plugin.judge(ExecPlugin("client.authentication.k8s.io/v1alpha1", ("aws",)), ("aws",))


async def test_what_a_plugin_says_is_used_until_shortly_before_its_end(clock: Clock) -> None:
    found = await exec_plugin.run(saying(token="t", expirationTimestamp="2026-01-01T13:00:00Z"), clock)
    assert (found.token, found.until) == ("t", NOON + timedelta(seconds=3540))
    found = await exec_plugin.run(saying(clientCertificateData="c", clientKeyData="k"), clock)
    assert (found.token, found.certificate, found.until) == (None, ("c", "k"), NOON + timedelta(seconds=600))
    assert "'c'" not in repr(found)


async def test_a_plugin_is_told_its_version_as_kubectl_tells_it(clock: Clock) -> None:
    program = (
        "import json, os; info = json.loads(os.environ['KUBERNETES_EXEC_INFO']); "
        "print(json.dumps({'status': {'token': info['apiVersion']}}))"
    )
    assert (await exec_plugin.run(a_plugin(program), clock)).token == V1


async def test_a_plugin_is_not_told_what_the_service_was_told(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NODEYARD_ACCESS_KEYS", "ci:a-long-secret")
    monkeypatch.setenv("AWS_PROFILE", "nodes")
    program = (
        "import json, os; "
        "print(json.dumps({'status': {'token': ' '.join(sorted(os.environ.keys() & "
        "{'NODEYARD_ACCESS_KEYS', 'AWS_PROFILE'}))}}))"
    )
    assert (await exec_plugin.run(a_plugin(program), clock)).token == "AWS_PROFILE"


@pytest.mark.parametrize(
    ("plugin", "said"),
    [
        (ExecPlugin(V1, ("/no/such/program",)), "No such file"),
        (a_plugin("raise SystemExit('no session')"), "ended with code 1: no session"),
        (a_plugin("print('hello')"), "printed no ExecCredential"),
        (a_plugin("print('{\"status\":' * 50_000)"), "printed no ExecCredential"),
        (saying(), "neither token nor certificate"),
        (saying(clientKeyData="k"), "neither token nor certificate"),
    ],
)
async def test_a_plugin_that_fails_says_why(plugin: ExecPlugin, said: str, clock: Clock) -> None:
    with pytest.raises(Unavailable, match=said) as failed:
        await exec_plugin.run(plugin, clock)
    assert isinstance(failed.value, PortError) and failed.value.retry
