"""`nodeyard catalog`: the AMI releases that node groups can run, and new ones."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from nodeyard.cli.printing import print_json, print_list
from nodeyard.cli.reaching import AsJson, Endpoint, Region, connected

app = typer.Typer(help="AMI releases: which there are, and new ones.", rich_markup_mode=None)


@app.command(name="list")
def list_releases(
    ami_type: Annotated[str | None, typer.Option("--ami-type", help="Only of this AMI type.")] = None,
    kubernetes_version: Annotated[
        str | None, typer.Option("--kubernetes-version", help="Only for this version, such as 1.34.")
    ] = None,
    endpoint: Endpoint = None,
    region: Region = None,
    json: AsJson = False,
) -> None:
    """List releases, oldest first within each type and version."""
    found = list(
        connected(endpoint, region).pages(
            "list_releases", "releases", amiType=ami_type, kubernetesVersion=kubernetes_version
        )
    )
    columns = ("AMI TYPE", "KUBERNETES", "RELEASE", "", "IMAGE")
    print_list(found, columns, _row, json=json, none="No releases.")


def _row(release: dict[str, Any]) -> tuple[str, ...]:
    latest = "latest" if release["latest"] else ""
    return (
        release["amiType"],
        release["kubernetesVersion"],
        release["releaseVersion"],
        latest,
        release["imageId"],
    )


@app.command()
def publish(
    ami_type: Annotated[str, typer.Option("--ami-type", help="Such as AL2023_x86_64_STANDARD.")],
    kubernetes_version: Annotated[str, typer.Option("--kubernetes-version", help="Such as 1.34.")],
    release_version: Annotated[str, typer.Option("--release-version", help="Such as 1.34.99-20261110.")],
    endpoint: Endpoint = None,
    region: Region = None,
    json: AsJson = False,
) -> None:
    """Publish a release as the newest of its type and version: groups show an update at once."""
    made = connected(endpoint, region).call(
        "publish_release",
        amiType=ami_type,
        kubernetesVersion=kubernetes_version,
        releaseVersion=release_version,
    )["release"]
    if json:
        print_json(made)
    else:
        where = f"{made['amiType']} for Kubernetes {made['kubernetesVersion']}"
        typer.echo(f"{made['releaseVersion']} is the newest release of {where} ({made['imageId']}).")
