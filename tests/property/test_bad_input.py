"""Whatever a request holds, the answer is success or a modelled 4xx, and nothing is ever half made.

Requests are made from the service model, field by field: left out, plausible, valid by shape, or any JSON
at all. They go through the real wire, admission and store. The run is the same every time;
`FUZZ_EXAMPLES=5000 pytest tests/property` looks further, with new values and the failing ones printed.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import botocore.session
import pytest
from botocore import parsers
from botocore.awsrequest import HeadersDict
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from nodeyard.model.nodegroup import Scaling
from tests.doorway import Doorway
from tests.nouns import SCOPE, a_nodegroup
from tests.strategies import MODEL, values

SERVICE = botocore.session.get_session().get_service_model("eks")
PARSER = parsers.create_parser("rest-json")
MORE = os.environ.get("FUZZ_EXAMPLES")
FUZZ = settings(
    max_examples=int(MORE or 120),
    derandomize=MORE is None,
    print_blob=True,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=True)
    | st.text(max_size=12)
    | st.sampled_from(["", " ", "\x00", "a" * 300, "../..", "${jndi:x}", "'; drop table nodegroup; --"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
ROLE = f"arn:aws:iam::{SCOPE.account}:role/"
TYPES = ["t3.medium", "m5.large", "m6g.large", "g5.xlarge", "z9.tiny"]
SIZES = st.fixed_dictionaries(
    {}, optional={name: st.integers(-1, 500) for name in ("minSize", "maxSize", "desiredSize")}
)
TAINTS = st.lists(
    st.fixed_dictionaries(
        {
            "key": st.sampled_from(["gpu", "a.b/c", "-x"]),
            "effect": st.sampled_from(["NO_SCHEDULE", "NoSchedule"]),
        },
        optional={"value": st.sampled_from(["", "x", "-"])},
    ),
    max_size=3,
)
LABELS = st.dictionaries(
    st.sampled_from(["team", "k8s.io/x", "node.kubernetes.io/x", "a.b/c", "-x"]),
    st.sampled_from(["x", "", "y z"]),
    max_size=3,
)
POOL = st.fixed_dictionaries(
    {},
    optional={
        "enabled": st.booleans(),
        "minSize": st.integers(-1, 3),
        "maxGroupPreparedCapacity": st.integers(-3, 3),
        "poolState": st.sampled_from(["STOPPED", "HIBERNATED", "Stopped"]),
    },
)
UNAVAILABLE = st.fixed_dictionaries(
    {},
    optional={
        "maxUnavailable": st.integers(0, 102),
        "maxUnavailablePercentage": st.integers(0, 101),
        "updateStrategy": st.sampled_from(["DEFAULT", "MINIMAL", "FAST"]),
    },
)
PLAUSIBLE: dict[str, st.SearchStrategy[Any]] = {
    "nodegroupName": st.sampled_from(["blue", "Green_2", "b" * 63, "b" * 64, "-x", "x-", "bl ue"]),
    "subnets": st.lists(st.sampled_from(["subnet-a", "subnet-b", "subnet-x", "subnet-gone"]), max_size=3),
    "nodeRole": st.sampled_from(
        [f"{ROLE}{n}" for n in ("node", "cluster", "bare", "gone", "path/to/node", "")]
    ),
    "scalingConfig": SIZES,
    "diskSize": st.integers(-5, 20000),
    "instanceTypes": st.lists(st.sampled_from(TYPES), max_size=4),
    "labels": LABELS,
    "taints": TAINTS,
    "launchTemplate": st.fixed_dictionaries(
        {},
        optional={
            "name": st.sampled_from(["plain", "image", "gone"]),
            "id": st.sampled_from(["lt-plain", "lt-gone"]),
            "version": st.sampled_from(["1", "$Latest", "9", "x"]),
        },
    ),
    "updateConfig": UNAVAILABLE,
    "warmPoolConfig": POOL,
    "version": st.sampled_from(["1.34", "1.33", "9.9", "x"]),
    "releaseVersion": st.sampled_from(["1.34.9-20260714", "1.33.10-20260714", "x"]),
    "clientRequestToken": st.sampled_from(["t-1", "t-2"]),
}
SOUND = {"nodegroupName": "blue", "subnets": ["subnet-a", "subnet-b"], "nodeRole": f"{ROLE}node"}


def bodies(shape: str, sound: dict[str, Any], plausible: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Return a strategy of bodies: a sound one with some of its fields replaced, added or left out."""
    members = {n: m for n, m in MODEL.shapes[shape].members.items() if m.location is None}

    def field(name: str) -> st.SearchStrategy[Any]:
        by_shape = values(members[name].shape)
        likely = plausible.get(name, by_shape)
        return st.one_of(likely, likely, by_shape, JSON)

    changes = st.fixed_dictionaries({}, optional={name: field(name) for name in members})
    left_out = st.sets(st.sampled_from(sorted(sound)), max_size=1) if sound else st.just(set())

    def made(few: list[str], drawn: dict[str, Any], gone: set[str], drop: bool) -> dict[str, Any]:
        kept = {name: value for name, value in sound.items() if not (drop and name in gone)}
        return kept | {name: drawn[name] for name in few if name in drawn}

    few = st.lists(st.sampled_from(sorted(members)), max_size=4, unique=True)
    return st.builds(made, few, changes, left_out, st.integers(0, 5).map(lambda n: n == 0))


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doorway]:
    made = Doorway(Path(tmp_path_factory.mktemp("fuzz")))
    made.has_cluster()
    made.account.templates = {"plain": {}, "image": {"ImageId": "ami-1"}}
    yield made
    made.close()


