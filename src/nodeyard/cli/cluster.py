"""`nodeyard cluster`: attach clusters that somebody else keeps, and what they must allow."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nodeyard.cli.kubeconfigs import complete
from nodeyard.cli.reaching import Endpoint, Region, connected

app = typer.Typer(help="Clusters of others: attach them by kubeconfig.", rich_markup_mode=None)

Name = Annotated[str, typer.Argument(metavar="NAME", help="The name that the cluster has here.")]


@app.command()
def attach(
    name: Name,
    kubeconfig: Annotated[
        Path, typer.Option("--kubeconfig", metavar="FILE", help="The kubeconfig that leads to the cluster.")
    ],
    context: Annotated[
        str | None,
        typer.Option("--context", metavar="CONTEXT", help="[default: the current one]", show_default=False),
    ] = None,
    security_group: Annotated[
        str | None,
        typer.Option(
            "--security-group",
            metavar="SG",
            help="The security group that nodes get, in which they reach the control plane.",
            show_default=False,
        ),
    ] = None,
    service_cidr: Annotated[
        str | None,
        typer.Option(
            "--service-cidr",
            metavar="CIDR",
            help="The range of the cluster's services, which nodes of EKS images are told.",
            show_default=False,
        ),
    ] = None,
    provider: Annotated[
        str, typer.Option("--provider", help="Who keeps the cluster, as in RegisterCluster: EC2, OTHER ...")
    ] = "OTHER",
    endpoint: Endpoint = None,
    region: Region = None,
) -> None:
    """Attach a cluster, or give one that is attached new credentials.

    The service reaches the cluster before it keeps anything; what it keeps is sealed.
    """
    given = complete(kubeconfig, context)
    found = connected(endpoint, region).call(
        "attach_cluster",
        clusterName=name,
        kubeconfig=given,
        provider=provider,
        securityGroupId=security_group,
        serviceIpv4Cidr=service_cidr,
    )["cluster"]
    typer.echo(f"{found['arn']} is attached: Kubernetes {found['version']} at {found['endpoint']}.")


@app.command()
def detach(name: Name, endpoint: Endpoint = None, region: Region = None) -> None:
    """Forget a cluster and its credentials; nothing changes in it. Delete its node groups before."""
    connected(endpoint, region).call("deregister_cluster", "eks", name=name)
    typer.echo(f"Cluster {name} is being forgotten.")


@app.command()
def rbac(
    namespace: Annotated[str, typer.Option("--namespace", help="Where the service account is.")] = "nodeyard",
) -> None:
    """Print the manifest that lets Nodeyard work in a cluster: exactly what it uses, for `kubectl apply`."""
    import yaml

    from nodeyard.translation.cluster_rights import manifest

    typer.echo(yaml.safe_dump_all(manifest(namespace), sort_keys=False).rstrip())
