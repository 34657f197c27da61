"""Amazon Linux 2023: nodeadm reads a NodeConfig. Source: nodeadm, API reference v1alpha1."""

from __future__ import annotations

from nodeyard.planner.user_data import mime
from nodeyard.planner.user_data.join import Join, cluster_dns

CONTENT_TYPE = "application/node.eks.aws"


def render(join: Join, own: str) -> str:
    """Return multipart user data that ends with the NodeConfig."""
    flags = [f"--node-labels={join.node_labels}"]
    if join.taints:
        flags.append(f"--register-with-taints={join.node_taints}")
    lines = [
        "---",
        "apiVersion: node.eks.aws/v1alpha1",
        "kind: NodeConfig",
        "spec:",
        "  cluster:",
        f"    apiServerEndpoint: {join.endpoint}",
        f"    certificateAuthority: {join.ca_data}",
        f"    cidr: {join.service_cidr}",
        f"    name: {join.cluster}",
        "  kubelet:",
        "    config:",
        f"      maxPods: {join.max_pods}",
        "      clusterDNS:",
        f"      - {cluster_dns(join.service_cidr)}",
        "    flags:",
        *(f'    - "{flag}"' for flag in flags),
    ]
    return mime.merge(own, CONTENT_TYPE, "\n".join(lines))
