"""Amazon Linux 2: a shell part calls the bootstrap script. Source: amazon-eks-ami, bootstrap.sh."""

from __future__ import annotations

from nodeyard.planner.user_data import mime
from nodeyard.planner.user_data.join import Join, cluster_dns

CONTENT_TYPE = 'text/x-shellscript; charset="us-ascii"'


def render(join: Join, own: str) -> str:
    """Return multipart user data that ends with the call of the bootstrap script."""
    kubelet = f"--node-labels={join.node_labels} --max-pods={join.max_pods}"
    if join.taints:
        kubelet += f" --register-with-taints={join.node_taints}"
    script = [
        "#!/bin/bash",
        "set -ex",
        f"B64_CLUSTER_CA={join.ca_data}",
        f"API_SERVER_URL={join.endpoint}",
        f"K8S_CLUSTER_DNS_IP={cluster_dns(join.service_cidr)}",
        f"/etc/eks/bootstrap.sh {join.cluster} --kubelet-extra-args '{kubelet}' "
        "--b64-cluster-ca $B64_CLUSTER_CA --apiserver-endpoint $API_SERVER_URL "
        "--dns-cluster-ip $K8S_CLUSTER_DNS_IP --use-max-pods false",
    ]
    return mime.merge(own, CONTENT_TYPE, "\n".join(script))
