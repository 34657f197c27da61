"""Discovery: which groups, versions and resources a cluster serves, in the old and the aggregated form.

Called by the façade. Pure over a registry.
"""

from __future__ import annotations

from typing import Any

from nodeyard.world.kubernetes.resources import Registry, Resource

Doc = dict[str, Any]

# What exists only as a request: posted, answered, never stored.
REVIEWS: tuple[Resource, ...] = tuple(
    Resource(group, "v1", f"{kind.lower()}s", kind.lower(), kind, namespaced, (), (), ("create",))
    for group, kind, namespaced in (
        ("authentication.k8s.io", "TokenReview", False),
        ("authentication.k8s.io", "SelfSubjectReview", False),
        ("authorization.k8s.io", "LocalSubjectAccessReview", True),
        ("authorization.k8s.io", "SelfSubjectAccessReview", False),
        ("authorization.k8s.io", "SelfSubjectRulesReview", False),
        ("authorization.k8s.io", "SubjectAccessReview", False),
    )
)

_SUBRESOURCE_KINDS: dict[str, tuple[str, str, str, tuple[str, ...]]] = {
    "scale": ("autoscaling", "v1", "Scale", ("get", "patch", "update")),
    "eviction": ("policy", "v1", "Eviction", ("create",)),
    "binding": ("", "v1", "Binding", ("create",)),
    "log": ("", "", "", ("get",)),
    "exec": ("", "v1", "PodExecOptions", ("create", "get")),
    "attach": ("", "v1", "PodAttachOptions", ("create", "get")),
    "portforward": ("", "v1", "PodPortForwardOptions", ("create", "get")),
    "finalize": ("", "", "", ("update",)),
    "approval": ("", "", "", ("get", "patch", "update")),
}


def _by_group(registry: Registry) -> dict[tuple[str, str], list[Resource]]:
    groups: dict[tuple[str, str], list[Resource]] = {}
    for what in (*registry.all(), *REVIEWS):
        groups.setdefault((what.group, what.version), []).append(what)
    return groups


def group_versions(registry: Registry) -> dict[str, list[str]]:
    """Return the versions of each named group."""
    found: dict[str, list[str]] = {}
    for group, version in _by_group(registry):
        if group:
            found.setdefault(group, []).append(version)
    return found


def _subresource(what: Resource, name: str) -> tuple[str, str, str, tuple[str, ...]]:
    group, version, kind, verbs = _SUBRESOURCE_KINDS.get(name, ("", "", "", ("get", "patch", "update")))
    return (group, version, kind, verbs) if kind else (what.group, what.version, what.kind, verbs)


def _listed(what: Resource) -> list[Doc]:
    head: Doc = {
        "name": what.plural,
        "singularName": what.singular,
        "namespaced": what.namespaced,
        "kind": what.kind,
        "verbs": list(what.verbs),
    }
    if what.short_names:
        head["shortNames"] = list(what.short_names)
    if what.categories:
        head["categories"] = list(what.categories)
    entries = [head]
    for name in what.subresources:
        group, version, kind, verbs = _subresource(what, name)
        entry: Doc = {"name": f"{what.plural}/{name}", "singularName": "", "namespaced": what.namespaced}
        if (group, version) != (what.group, what.version):
            entry |= {"group": group, "version": version}
        entries.append({**entry, "kind": kind, "verbs": list(verbs)})
    return entries


def resource_list(registry: Registry, group: str, version: str) -> Doc | None:
    """Return the APIResourceList of a group version, None when it is not served."""
    many = _by_group(registry).get((group, version))
    if many is None:
        return None
    entries = [entry for what in many for entry in _listed(what)]
    named = f"{group}/{version}" if group else version
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": named, "resources": entries}


def _group(name: str, versions: list[str]) -> Doc:
    listed = [{"groupVersion": f"{name}/{version}", "version": version} for version in versions]
    return {"name": name, "versions": listed, "preferredVersion": listed[0]}


def api_group(registry: Registry, name: str) -> Doc | None:
    """Return the APIGroup of one group, None when it is not served."""
    versions = group_versions(registry).get(name)
    return {"kind": "APIGroup", "apiVersion": "v1", **_group(name, versions)} if versions else None


def api_groups(registry: Registry) -> Doc:
    """Return the APIGroupList."""
    groups = [_group(name, versions) for name, versions in group_versions(registry).items()]
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}


def api_versions() -> Doc:
    """Return the APIVersions of the core group."""
    return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []}


def aggregated(registry: Registry, core: bool, version: str) -> Doc:
    """Return the APIGroupDiscoveryList for /api (core) or /apis; version is v2 or v2beta1."""
    items: dict[str, Doc] = {}
    for (group, group_version), many in _by_group(registry).items():
        if (group == "") is not core:
            continue
        item = items.setdefault(group, {"metadata": {"name": group} if group else {}, "versions": []})
        item["versions"].append(
            {
                "version": group_version,
                "resources": [_discovered(what) for what in many],
                "freshness": "Current",
            }
        )
    return {
        "kind": "APIGroupDiscoveryList",
        "apiVersion": f"apidiscovery.k8s.io/{version}",
        "metadata": {},
        "items": list(items.values()),
    }


def _discovered(what: Resource) -> Doc:
    entry: Doc = {
        "resource": what.plural,
        "responseKind": {"group": what.group, "version": what.version, "kind": what.kind},
        "scope": "Namespaced" if what.namespaced else "Cluster",
        "singularResource": what.singular,
        "verbs": list(what.verbs),
    }
    if what.short_names:
        entry["shortNames"] = list(what.short_names)
    if what.categories:
        entry["categories"] = list(what.categories)
    if what.subresources:
        entry["subresources"] = []
    for name in what.subresources:
        group, version, kind, verbs = _subresource(what, name)
        answer = {"group": group, "version": version, "kind": kind}
        entry["subresources"].append({"subresource": name, "responseKind": answer, "verbs": list(verbs)})
    return entry
