"""What a server says of fields that a kind does not have, and of values that are of another type."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.kubernetes_api.doors import APPLY, MERGE, STRATEGIC, Door

Obj = dict[str, Any]


def a_typo(**more: Any) -> Obj:
    labels = {"app": "typo"}
    pod = {"containers": [{"name": "app", "image": "app:1", "imagePullPolice": "Always"}]}
    template = {"metadata": {"labels": labels}, "spec": pod}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "typo"},
        "spec": {"replicas": 0, "selector": {"matchLabels": labels}, "template": template, **more},
    }


JUDGED: dict[str, tuple[str, Obj]] = {
    "unknown fields": ("apps/v1:deployments", a_typo(replica=2)),
    "a text for a number": ("apps/v1:deployments", a_typo(replicas="two")),
    "a number for a text": ("configmaps", {"metadata": {"name": "m"}, "data": {"a": 1}}),
    "an object for a list": ("pods", {"metadata": {"name": "p"}, "spec": {"containers": {"name": "app"}}}),
    "a list for an object": ("pods", {"metadata": {"name": "p"}, "spec": []}),
    "a text for a truth": ("configmaps", {"metadata": {"name": "m"}, "immutable": "yes"}),
    "what is no base64": ("secrets", {"metadata": {"name": "s"}, "data": {"a": "not base64!"}}),
    "null for a number": ("apps/v1:deployments", a_typo(replicas=None)),
    "null for a port": (
        "pods",
        {
            "metadata": {"name": "p"},
            "spec": {
                "restartPolicy": None,
                "containers": [{"name": "app", "image": "app:1", "ports": [{"containerPort": None}]}],
            },
        },
    ),
    "null for a type": (
        "services",
        {"metadata": {"name": "s"}, "spec": {"type": None, "ports": [{"port": 8}]}},
    ),
    "what is no time": ("configmaps", {"metadata": {"name": "m", "creationTimestamp": "soon"}}),
}


@pytest.mark.parametrize("level", ["Strict", "Warn", "Ignore", "", "Loose"])
async def test_fields_are_judged_alike(door: Door, level: str, told: dict[tuple[str, bool], Any]) -> None:
    for case, (path, body) in JUDGED.items():
        answer = await door.ask("POST", path, body, fieldValidation=level, dryRun="All")
        told[case + level, door.real] = answer.status, answer.body.get("message"), answer.warnings
        if (case + level, not door.real) in told:
            assert told[case + level, False] == told[case + level, True]


@pytest.mark.parametrize("kind", [MERGE, STRATEGIC])
async def test_a_patch_is_told_of_fields_that_are_not(door: Door, kind: str) -> None:
    await door.make("apps/v1:deployments", a_typo())
    patch = {"spec": {"replica": 2}}
    warned = await door.ask("PATCH", "apps/v1:deployments/typo", patch, kind=kind)
    assert (warned.status, warned.warnings) == (200, '299 - "unknown field \\"spec.replica\\""')
    assert "replica" not in warned.body["spec"]
    strict = await door.ask("PATCH", "apps/v1:deployments/typo", patch, kind=kind, fieldValidation="Strict")
    assert strict.refusal == (422, "Invalid")
    assert 'strict decoding error: unknown field "spec.replica"' in strict.body["message"]


async def test_what_is_applied_has_only_fields_that_are(door: Door) -> None:
    body = a_typo(replica=2)
    del body["spec"]["template"]["spec"]["containers"][0]["imagePullPolice"]
    answer = await door.ask(
        "PATCH", "apps/v1:deployments/typo", body, kind=APPLY, fieldManager="me", fieldValidation="Ignore"
    )
    assert (answer.status, answer.body.get("reason")) == (500, None)
    assert answer.body["message"] == (
        "failed to create typed patch object (/typo; apps/v1, Kind=Deployment): .spec.replica: field not "
        "declared in schema"
    )
