"""The flags of every command that talks to a running service, and the connection they make."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

import typer

from nodeyard.settings import DEFAULT_HOST, DEFAULT_PORT

if TYPE_CHECKING:
    from nodeyard.cli.connection import Connection

Endpoint = Annotated[
    str | None,
    typer.Option(
        "--endpoint",
        help=f"Where the service answers. [default: $AWS_ENDPOINT_URL, else http://{DEFAULT_HOST}:{DEFAULT_PORT}]",
        envvar="NODEYARD_ENDPOINT",
        show_default=False,
        metavar="URL",
    ),
]
Region = Annotated[
    str | None,
    typer.Option("--region", help="The AWS Region. [default: as the aws CLI has it]", show_default=False),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs instead of text.")]


def connected(endpoint: str | None, region: str | None) -> Connection:
    """Return the connection that the flags and the environment ask for. Raises: CallRefused."""
    from nodeyard.cli.connection import Connection

    where = endpoint or os.environ.get("AWS_ENDPOINT_URL") or f"http://{DEFAULT_HOST}:{DEFAULT_PORT}"
    return Connection(where, region)
