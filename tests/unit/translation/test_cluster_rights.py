"""The manifest that lets Nodeyard into a cluster grants the rights of the table, and nothing that grants."""

from __future__ import annotations

from typing import Any

from nodeyard.rehearse.snapshot import KINDS
from nodeyard.translation import cluster_rights
from nodeyard.translation.cluster_rights import Right


def granted(roles: list[dict[str, Any]]) -> set[Right]:
    return {
        Right(verb, group, resource, role["metadata"].get("namespace"), name)
        for role in roles
        for rule in role["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
        for name in rule.get("resourceNames", [None])
    }


def test_the_manifest_grants_the_rights_and_nothing_else() -> None:
    objects = cluster_rights.manifest("infra")
    roles = [each for each in objects if each["kind"] in ("Role", "ClusterRole")]
    assert granted(roles) == cluster_rights.rights()
    assert set(cluster_rights.needed()) < cluster_rights.rights()
    assert not {"escalate", "bind", "impersonate", "*"} & {each.verb for each in cluster_rights.rights()}
    accounts = [each["subjects"] for each in objects if "subjects" in each]
    assert accounts == [[{"kind": "ServiceAccount", "name": "nodeyard", "namespace": "infra"}]] * 2


def test_everything_that_a_rehearsal_reads_may_be_read() -> None:
    listed = {(each.resource, each.group) for each in cluster_rights.rights() if each.verb == "list"}
    wanted = {(name.partition(".")[0], version.rpartition("/")[0]) for name, (version, _) in KINDS.items()}
    assert listed == wanted
