"""Take what Terraform's AWS provider says of aws_eks_node_group out of its published bindings.

A build of the provider takes longer than all tests together, and its recent releases cannot be named as a Go
module; but its schema is published too: the npm package @cdktf/provider-aws is generated from it.
Run once for a version:
`npm pack @cdktf/provider-aws@21.22.1 && tar xzf *.tgz && python -m tools.terraform_schema package`.
Interfaces tell what may be given and what must be, `toHclTerraform` tells types and how blocks nest.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

TARGET = Path(__file__).resolve().parent.parent / "tests" / "judges" / "terraform" / "aws_eks_node_group.json"
RESOURCE, CONFIG = "aws_eks_node_group", "EksNodeGroupConfig"
FOLDER = "lib/eks-node-group"
_TYPES = {
    ("simple", "string"): "string",
    ("simple", "number"): "number",
    ("simple", "boolean"): "bool",
    ("list", "stringList"): "list string",
    ("set", "stringList"): "set string",
    ("map", "stringMap"): "map string",
}
_INTERFACE = re.compile(r"^export interface (\w+)[^{]*\{(.*?)^\}", re.MULTILINE | re.DOTALL)
_MEMBER = re.compile(r"readonly (\w+)(\??): ([^;{]+|\{[^}]*\});")
_MAPPING = re.compile(
    r"^ +(\w+): \{\s+value: [^\n]+\s+isBlock: (\w+),\s+type: \"(\w+)\",\s+storageClassType: \"(\w+)\"",
    re.MULTILINE,
)


def main(package: Path) -> None:
    """Write the schema. Raises: KeyError for a type that is new in the bindings."""
    declared = dict(_INTERFACE.findall((package / FOLDER / "index.d.ts").read_text()))
    code = (package / FOLDER / "index.js").read_text()
    named = re.search(r"hashicorp/aws provider version ([\d.]+)", (package / "README.md").read_text())
    assert named is not None, "the package's README names the provider's version"
    version = json.loads((package / "package.json").read_text())["version"]
    schema = {
        "from": f"hashicorp/aws {named[1]} by @cdktf/provider-aws {version} (MPL-2.0)",
        "resource": RESOURCE,
        **_block(CONFIG, declared, code),
    }
    TARGET.write_text(json.dumps(schema, indent=2, sort_keys=True) + "\n")


def _block(interface: str, declared: dict[str, str], code: str) -> dict[str, Any]:
    attributes: dict[str, Any] = {}
    blocks: dict[str, Any] = {}
    mapped = {name: (block == "true", *how) for name, block, *how in _MAPPING.findall(_part(interface, code))}
    for member, optional, kind in _MEMBER.findall(declared[interface]):
        name = re.sub("[A-Z]", lambda letter: "_" + letter[0].lower(), member)
        is_block, *how = mapped[name]
        if not is_block:
            attributes[name] = {"type": _TYPES[how[0], how[1]], "required": not optional}
            continue
        many = "[]" in kind
        inner = kind.partition("[]")[0].partition(" |")[0].strip()
        nesting = "single" if how[0] == "struct" else how[0]
        counted = {} if nesting == "single" else {"min": int(not optional), "max": 0 if many else 1}
        blocks[name] = {"nesting": nesting, **counted, **_block(inner, declared, code)}
    return {"attributes": attributes, "blocks": blocks}


def _part(interface: str, code: str) -> str:
    """Return the code that writes what an interface declares as HCL."""
    if interface == CONFIG:
        return code[code.index("synthesizeHclAttributes()") :]
    start = code.index(f"function {interface[0].lower()}{interface[1:]}ToHclTerraform(")
    return code[start : code.index("\n}\n", start)]


if __name__ == "__main__":
    main(Path(sys.argv[1]))
