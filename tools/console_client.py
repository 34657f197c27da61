"""Write the console's client from the service models: `python -m tools.console_client`.

What the browser may call, with the types of what goes in and comes out, is taken from the same models by
which the service decodes requests, so the two cannot drift apart. `tests/tidy` checks that it is fresh.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import botocore.loaders

TARGET = Path(__file__).resolve().parent.parent / "web" / "src" / "aws" / "model.generated.ts"
OURS = Path(__file__).resolve().parent.parent / "src/nodeyard/api/models/nodeyard/2026-11-01/service-2.json"
EKS = (
    "ListClusters",
    "DescribeCluster",
    "CreateNodegroup",
    "DescribeNodegroup",
    "DeleteNodegroup",
    "UpdateNodegroupConfig",
    "UpdateNodegroupVersion",
    "CancelUpdate",
    "DescribeUpdate",
    "ListUpdates",
    "TagResource",
    "UntagResource",
)
_SCALARS = {
    "string": "string",
    "boolean": "boolean",
    "integer": "number",
    "long": "number",
    "double": "number",
    "float": "number",
    "timestamp": "number",
    "blob": "string",
}


def written() -> str:
    """Return the text of the generated module."""
    loader = botocore.loaders.create_loader()
    models = {"eks": (loader.load_service_model("eks", "service-2"), EKS)}
    ours = json.loads(OURS.read_text())
    models["nodeyard"] = (ours, tuple(sorted(ours["operations"])))
    table: dict[str, Any] = {}
    types: dict[str, str] = {}
    inputs, outputs = [], []
    for service, (model, names) in models.items():
        prefix = "" if service == "eks" else "Ny"
        for name in names:
            operation = model["operations"][name]
            table[name] = _operation(service, operation, model)
            for side, rows in (("input", inputs), ("output", outputs)):
                shape = operation[side]["shape"]
                rows.append(f"  {name}: {prefix}{shape};")
                _collect(model, shape, prefix, types)
    rows = "\n".join(f"  {name}: {json.dumps(row)}," for name, row in sorted(table.items()))
    return "\n".join(
        (
            "// Made by `python -m tools.console_client` from the service models; not edited by hand.\n",
            f"export const OPERATIONS = {{\n{rows}\n}};\n",
            "export type OperationName = keyof Inputs;\n",
            "export interface Inputs {\n" + "\n".join(sorted(inputs)) + "\n}\n",
            "export interface Outputs {\n" + "\n".join(sorted(outputs)) + "\n}\n",
            "\n".join(types[name] for name in sorted(types)),
        )
    )


def _operation(service: str, operation: dict[str, Any], model: dict[str, Any]) -> dict[str, Any]:
    members = model["shapes"][operation["input"]["shape"]]["members"]
    places = {
        name: [member["location"], member.get("locationName", name)]
        for name, member in members.items()
        if "location" in member
    }
    http = operation["http"]
    return {"service": service, "method": http["method"], "uri": http["requestUri"], "places": places}


def _collect(model: dict[str, Any], name: str, prefix: str, types: dict[str, str]) -> None:
    """Write the type of a shape and of everything in it, once."""
    full = f"{prefix}{name}"
    if full in types:
        return
    types[full] = ""
    shape = model["shapes"][name]
    required = shape.get("required", ())
    lines = []
    for member, reference in shape["members"].items():
        mark = "" if member in required else "?"
        lines.append(f"  {member}{mark}: {_type(model, reference['shape'], prefix, types)};")
    types[full] = f"export interface {full} {{\n" + "\n".join(lines) + "\n}\n"


def _type(model: dict[str, Any], name: str, prefix: str, types: dict[str, str]) -> str:
    shape = model["shapes"][name]
    kind = shape["type"]
    if kind == "structure":
        _collect(model, name, prefix, types)
        return f"{prefix}{name}"
    if kind == "list":
        return f"{_type(model, shape['member']['shape'], prefix, types)}[]"
    if kind == "map":
        return f"Record<string, {_type(model, shape['value']['shape'], prefix, types)}>"
    return _SCALARS[kind]


if __name__ == "__main__":
    TARGET.write_text(written())
