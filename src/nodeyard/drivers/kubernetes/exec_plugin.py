"""Programs that say who one is to a cluster, run as kubectl runs them; only those that the operator allows.

Source: Kubernetes, client-go credential plugins (client.authentication.k8s.io v1 and v1beta1).
"""

from __future__ import annotations

import asyncio
import os
import shlex
from collections.abc import Sequence
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import Annotated

import msgspec

from nodeyard.drivers.kubernetes.identities import Identity
from nodeyard.ports import Clock, Denied, Unavailable
from nodeyard.translation.kubeconfig import ExecPlugin

VERSIONS = frozenset(f"client.authentication.k8s.io/{each}" for each in ("v1", "v1beta1"))
TIMEOUT_S = 30.0
LIFE_S = 600.0
"""How long an identity is used that does not say when it ends."""
EARLY_S = 60.0
"""How long before its end an identity is replaced."""
TOLD_MAX = 300
"""Characters of what a failed plugin said that go into the error."""

_PLAIN = str.maketrans({"[": "[[]", "?": "[?]"})
"""In a pattern only * stands for something else."""


class _Status(msgspec.Struct):
    token: str | None = None
    clientCertificateData: str | None = None  # noqa: N815 (the name is the document's)
    clientKeyData: str | None = None  # noqa: N815
    expirationTimestamp: Annotated[datetime, msgspec.Meta(tz=True)] | None = None  # noqa: N815


class _Credential(msgspec.Struct):
    status: _Status | None = None


def judge(plugin: ExecPlugin, allowed: Sequence[str]) -> None:
    """See that the operator allows the whole command line. Raises: Denied.

    `allowed` are patterns in which * stands for anything.
    """
    line = shlex.join(plugin.command)
    if not any(fnmatchcase(line, each.translate(_PLAIN)) for each in allowed):
        raise Denied(
            f"The exec plugin `{line}` is not allowed: start the service with --allow-exec '{line}', or use "
            "a token or a client certificate."
        )
    if plugin.api_version not in VERSIONS:
        raise Denied(
            f"The exec plugin `{line}` speaks {plugin.api_version or 'no version'}: it must be one of "
            f"{', '.join(sorted(VERSIONS))}."
        )


async def run(plugin: ExecPlugin, clock: Clock) -> Identity:
    """Return what the plugin says. Raises: Unavailable."""
    info = {"apiVersion": plugin.api_version, "kind": "ExecCredential", "spec": {"interactive": False}}
    # Not what is said to the service itself: access keys of callers, the password of the database.
    ours = {name: value for name, value in os.environ.items() if not name.startswith("NODEYARD_")}
    variables = ours | {"KUBERNETES_EXEC_INFO": msgspec.json.encode(info).decode()}
    try:
        process = await asyncio.create_subprocess_exec(
            *plugin.command,
            env=variables,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
    except OSError as error:
        raise _failed(plugin, error.strerror or str(error)) from error
    try:
        async with asyncio.timeout(TIMEOUT_S):
            said, complained = await process.communicate()
    except TimeoutError as error:
        process.kill()
        await process.wait()
        raise _failed(plugin, f"it did not end within {TIMEOUT_S:g} s") from error
    if process.returncode:
        told = complained.decode(errors="replace").strip()[-TOLD_MAX:]
        raise _failed(plugin, f"it ended with code {process.returncode}: {told}")
    return _identity(plugin, said, clock.now())


def _identity(plugin: ExecPlugin, said: bytes, now: datetime) -> Identity:
    try:
        status = msgspec.json.decode(said, type=_Credential).status
    except (msgspec.MsgspecError, RecursionError) as error:
        raise _failed(plugin, "it printed no ExecCredential") from error
    pair = (status.clientCertificateData, status.clientKeyData) if status else (None, None)
    if status is None or not (status.token or all(pair)):
        raise _failed(plugin, "its ExecCredential has neither token nor certificate")
    lasting = now + timedelta(seconds=LIFE_S)
    ends = status.expirationTimestamp
    until = lasting if ends is None else max(now, ends - timedelta(seconds=EARLY_S))
    certificate = (pair[0], pair[1]) if pair[0] and pair[1] else None
    return Identity(until, status.token, certificate)


def _failed(plugin: ExecPlugin, why: str) -> Unavailable:
    return Unavailable(f"The exec plugin `{shlex.join(plugin.command)}` failed: {why}.")
