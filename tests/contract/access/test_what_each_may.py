"""What a caller may do, by policy, and what the audit log says of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from nodeyard.api import asgi
from nodeyard.api.asgi import EVENTS_PATH
from nodeyard.api.event_stream import EventStream
from nodeyard.cli.main import run
from nodeyard.ports import Unavailable
from nodeyard.ports.access import BEGUN
from tests.contract.access.conftest import Guarded
from tests.nouns import SCOPE, a_nodegroup

HERE = f"arn:aws:eks:{SCOPE.region}:{SCOPE.account}"
ANN = f"arn:aws:iam::{SCOPE.account}:user/ann"
ROLE = f"arn:aws:iam::{SCOPE.account}:role/node"


def allow(action: Any, resource: Any = "*", **condition: Any) -> dict[str, Any]:
    made = {"Effect": "Allow", "Action": action, "Resource": resource}
    return made | ({"Condition": condition} if condition else {})


def deny(action: Any, resource: Any = "*") -> dict[str, Any]:
    return {"Effect": "Deny", "Action": action, "Resource": resource}


def denial(call: Callable[[], Any]) -> str:
    with pytest.raises(ClientError) as caught:
        call()
    answer = caught.value.response
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 403
    assert answer["Error"]["Code"] == "AccessDeniedException"
    return str(answer["Error"]["Message"])


def not_authorized(action: str, resource: str) -> str:
    return f"User: {ANN} is not authorized to perform: {action} on resource: {resource}"


def test_a_key_without_a_policy_may_do_nothing(guarded: Guarded) -> None:
    client = guarded.of(guarded.key())
    assert denial(client.list_clusters) == not_authorized("eks:ListClusters", f"{HERE}:cluster/*")
    assert denial(client.describe_cluster_versions) == not_authorized(
        "eks:DescribeClusterVersions", f"{HERE}:*"
    )
    ours = guarded.of(guarded.key(), name="nodeyard")
    assert "nodeyard:ListEvents" in denial(ours.list_events)


def test_a_policy_on_one_cluster_opens_that_cluster_alone_and_a_deny_wins(guarded: Guarded) -> None:
    client = guarded.of(guarded.key(allow("eks:*", f"{HERE}:cluster/prod"), deny("eks:DeleteCluster")))
    assert client.describe_cluster(name="prod")["cluster"]["name"] == "prod"
    assert denial(lambda: client.describe_cluster(name="test")) == not_authorized(
        "eks:DescribeCluster", f"{HERE}:cluster/test"
    )
    explicit = not_authorized("eks:DeleteCluster", f"{HERE}:cluster/prod") + " with an explicit deny"
    assert denial(lambda: client.delete_cluster(name="prod")) == explicit


def test_a_node_group_is_named_by_its_whole_arn_and_known_by_its_tags(guarded: Guarded) -> None:
    group = a_nodegroup(tags={"owner": "ann"})
    guarded.doorway.has(group)
    names = {"clusterName": "prod", "nodegroupName": "blue"}
    client = guarded.of(guarded.key(allow("eks:List*")))
    assert denial(lambda: client.describe_nodegroup(**names)) == not_authorized(
        "eks:DescribeNodegroup", group.arn
    )
    mine = allow("eks:*", f"{HERE}:nodegroup/*", StringEquals={"aws:ResourceTag/owner": "${aws:username}"})
    assert guarded.of(guarded.key(mine)).describe_nodegroup(**names)["nodegroup"]["nodegroupName"] == "blue"
    bob = guarded.of(guarded.key(mine, user="bob"))
    assert "user/bob is not authorized" in denial(lambda: bob.describe_nodegroup(**names))


def test_tags_of_a_request_decide(guarded: Guarded) -> None:
    only_red = allow(
        "eks:TagResource",
        "*",
        StringEquals={"aws:RequestTag/team": "red"},
        **{"ForAllValues:StringEquals": {"aws:TagKeys": ["team"]}},
    )
    client = guarded.of(guarded.key(only_red))
    arn = f"{HERE}:cluster/prod"
    client.tag_resource(resourceArn=arn, tags={"team": "red"})
    for tags in ({"team": "blue"}, {"team": "red", "more": "x"}, {"more": "x"}):
        assert "eks:TagResource" in denial(lambda tags=tags: client.tag_resource(resourceArn=arn, tags=tags))  # type: ignore[misc]


def test_whoever_makes_a_node_group_must_be_allowed_to_pass_its_role(guarded: Guarded) -> None:
    members: dict[str, Any] = {
        "clusterName": "prod",
        "nodegroupName": "green",
        "nodeRole": ROLE,
        "subnets": ["subnet-1"],
    }
    client = guarded.of(guarded.key(allow("eks:CreateNodegroup")))
    assert denial(lambda: client.create_nodegroup(**members)) == not_authorized("iam:PassRole", ROLE)
    # With the right it is EKS that judges the request, and the role is not there.
    client = guarded.of(guarded.key(allow(["eks:CreateNodegroup", "iam:PassRole"])))
    with pytest.raises(ClientError) as caught:
        client.create_nodegroup(**members)
    assert caught.value.response["Error"]["Code"] != "AccessDeniedException"


def test_whoever_may_make_a_node_group_may_have_it_validated_and_nobody_else(guarded: Guarded) -> None:
    members: dict[str, Any] = {"clusterName": "prod", "nodegroupName": "green", "subnets": ["subnet-a"]}
    ours = guarded.of(guarded.key(allow("nodeyard:*")), name="nodeyard")
    denied = not_authorized("eks:CreateNodegroup", f"{HERE}:cluster/prod")
    assert denial(lambda: ours.validate_nodegroup(**members)) == denied
    ours = guarded.of(guarded.key(allow("eks:CreateNodegroup")), name="nodeyard")
    assert ours.validate_nodegroup(**members)["refusals"] == []
    passing = not_authorized("iam:PassRole", ROLE)
    assert denial(lambda: ours.validate_nodegroup(**members, nodeRole=ROLE)) == passing


def test_a_call_that_changes_something_is_written_down_before_it_acts_and_at_its_end(
    guarded: Guarded,
) -> None:
    issued = guarded.key(allow("eks:*"))
    client = guarded.of(issued)
    client.list_clusters()
    arn = f"{HERE}:cluster/prod"
    answer = client.tag_resource(resourceArn=arn, tags={"a": "b"})
    with pytest.raises(ClientError):
        client.delete_nodegroup(clusterName="prod", nodegroupName="none")
    entries = guarded.audit()
    assert [each.outcome for each in entries] == [BEGUN, "200", BEGUN, "404 ResourceNotFoundException"]
    first, second = entries[:2]
    assert (first.caller, first.access_key, first.action) == (ANN, issued.key.id, "eks:TagResource")
    assert first.resources == (arn,) and (first.account, first.region) == (SCOPE.account, SCOPE.region)
    assert first.request_id == second.request_id == answer["ResponseMetadata"]["RequestId"]
    assert "secret" not in str(entries) and issued.secret not in str(entries)


def test_a_denied_call_is_written_down_with_what_it_was_told(guarded: Guarded) -> None:
    client = guarded.of(guarded.key(allow("eks:List*")))
    message = denial(lambda: client.delete_cluster(name="prod"))
    (entry,) = guarded.audit()
    assert (entry.outcome, entry.message) == ("403 AccessDeniedException", message)
    assert guarded.root().describe_cluster(name="prod")["cluster"]["status"] == "ACTIVE"


def test_nothing_is_done_that_cannot_be_written_down(
    guarded: Guarded, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(*_: Any) -> None:
        raise Unavailable("the disk is full")

    monkeypatch.setattr(guarded.doorway.store, "begin_audit", full)
    with pytest.raises(ClientError, match=r"Nothing was done.*disk is full"):
        guarded.root().tag_resource(resourceArn=f"{HERE}:cluster/prod", tags={"a": "b"})
    assert guarded.root().describe_cluster(name="prod")["cluster"]["tags"] == {"team": "red"}


def test_a_subscription_shows_the_cluster_that_was_judged(guarded: Guarded) -> None:
    """A query may name a cluster twice: what is asked of the policies is what is shown."""
    doorway = guarded.doorway
    events = EventStream(doorway.store, guarded.door.clock)
    doorway.app = asgi.build(replace(guarded.door, events=events))
    issued = guarded.key(allow("nodeyard:StreamEvents", f"{HERE}:cluster/dev"))
    for query in ("cluster=prod&cluster=dev", "cluster=&nodegroup=blue", "nodegroup=blue"):
        request = AWSRequest("GET", f"http://localhost{EVENTS_PATH}?{query}", headers={"host": "localhost"})
        SigV4Auth(Credentials(issued.key.id, issued.secret), "nodeyard", SCOPE.region).add_auth(request)
        headers = {name.lower(): str(value) for name, value in request.headers.items()}
        status, _, body = doorway.send("GET", f"{EVENTS_PATH}?{query}", b"", headers)
        assert status == 403, query
        assert b"nodeyard:StreamEvents" in body


def test_a_name_cannot_write_lines_of_its_own_into_the_printed_audit_log(
    guarded: Guarded, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ann = guarded.of(guarded.key())
    denial(lambda: ann.delete_nodegroup(clusterName="prod", nodegroupName="a\n2026 200 \x1b[2Jforged"))
    assert run(["audit", "--database-url", f"sqlite:///{tmp_path / 'nodeyard.sqlite'}"]) == 0
    printed = capsys.readouterr().out
    assert printed.count("\n") == 1 and printed[:-1].isprintable()
    assert r"a\n2026 200 \x1b[2Jforged" in printed
