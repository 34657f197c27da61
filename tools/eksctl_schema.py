"""Take what eksctl says of managed node groups out of its published schema.

eksctl's module ships the JSON schema of its configuration file, against which editors judge it; unknown keys
are refused there as by eksctl itself. Run once for a version:
`go mod download -json github.com/weaveworks/eksctl@v0.215.0`, then
`python -m tools.eksctl_schema DIR`, where DIR is what that printed.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

TARGET = Path(__file__).resolve().parent.parent / "tests" / "judges" / "eksctl.json"
SCHEMA = "pkg/apis/eksctl.io/v1alpha5/assets/schema.json"
KEPT = ("apiVersion", "kind", "metadata", "managedNodeGroups")
_SAID = frozenset({"description", "x-intellij-html-description", "preferredOrder", "examples"})


def main(module: Path) -> None:
    """Write the schema of a file that has only managed node groups."""
    whole = json.loads((module / SCHEMA).read_text())["definitions"]
    config = whole["ClusterConfig"]
    config["properties"] = {name: config["properties"][name] for name in KEPT}
    found: dict[str, Any] = {}
    wanted = ["ClusterConfig"]
    while wanted:
        name = wanted.pop()
        if name not in found:
            found[name] = _bare(whole[name])
            wanted += re.findall(r'"#/definitions/([^"]+)"', json.dumps(found[name]))
    version = module.name.partition("@")[2]
    schema = {
        "$comment": f"from github.com/weaveworks/eksctl {version} (Apache-2.0)",
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$ref": "#/definitions/ClusterConfig",
        "definitions": found,
    }
    TARGET.write_text(json.dumps(schema, indent=1, sort_keys=True) + "\n")


def _bare(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _bare(each) for name, each in value.items() if name not in _SAID}
    return [_bare(each) for each in value] if isinstance(value, list) else value


if __name__ == "__main__":
    main(Path(sys.argv[1]))