def send(door: Doorway, operation: str, method: str, target: str, body: bytes) -> dict[str, Any] | None:
    """Send one request and judge the answer; return it as botocore parses it, None when it was refused."""
    before = door.everything()
    status, headers, content = door.send(method, target, body)
    if status == 200:
        received = {"status_code": status, "headers": HeadersDict(headers), "body": content}
        parsed = PARSER.parse(received, SERVICE.operation_model(operation).output_shape)
        parsed.pop("ResponseMetadata", None)
        answer: dict[str, Any] = parsed
        return answer
    assert 400 <= status < 500, (status, content)
    assert MODEL.error(headers["x-amzn-errortype"]) is not None
    assert len(json.loads(content)["message"]) > 10
    assert door.everything() == before, "a refusal changed the store"
    return None


def as_json(body: Any) -> bytes:
    return json.dumps(body).encode()


@FUZZ
@given(body=bodies("CreateNodegroupRequest", SOUND, PLAUSIBLE))
@example(body=SOUND)
@example(body=SOUND | {"nodeRole": "arn:aws:iam::111122223333:role/" + "x" * 65})
@example(body=SOUND | {"labels": {"\ud800": "x"}})
@example(body=SOUND | {"nodeRepairConfig": {"nodeRepairConfigOverrides": [{}]}})
@example(body=SOUND | {"tags": {"\x00": "\x00"}})
def test_no_creation_of_a_node_group_ends_in_an_error_of_ours(service: Doorway, body: dict[str, Any]) -> None:
    answer = send(service, "CreateNodegroup", "POST", "/clusters/prod/node-groups", as_json(body))
    if answer is None:
        return
    group = answer["nodegroup"]
    target = f"/clusters/prod/node-groups/{quote(group['nodegroupName'])}"
    assert send(service, "DescribeNodegroup", "GET", target, b"") == {"nodegroup": group}
    assert group["status"] == "CREATING"
    sizes = group["scalingConfig"]
    assert 0 <= sizes["minSize"] <= sizes["desiredSize"] <= sizes["maxSize"] <= 450
    stored = service.group(group["nodegroupName"])
    assert stored is not None
    service.forget(stored)


