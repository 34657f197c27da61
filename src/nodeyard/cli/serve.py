"""`nodeyard serve`: the service on real AWS and real clusters, one of any number of processes.

Builds `ServeSettings` and hands over to the composition root; prints where the process answers.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated

import typer

from nodeyard.cli.flags import AccessKeys, Format, Level, LogFormat, LogLevel, OwnImages, Quotas, flag
from nodeyard.cli.loading import loading
from nodeyard.cli.ready_file import refuse_unwritable, write_whole
from nodeyard.settings import (
    DEFAULT_HOST,
    DEFAULT_PORT,
    Role,
    ServeSettings,
    StartRefused,
    parse_access_keys,
    parse_quotas,
)


def serve(
    database_url: Annotated[
        str,
        flag("--database-url", "postgresql://USER@HOST:PORT/NAME, or sqlite:///FILE for one process alone."),
    ],
    account_id: Annotated[str, flag("--account-id", "The AWS account of the node groups, 12 digits.")],
    role: Annotated[
        Role, flag("--role", "Answer callers (api), work on operations (worker), or both (all).")
    ] = Role.all,
    host: Annotated[str, flag("--host", "Address to listen on.")] = DEFAULT_HOST,
    port: Annotated[
        int, flag("--port", "Port of the API and the probes; 0 picks a free one.")
    ] = DEFAULT_PORT,
    access_key: AccessKeys = None,
    secret_key_file: Annotated[
        Path | None,
        flag(
            "--secret-key-file",
            "The file with the key that secrets in the database are sealed with: `openssl rand -base64 32`.",
            show_default=False,
        ),
    ] = None,
    allow_exec: Annotated[
        list[str] | None,
        flag(
            "--allow-exec",
            "Let kubeconfigs of attached clusters name this exec plugin: its whole command line, * for "
            "anything; repeat for more.",
            envvar="NODEYARD_ALLOW_EXEC",
            metavar="COMMAND",
            show_default=False,
        ),
    ] = None,
    tls_cert: Annotated[
        Path | None, flag("--tls-cert", "PEM file with the certificate to answer by TLS.", show_default=False)
    ] = None,
    tls_key: Annotated[
        Path | None, flag("--tls-key", "PEM file with the certificate's private key.", show_default=False)
    ] = None,
    trusted_proxy: Annotated[
        list[str] | None,
        flag(
            "--trusted-proxy",
            "Address of a proxy whose X-Forwarded-For and X-Forwarded-Proto are believed; repeat for more.",
            envvar="NODEYARD_TRUSTED_PROXIES",
            metavar="ADDRESS",
            show_default=False,
        ),
    ] = None,
    region: Annotated[
        list[str] | None,
        flag(
            "--region",
            "Answer for this Region only; repeat for more.",
            envvar="NODEYARD_REGIONS",
            show_default=False,
        ),
    ] = None,
    aws_endpoint_url: Annotated[
        str | None,
        flag(
            "--aws-endpoint-url",
            "Use the embedded AWS of a `nodeyard up` that runs there, not AWS itself.",
            show_default=False,
        ),
    ] = None,
    speed: Annotated[
        float, flag("--speed", "As the --speed of the `nodeyard up` whose AWS is used; 1 with AWS itself.")
    ] = 1.0,
    quota: Quotas = None,
    images: OwnImages = None,
    hook_queue: Annotated[
        str | None,
        flag(
            "--hook-queue",
            "URL of the SQS queue that lifecycle actions are sent to: terminations are known at once.",
            show_default=False,
        ),
    ] = None,
    check: Annotated[
        bool,
        flag(
            "--check",
            "Only find out whether the AWS credentials may do what is needed, and print the policy.",
        ),
    ] = False,
    log_level: Level = LogLevel.info,
    log_format: Format = LogFormat.text,
    ready_file: Annotated[
        Path | None,
        flag("--ready-file", "Write {endpoint, pid} as JSON here once it answers.", show_default=False),
    ] = None,
) -> None:
    """Run node groups on AWS, for clusters of EKS and attached ones: the EKS API, the workers, or both.

    AWS is called with the credentials that boto3 finds. Stop it with Ctrl-C or SIGTERM: others go on.
    """
    settings = ServeSettings(
        database_url=database_url,
        account=account_id,
        role=role,
        host=host,
        port=port,
        access_keys=parse_access_keys(access_key or []),
        aws_endpoint_url=aws_endpoint_url,
        speed=speed,
        quotas=parse_quotas(quota or []),
        secret_key_file=secret_key_file,
        exec_plugins=tuple(allow_exec or ()),
        certificate=_pair(tls_cert, tls_key),
        proxies=tuple(trusted_proxy or ()),
        regions=tuple(region or ()),
        images=images,
        hook_queue=hook_queue,
        log_level=log_level.value,
        log_format=log_format.value,
    )
    if check:
        raise typer.Exit(_check(settings))
    if ready_file is not None:
        refuse_unwritable(ready_file)

    def announce(endpoint: str) -> None:
        if ready_file is not None:
            write_whole(ready_file, json.dumps({"endpoint": endpoint, "pid": os.getpid()}))
        typer.echo(f"nodeyard serve ({role.value}) answers at {endpoint}")

    with loading():
        from nodeyard.app.serve import run_serve  # the whole service: only when it is really to run

    raise typer.Exit(run_serve(settings, on_ready=announce))


def _pair(certificate: Path | None, key: Path | None) -> tuple[Path, Path] | None:
    if certificate is not None and key is not None:
        return certificate, key
    if certificate is None and key is None:
        return None
    raise StartRefused("--tls-cert and --tls-key belong together: give both, or neither for plain HTTP.")


def _check(settings: ServeSettings) -> int:
    """Print what the credentials may do and the policy that they need; return 0 when they have it."""
    from nodeyard.app.serve import check

    found, policy = check(settings)
    typer.echo(f"caller: {found.caller or 'unknown'}", err=True)
    for action in found.allowed:
        typer.echo(f"allowed: {action}", err=True)
    for action in found.denied:
        typer.echo(f"denied: {action}", err=True)
    if found.problem is not None:
        typer.echo(f"nodeyard: {found.problem}", err=True)
    elif found.denied:
        typer.echo(
            f"nodeyard: {len(found.denied)} actions are denied; the policy below allows them.", err=True
        )
    else:
        typer.echo("nodeyard: the credentials may do all that is needed.", err=True)
    typer.echo(json.dumps(policy, indent=2))
    return 0 if found.is_well else 1
