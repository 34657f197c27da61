"""What a machine reads in its user data, in each form an image knows."""

from __future__ import annotations

import pytest

from nodeyard.world.machines.user_data import NotJoining, read

ENDPOINT = "https://127.0.0.1:8443/111122223333/eu-west-1/demo"

NODE_CONFIG = f"""MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="//"

--//
Content-Type: text/x-shellscript; charset="us-ascii"

#!/bin/bash
echo mine

--//
Content-Type: application/node.eks.aws

---
apiVersion: node.eks.aws/v1alpha1
kind: NodeConfig
spec:
  cluster:
    apiServerEndpoint: {ENDPOINT}
    certificateAuthority: Y2E=
    cidr: 10.100.0.0/16
    name: demo
  kubelet:
    config:
      maxPods: 17
      clusterDNS:
      - 10.100.0.10
    flags:
    - "--node-labels=team=a,eks.amazonaws.com/nodegroup=ng"
    - "--register-with-taints=dedicated=gpu:NoSchedule,spot:NoExecute"

--//--
"""

BOOTSTRAP = f"""#!/bin/bash
set -ex
B64_CLUSTER_CA=Y2E=
API_SERVER_URL={ENDPOINT}
/etc/eks/bootstrap.sh demo --kubelet-extra-args '--node-labels=team=a --max-pods=29 \
--register-with-taints=dedicated=gpu:NoSchedule' \\
  --b64-cluster-ca $B64_CLUSTER_CA --apiserver-endpoint $API_SERVER_URL --use-max-pods false
"""

BOTTLEROCKET = f"""
[settings.kubernetes]
api-server = "{ENDPOINT}"
cluster-name = "demo"
cluster-certificate = "Y2E="
max-pods = 35

[settings.kubernetes.node-labels]
"team" = "a"

[settings.kubernetes.node-taints]
"dedicated" = ["gpu:NoSchedule", "gpu:NoExecute"]
"""

WINDOWS = f"""<powershell>
Write-Host mine
[string]$EKSBootstrapScriptFile = "$env:ProgramFiles\\Amazon\\EKS\\Start-EKSBootstrap.ps1"
& $EKSBootstrapScriptFile -EKSClusterName "demo" -APIServerEndpoint "{ENDPOINT}" -Base64ClusterCA "Y2E=" \
-KubeletExtraArgs "--node-labels=team=a --max-pods=14 --register-with-taints=os=windows:NoSchedule" 3>&1
</powershell>
"""


def test_nodeadm_reads_the_node_config_of_a_multipart_document() -> None:
    told = read(NODE_CONFIG.encode())
    assert (told.cluster, told.endpoint, told.max_pods) == ("demo", ENDPOINT, 17)
    assert told.labels == {"team": "a", "eks.amazonaws.com/nodegroup": "ng"}
    assert told.taints == (("dedicated", "gpu", "NoSchedule"), ("spot", "", "NoExecute"))


def test_nodeadm_merges_two_node_configs_and_the_later_one_wins() -> None:
    own = NODE_CONFIG.split("--//")[2]
    second = "\n\napiVersion: node.eks.aws/v1alpha1\nkind: NodeConfig\nspec:\n  kubelet:\n"
    second += "    config: {maxPods: 8}\n    flags: ['--node-labels=more=b']\n\n"
    parts = ["--//" + own, "--//\nContent-Type: application/node.eks.aws" + second, "--//--\n"]
    head = 'MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="//"\n\n'
    told = read((head + "".join(parts)).encode())
    assert told.max_pods == 8
    assert told.labels == {"team": "a", "eks.amazonaws.com/nodegroup": "ng", "more": "b"}


def test_the_bootstrap_script_reads_its_arguments_and_variables() -> None:
    told = read(BOOTSTRAP.encode())
    assert (told.cluster, told.endpoint, told.max_pods) == ("demo", ENDPOINT, 29)
    assert told.labels == {"team": "a"}
    assert told.taints == (("dedicated", "gpu", "NoSchedule"),)


def test_bottlerocket_reads_its_settings() -> None:
    told = read(BOTTLEROCKET.encode())
    assert (told.cluster, told.endpoint, told.max_pods) == ("demo", ENDPOINT, 35)
    assert told.labels == {"team": "a"}
    assert told.taints == (("dedicated", "gpu", "NoSchedule"), ("dedicated", "gpu", "NoExecute"))


def test_windows_reads_the_call_of_the_bootstrap_script() -> None:
    told = read(WINDOWS.encode())
    assert (told.cluster, told.endpoint, told.max_pods) == ("demo", ENDPOINT, 14)
    assert told.labels == {"team": "a"}
    assert told.taints == (("os", "windows", "NoSchedule"),)


@pytest.mark.parametrize(
    ("user_data", "why"),
    [
        ("", "no user data"),
        (
            "#!/bin/bash\necho hello\n",
            "no NodeConfig, bootstrap call, settings.kubernetes, kubeadm join or k3s agent",
        ),
        (NODE_CONFIG.replace("    name: demo\n", ""), "name is missing in cluster configuration"),
        (NODE_CONFIG.replace("maxPods: 17", "maxPods: [17"), "the NodeConfig is not YAML"),
        ("#!/bin/bash\n/etc/eks/bootstrap.sh --use-max-pods false\n", "CLUSTER_NAME is not defined"),
        ("[settings.kubernetes]\ncluster-name = demo\n", "the user data is not TOML"),
        ("[settings.motd]\ntext = 'hi'\n", "settings.kubernetes.cluster-name is not set"),
        ("<powershell>\nStart-EKSBootstrap.ps1\n</powershell>", "-EKSClusterName is missing"),
    ],
)
def test_unusable_user_data_says_why(user_data: str, why: str) -> None:
    with pytest.raises(NotJoining, match=why):
        read(user_data.encode())


def test_kubelet_refuses_labels_of_reserved_namespaces() -> None:
    bad = NODE_CONFIG.replace("team=a", "node-role.kubernetes.io/worker=yes")
    with pytest.raises(NotJoining, match=r"unknown 'kubernetes.io'.*\[node-role.kubernetes.io/worker\]"):
        read(bad.encode())
    good = NODE_CONFIG.replace("team=a", "node.kubernetes.io/team=a")
    assert read(good.encode()).labels["node.kubernetes.io/team"] == "a"
