"""The EKS API as stacks have it: what is not even sent is a refusal too."""

from __future__ import annotations

from nodeyard.drivers.aws.eks import EksClient
from nodeyard.drivers.aws.settings import AwsSettings, account_as_access_key
from nodeyard.model.scope import Scope
from tests.fakes import FakeClock


async def test_members_that_no_client_sends_are_refused_as_the_api_would() -> None:
    client = EksClient(AwsSettings("http://127.0.0.1:9", account_as_access_key), FakeClock())
    members = {
        "clusterName": "shop",
        "nodegroupName": "workers",
        "subnets": ["subnet-1"],
        "nodeRole": "arn:aws:iam::111122223333:role/node",
        "scalingConfig": {"minSize": -1},
    }
    try:
        answer = await client.call(Scope("111122223333", "eu-west-1"), "CreateNodegroup", members)
    finally:
        client.close()
    assert isinstance(answer, tuple)
    assert answer[0] == "InvalidParameterException"
    assert "scalingConfig.minSize" in answer[1]
