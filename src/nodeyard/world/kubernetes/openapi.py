"""OpenAPI v3 documents: kinds, query parameters, and the types of all fields, without words about them.

Called by the façade. Pure over a registry.
"""

from __future__ import annotations

from typing import Any

from nodeyard.world.kubernetes import fields
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
_LOOSE = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
_PLAIN: dict[str, Doc] = {
    "string": {"type": "string"},
    "bool": {"type": "boolean"},
    "int32": {"type": "integer", "format": "int32"},
    "int64": {"type": "integer", "format": "int64"},
    "number": {"type": "number", "format": "double"},
    "bytes": {"type": "string", "format": "byte"},
    "time": {"type": "string", "format": "date-time"},
    "quantity": {"oneOf": [{"type": "string"}, {"type": "number"}]},
    "intOrString": {"oneOf": [{"type": "integer"}, {"type": "string"}], "format": "int-or-string"},
}


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
    schemas: Doc = {}
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
            "properties": _properties(what, schemas),
            "x-kubernetes-preserve-unknown-fields": True,
            "x-kubernetes-group-version-kind": [
                {"group": what.group, "kind": what.kind, "version": what.version}
            ],
        }
    info = {"title": "Kubernetes", "version": "v1"}
    return {"openapi": "3.0.0", "info": info, "paths": paths, "components": {"schemas": schemas}}


def _properties(what: Resource, schemas: Doc) -> Doc:
    name = fields.type_of(what.api_version, what.kind)
    if name:
        return {key: _schema(form, schemas) for key, form in fields.known().types[name].items()}
    return {
        "apiVersion": {"type": "string"},
        "kind": {"type": "string"},
        "metadata": _schema("ObjectMeta", schemas),
        "spec": _LOOSE,
        "status": _LOOSE,
    }


def _schema(form: str, schemas: Doc) -> Doc:
    """Return the schema of a type, and put it among the others with all that it is made of."""
    if form.startswith("[]"):
        return {"type": "array", "items": _schema(form[2:], schemas)}
    if form.startswith("map "):
        return {"type": "object", "additionalProperties": _schema(form[4:], schemas)}
    made = fields.known().types.get(form)
    if made is None:
        return _PLAIN.get(form, _LOOSE)
    name = f"io.k8s.api.{form}"
    if name not in schemas:
        schemas[name] = {"type": "object"}
        schemas[name]["properties"] = {key: _schema(each, schemas) for key, each in made.items()}
    return {"allOf": [{"$ref": f"#/components/schemas/{name}"}]}
