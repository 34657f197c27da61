"""OpenAPI v3 documents, loose: enough to know kinds and query parameters, never to refuse a field.

Called by the façade. Pure over a registry.
"""

from __future__ import annotations

from typing import Any

from nodeyard.world.kubernetes.resources import Registry, Resource

Doc = dict[str, Any]

_TEXT = {"type": "string", "uniqueItems": True}
_WRITE: list[Doc] = [
    {"name": name, "in": "query", "schema": _TEXT}
    for name in ("dryRun", "fieldManager", "fieldValidation", "pretty")
]
_PATCH: list[Doc] = [
    *_WRITE,
    {"name": "force", "in": "query", "schema": {"type": "boolean", "uniqueItems": True}},
]
_META = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
_LOOSE = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}


def _path(group: str, version: str) -> str:
    return f"apis/{group}/{version}" if group else f"api/{version}"


def index(registry: Registry, version: int) -> Doc:
    """Return where each group version's document is; version makes clients fetch anew after a change."""
    paths = sorted({_path(what.group, what.version) for what in registry.all()})
    return {"paths": {path: {"serverRelativeURL": f"/openapi/v3/{path}?hash={version}"} for path in paths}}


def _schema_name(what: Resource) -> str:
    if what.custom:
        return ".".join([*reversed(what.group.split(".")), what.version, what.kind])
    return f"io.k8s.api.{what.group.partition('.')[0] or 'core'}.{what.version}.{what.kind}"


def _operation(what: Resource, action: str, parameters: list[Doc]) -> Doc:
    kind = {"group": what.group, "kind": what.kind, "version": what.version}
    reference = {"$ref": f"#/components/schemas/{_schema_name(what)}"}
    content = {"application/json": {"schema": reference}}
    return {
        "operationId": f"{action}{what.kind}",
        "parameters": parameters,
        "responses": {"200": {"description": "OK", "content": content}},
        "x-kubernetes-action": action,
        "x-kubernetes-group-version-kind": kind,
    }


def document(registry: Registry, path: str) -> Doc | None:
    """Return the document of a group version by its path, None when it is not served."""
    many = [what for what in registry.all() if _path(what.group, what.version) == path]
    if not many:
        return None
    paths: Doc = {}
    schemas: Doc = {_META: _LOOSE}
    for what in many:
        space = "/namespaces/{namespace}" if what.namespaced else ""
        base = f"/{path}{space}/{what.plural}"
        paths[base] = {
            "get": _operation(what, "list", []),
            "post": _operation(what, "post", _WRITE),
        }
        paths[base + "/{name}"] = {
            "get": _operation(what, "get", []),
            "put": _operation(what, "put", _WRITE),
            "patch": _operation(what, "patch", _PATCH),
            "delete": _operation(what, "delete", []),
        }
        schemas[_schema_name(what)] = {
            "type": "object",
            "description": f"{what.kind} of {what.api_version}",
            "properties": {
                "apiVersion": {"type": "string"},
                "kind": {"type": "string"},
                "metadata": {"allOf": [{"$ref": f"#/components/schemas/{_META}"}]},
                "spec": _LOOSE,
                "status": _LOOSE,
            },
            "x-kubernetes-preserve-unknown-fields": True,
            "x-kubernetes-group-version-kind": [
                {"group": what.group, "kind": what.kind, "version": what.version}
            ],
        }
    info = {"title": "Kubernetes", "version": "v1"}
    return {"openapi": "3.0.0", "info": info, "paths": paths, "components": {"schemas": schemas}}