@FUZZ
@given(
    body=bodies(
        "UpdateNodegroupConfigRequest",
        {},
        {
            "labels": st.fixed_dictionaries(
                {},
                optional={
                    "addOrUpdateLabels": LABELS,
                    "removeLabels": st.lists(st.sampled_from(["team", "gone", ""]), max_size=2),
                },
            ),
            "taints": st.fixed_dictionaries(
                {}, optional={"addOrUpdateTaints": TAINTS, "removeTaints": TAINTS}
            ),
            "scalingConfig": SIZES,
            "updateConfig": UNAVAILABLE,
            "warmPoolConfig": POOL,
            "clientRequestToken": st.sampled_from(["t-1", "t-2"]),
        },
    )
)
def test_no_update_of_a_node_group_ends_in_an_error_of_ours(service: Doorway, body: dict[str, Any]) -> None:
    service.has(a_nodegroup(scaling=Scaling(1, 3, 2), labels={"team": "web"}))
    target = "/clusters/prod/node-groups/blue"
    answer = send(service, "UpdateNodegroupConfig", "POST", f"{target}/update-config", as_json(body))
    described = send(service, "DescribeNodegroup", "GET", target, b"")
    assert described is not None
    if answer is not None:
        update = answer["update"]
        found = send(
            service,
            "DescribeUpdate",
            "GET",
            f"/clusters/prod/updates/{update['id']}?nodegroupName=blue",
            b"",
        )
        assert found == answer
        assert described["nodegroup"]["status"] == "UPDATING"
    stored = service.group()
    assert stored is not None
    service.forget(stored)


@FUZZ
@given(
    body=bodies(
        "CreateClusterRequest",
        {
            "name": "new",
            "roleArn": f"{ROLE}cluster",
            "resourcesVpcConfig": {"subnetIds": ["subnet-a", "subnet-b"]},
        },
        {
            "name": st.sampled_from(["new", "prod", "a.b", "", "x" * 101, "_x"]),
            "roleArn": PLAUSIBLE["nodeRole"],
            "version": st.sampled_from(["1.34", "1.14", "9.9", "x", ""]),
            "clientRequestToken": st.sampled_from(["t-1", "t-2"]),
        },
    )
)
def test_no_creation_of_a_cluster_ends_in_an_error_of_ours(service: Doorway, body: dict[str, Any]) -> None:
    answer = send(service, "CreateCluster", "POST", "/clusters", as_json(body))
    if answer is None:
        return
    cluster = answer["cluster"]
    assert send(service, "DescribeCluster", "GET", f"/clusters/{cluster['name']}", b"") == {
        "cluster": cluster
    }
    stored = service.run(service.store.cluster(SCOPE, cluster["name"]))
    service.forget(stored)


@FUZZ
@given(
    arn=st.sampled_from(
        [f"arn:aws:eks:{SCOPE.region}:{SCOPE.account}:cluster/prod"] * 3 + ["", "x", "arn:aws:eks"]
    )
    | st.text(max_size=20),
    body=bodies("TagResourceRequest", {"tags": {"a": "b"}}, {}),
    keys=st.lists(st.text(max_size=5), max_size=3),
)
def test_no_tag_ends_in_an_error_of_ours(
    service: Doorway, arn: str, body: dict[str, Any], keys: list[str]
) -> None:
    target = f"/tags/{quote(arn or '-', safe='', errors='replace')}"
    tagged = send(service, "TagResource", "POST", target, as_json(body))
    listed = send(service, "ListTagsForResource", "GET", target, b"")
    assert tagged is None or listed is not None
    query = "&".join(
        f"tagKeys={quote(key, errors='replace')}" for key in [*keys, *(listed or {}).get("tags", {})]
    )
    untagged = send(service, "UntagResource", "DELETE", f"{target}?{query}", b"")
    if untagged is not None:
        assert send(service, "ListTagsForResource", "GET", target, b"") == {"tags": {}}


@FUZZ
@given(body=st.binary(max_size=60) | JSON.map(as_json), operation=st.sampled_from(sorted(MODEL.operations)))
def test_no_body_of_any_operation_ends_in_an_error_of_ours(
    service: Doorway, body: bytes, operation: str
) -> None:
    op = MODEL.operations[operation]
    target = op.uri.replace("{name}", "prod").replace("{nodegroupName}", "blue")
    for label in ("updateId", "resourceArn", "addonName", "id", "principalArn", "policyArn"):
        target = target.replace(f"{{{label}}}", "x")
    service.refuses_or_succeeds(op.method, target.replace("{", "").replace("}", ""), body)
