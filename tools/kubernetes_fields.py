"""Take the fields of each kind, and their types, out of what a real API server says of itself.

Run again for a new release of Kubernetes, against the control plane of the tests or any other cluster:
`python -m tools.kubernetes_fields KUBECONFIG`.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from nodeyard.world.kubernetes import fields
from nodeyard.world.kubernetes.resources import RESOURCES

TARGET = Path(fields.__file__).with_name("fields.json")
_REFERENCE = "#/components/schemas/"
_PLAIN = {"date-time": "time", "byte": "bytes", "int-or-string": "intOrString", "double": "number"}
_WORDS = {"string": "string", "boolean": "bool", "integer": "int64", "number": "number"}
_MORE = ("policy/v1 Eviction", "autoscaling/v1 Scale")
"""Kinds that are sent and never stored."""

Doc = dict[str, Any]


def main(kubeconfig: str) -> None:
    """Write all types that the kinds of the embedded cluster are made of."""
    whole: dict[str, Doc] = {}
    kinds: dict[str, str] = {}
    wanted = {f"{what.api_version} {what.kind}" for what in RESOURCES} | set(_MORE)
    for served in sorted({name.partition(" ")[0] for name in wanted}):
        path = f"/openapi/v3/{'apis' if '/' in served else 'api'}/{served}"
        for name, schema in json.loads(_asked(kubeconfig, path))["components"]["schemas"].items():
            whole[name] = schema
            for kind in schema.get("x-kubernetes-group-version-kind", ()):
                version = f"{kind['group']}/{kind['version']}".lstrip("/")
                if f"{version} {kind['kind']}" in wanted:
                    kinds[f"{version} {kind['kind']}"] = name
    reader = _Reader(whole)
    told = {name: reader.form({"$ref": _REFERENCE + kinds[name]}) for name in sorted(kinds)}
    lines = [f"  {json.dumps(name)}: {json.dumps(made)}" for name, made in sorted(reader.types.items())]
    version = json.loads(_asked(kubeconfig, "/version"))["gitVersion"]
    TARGET.write_text(
        f'{{\n "from": "the OpenAPI documents of Kubernetes {version} (Apache-2.0)",\n'
        f' "kinds": {json.dumps(told, indent=2)},\n "types": {{\n' + ",\n".join(lines) + "\n }\n}\n"
    )


class _Reader:
    """Collects types under short names, which say their group where two have the same."""

    def __init__(self, whole: dict[str, Doc]) -> None:
        self._whole = whole
        self.types: dict[str, dict[str, str]] = {}
        self._short: dict[str, str] = {}

    def form(self, schema: Doc) -> str:
        """Return the word for a type: a scalar, `any`, `[]X`, `map X`, or the name of another type."""
        reference = schema.get("$ref") or next((each["$ref"] for each in schema.get("allOf", ())), "")
        if reference:
            return self._named(reference.removeprefix(_REFERENCE))
        form = schema.get("format", "")
        if schema.get("type") == "array":
            return "[]" + self.form(schema["items"])
        if "additionalProperties" in schema:
            return "map " + self.form(schema["additionalProperties"])
        if schema.get("type") == "integer" and form in ("int32", "int64"):
            return str(form)
        return _PLAIN.get(form) or _WORDS.get(schema.get("type", ""), "any")

    def _named(self, name: str) -> str:
        if name.endswith(".Quantity"):
            return "quantity"
        schema = self._whole[name]
        if not schema.get("properties"):
            return self.form(schema)
        if name not in self._short:
            last = name.rpartition(".")[2]
            taken = last in self._short.values()
            self._short[name] = short = ".".join(name.split(".")[-3:]) if taken else last
            self.types[short] = {}
            self.types[short] = {
                field: self.form(each) for field, each in sorted(schema["properties"].items())
            }
        return self._short[name]


def _asked(kubeconfig: str, path: str) -> str:
    command = ["kubectl", "--kubeconfig", kubeconfig, "get", "--raw", path]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


if __name__ == "__main__":
    main(sys.argv[1])
