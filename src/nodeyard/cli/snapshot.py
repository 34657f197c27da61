"""`nodeyard snapshot`: write what a rehearsal needs of a real cluster into one file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def snapshot(
    kubeconfig: Annotated[
        Path | None,
        typer.Option("--kubeconfig", help="[default: $KUBECONFIG, else ~/.kube/config]", show_default=False),
    ] = None,
    context: Annotated[
        str | None, typer.Option("--context", help="[default: the current one]", show_default=False)
    ] = None,
    from_json: Annotated[
        list[Path] | None,
        typer.Option(
            "--from-json",
            help="Take the objects from files of `kubectl get -o json`; repeat for more.",
            show_default=False,
        ),
    ] = None,
    output: Annotated[Path, typer.Option("--output", "-o", help="The file to write.")] = Path(
        "cluster.json.zst"
    ),
) -> None:
    """Read a cluster, change nothing, and write a snapshot for `nodeyard rehearse`.

    Secrets and ConfigMaps are not read; images, commands, environment values and annotations are not written.
    """
    from nodeyard.rehearse import snapshot as snapshots
    from nodeyard.rehearse.group import groups_of

    if from_json:
        taken = snapshots.read_kubectl(from_json)
    else:
        from nodeyard.app.snapshots import take

        taken = take(kubeconfig, context)
    size = snapshots.write(output, taken)
    counts = ", ".join(f"{len(taken.of(name))} {name.partition('.')[0]}" for name in ("nodes", "pods"))
    typer.echo(f"{output}: {counts}, {size / 1024:,.0f} KiB")
    for each in taken.facts_lacking():
        typer.echo(f"lacking: {each}")
    groups = groups_of(taken)
    if groups:
        typer.echo("groups: " + ", ".join(f"{name} ({count})" for name, count in groups.items()))
