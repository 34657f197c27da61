"""What the planner writes into user data is what a machine reads out of it, for every system."""

from __future__ import annotations

import pytest

from nodeyard.planner import user_data
from nodeyard.world.machines.user_data import NotJoining, read

JOIN = user_data.Join(
    cluster="prod",
    endpoint="https://127.0.0.1:8621/111122223333/eu-west-1/prod",
    ca_data="Q0E=",
    service_cidr="10.100.0.0/16",
    max_pods=17,
    labels={"eks.amazonaws.com/nodegroup": "blue", "team": "payments"},
    taints=("dedicated=gpu:NoSchedule",),
)


@pytest.mark.parametrize("family", ["AL2", "AL2023", "BOTTLEROCKET", "WINDOWS"])
def test_a_machine_reads_what_the_planner_wrote(family: str) -> None:
    told = read(user_data.render(family, JOIN, "").encode())
    assert (told.cluster, told.endpoint) == (JOIN.cluster, JOIN.endpoint)
    assert told.labels == JOIN.labels
    assert told.taints == (("dedicated", "gpu", "NoSchedule"),)


@pytest.mark.parametrize("family", ["AL2", "AL2023"])
def test_user_data_of_the_caller_stays_beside_it(family: str) -> None:
    own = (
        'MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="=="\n\n--==\n'
        'Content-Type: text/x-shellscript; charset="us-ascii"\n\n#!/bin/bash\necho mine\n\n--==--\n'
    )
    merged = user_data.render(family, JOIN, own)
    assert "echo mine" in merged
    assert read(merged.encode()).cluster == "prod"


@pytest.mark.parametrize("raw", [b"", b"#!/bin/bash\necho nothing to join\n", b"\xff\xfe"])
def test_a_machine_that_is_told_nothing_says_so(raw: bytes) -> None:
    with pytest.raises(NotJoining):
        read(raw)


def test_a_node_config_without_an_endpoint_is_refused_by_name() -> None:
    config = "kind: NodeConfig\nspec:\n  cluster:\n    name: prod\n"
    mime = "MIME-Version: 1.0\nContent-Type: application/node.eks.aws\n\n"
    with pytest.raises(NotJoining, match="apiServerEndpoint is missing"):
        read((mime + config).encode())


def test_plain_user_data_cannot_be_merged_for_amazon_linux() -> None:
    with pytest.raises(user_data.NotMimeError):
        user_data.render("AL2023", JOIN, "#!/bin/bash\necho mine\n")
