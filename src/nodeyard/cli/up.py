"""`nodeyard up`: the embedded world, the service and its doors in one process, until stopped.

Builds `UpSettings` and hands over to the composition root; prints where the
service answers. Never opens a port or a file of the data directory itself.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated

import typer

from nodeyard.cli.flags import AccessKeys, Format, Level, LogFormat, LogLevel, OwnImages, Quotas, flag
from nodeyard.cli.kubeconfigs import complete
from nodeyard.cli.loading import loading
from nodeyard.cli.ready_file import refuse_unwritable, write_whole
from nodeyard.settings import (
    DEFAULT_ACCOUNT,
    DEFAULT_HOST,
    DEFAULT_KUBE_PORT,
    DEFAULT_PORT,
    Ready,
    UpSettings,
    default_data_dir,
    parse_access_keys,
    parse_quotas,
)


def up(
    host: Annotated[
        str,
        flag("--host", "Address to listen on. Anything but loopback needs --access-key."),
    ] = DEFAULT_HOST,
    port: Annotated[
        int, flag("--port", "Port of the EKS API and the embedded AWS; 0 picks a free one.")
    ] = DEFAULT_PORT,
    kube_port: Annotated[
        int, flag("--kube-port", "Port of the embedded Kubernetes APIs (HTTPS); 0 picks a free one.")
    ] = DEFAULT_KUBE_PORT,
    data_dir: Annotated[
        Path | None,
        flag("--data-dir", "Where state is kept. [default: $XDG_DATA_HOME/nodeyard]", show_default=False),
    ] = None,
    speed: Annotated[float, flag("--speed", "Simulated seconds that pass in one real second.")] = 1.0,
    seed: Annotated[
        int | None,
        flag("--seed", "Repeat the same ids and chance; leave out for new ones.", show_default=False),
    ] = None,
    account_id: Annotated[
        str, flag("--account-id", "The AWS account that callers are in, 12 digits.")
    ] = DEFAULT_ACCOUNT,
    access_key: AccessKeys = None,
    adopt: Annotated[
        bool,
        typer.Option(
            "--adopt/--no-adopt",
            help="Make the subnets and roles that requests name and the embedded AWS lacks.",
            envvar="NODEYARD_ADOPT",
        ),
    ] = True,
    quota: Quotas = None,
    images: OwnImages = None,
    kubeconfig: Annotated[
        Path | None,
        flag(
            "--kubeconfig",
            "Let the machines join the real cluster that this file leads to; CreateCluster gives it a name.",
            metavar="FILE",
            show_default=False,
        ),
    ] = None,
    context: Annotated[
        str | None,
        flag("--context", "Which context of the kubeconfig. [default: the current one]", show_default=False),
    ] = None,
    log_level: Level = LogLevel.info,
    log_format: Format = LogFormat.text,
    ready_file: Annotated[
        Path | None,
        flag(
            "--ready-file",
            "Write {endpoint, kube_endpoint, pid} as JSON here once the service answers.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Run the EKS API with an embedded AWS, embedded Kubernetes and simulated machines.

    Stop it with Ctrl-C: what is in the data directory goes on where it was at the next start.
    """
    settings = UpSettings(
        host=host,
        port=port,
        kube_port=kube_port,
        data_dir=data_dir or default_data_dir(os.environ.get("XDG_DATA_HOME"), Path.home()),
        speed=speed,
        seed=seed,
        account=account_id,
        access_keys=parse_access_keys(access_key or []),
        adopt=adopt,
        quotas=parse_quotas(quota or []),
        images=images,
        kubeconfig=None if kubeconfig is None else complete(kubeconfig, context),
        log_level=log_level.value,
        log_format=log_format.value,
    )
    if ready_file is not None:
        refuse_unwritable(ready_file)

    def announce(ready: Ready) -> None:
        if ready_file is not None:
            _write_ready_file(ready_file, ready)
        _print_welcome(ready, settings)

    with loading():
        from nodeyard.app import run_up  # the whole service: only when it is really to run

    raise typer.Exit(run_up(settings, on_ready=announce))


def _write_ready_file(path: Path, ready: Ready) -> None:
    content = {"endpoint": ready.endpoint, "kube_endpoint": ready.kube_endpoint, "pid": os.getpid()}
    write_whole(path, json.dumps(content))


def _print_welcome(ready: Ready, settings: UpSettings) -> None:
    from rich.console import Console

    console = Console(highlight=False, soft_wrap=True)
    console.print(f"[bold]EKS and AWS[/bold]  {ready.endpoint}")
    below = "/<cluster>" if settings.kubeconfig is None else "   joined by --kubeconfig"
    console.print(f"[bold]Kubernetes[/bold]   {ready.kube_endpoint}{below}")
    console.print(f"[bold]Data[/bold]         {settings.data_dir}   account {settings.account}")
    console.print("\nTry, in another terminal:")
    console.print(f"  export AWS_ENDPOINT_URL={ready.endpoint} AWS_DEFAULT_REGION=us-west-2", markup=False)
    if not settings.access_keys:
        console.print("  export AWS_ACCESS_KEY_ID=any AWS_SECRET_ACCESS_KEY=any", markup=False)
    console.print("  aws eks list-clusters", markup=False)
