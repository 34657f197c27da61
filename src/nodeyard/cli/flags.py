"""Flags: how each gets its environment variable, and those that `up` and `serve` share."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from nodeyard.settings import quota_names


class LogLevel(StrEnum):
    """How much is told."""

    debug = "debug"
    info = "info"
    warning = "warning"
    error = "error"


class LogFormat(StrEnum):
    """How it is told."""

    text = "text"
    json = "json"


def flag(name: str, help: str, **more: Any) -> Any:
    """Return a flag with its environment variable: --kube-port is NODEYARD_KUBE_PORT."""
    variable = "NODEYARD_" + name.removeprefix("--").upper().replace("-", "_")
    return typer.Option(name, help=help, envvar=more.pop("envvar", variable), **more)


AccessKeys = Annotated[
    list[str] | None,
    flag(
        "--access-key",
        "ID:SECRET that requests must be signed with; repeat for more. "
        "The variable takes several, separated by spaces.",
        envvar="NODEYARD_ACCESS_KEYS",
        metavar="ID:SECRET",
        show_default=False,
    ),
]
Quotas = Annotated[
    list[str] | None,
    flag(
        "--quota",
        f"Raise or lower a service quota; repeat for more: {', '.join(quota_names())}. "
        "The variable takes several, separated by spaces.",
        envvar="NODEYARD_QUOTAS",
        metavar="NAME=NUMBER",
        show_default=False,
    ),
]
OwnImages = Annotated[
    Path | None,
    flag(
        "--images",
        "TOML file with the releases of your own images, read again when it changes.",
        show_default=False,
    ),
]
Level = Annotated[LogLevel, flag("--log-level", "How much is logged.")]
Format = Annotated[LogFormat, flag("--log-format", "How log lines look.")]
