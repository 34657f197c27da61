"""The reference pages of our own operations and of events, made from the service model and the table."""

from __future__ import annotations

import json
import re
from typing import Any

from docs.tables import one_line, table
from nodeyard.api import service_model
from nodeyard.model.event_kinds import EVENT_KINDS

Document = dict[str, Any]

_INTRO = """\
What Nodeyard tells and does beyond the Amazon EKS API. Every operation is in a service model in the format
of botocore, so that the aws CLI and every AWS SDK for Python can call it once they have the model:

```
nodeyard service-model > nodeyard.json
aws configure add-model --service-model file://nodeyard.json
aws nodeyard list-nodegroup-overviews --endpoint-url http://127.0.0.1:8620
```

Requests are signed as those to EKS are, with the signing name `nodeyard`; where access keys are configured
the signature is verified. No operation changes what an EKS call means. Seconds are those of the service's
clock: with `--speed 60` one real second counts sixty. The same events as they happen: [events](events.md).
"""


def operations() -> str:
    """Return the page of our own operations and of the structures that they answer."""
    document: Document = json.loads(service_model.extension_document())
    parts = ["# Extension operations", "", _INTRO]
    for name, operation in document["operations"].items():
        http = operation["http"]
        parts += [f"## {name}", "", f"`{http['method']} {http['requestUri']}`", "", _text(operation), ""]
        parts += _members(document, operation["input"]["shape"], "member of the request")
        parts += _members(document, operation["output"]["shape"], "member of the answer")
        errors = ", ".join(f"`{each['shape']}`" for each in operation["errors"])
        parts += [f"Errors: {errors}.", ""]
    parts += ["# Structures", ""]
    for name, shape in document["shapes"].items():
        if shape["type"] == "structure" and not name.endswith(("Request", "Response")):
            parts += [f"## {name}", "", _text(shape), "", *_members(document, name, "member")]
    return "\n".join(parts).rstrip() + "\n"


def _members(document: Document, name: str, head: str) -> list[str]:
    shape = document["shapes"][name]
    required = set(shape.get("required", ()))
    rows = [
        (f"`{each}`" + (" (required)" if each in required else ""), _kind(document, member), _text(member))
        for each, member in shape["members"].items()
    ]
    return [table((head, "type", "what it is"), rows), ""] if rows else []


def _kind(document: Document, member: Document) -> str:
    shape = document["shapes"][member["shape"]]
    if shape["type"] == "structure":
        return str(member["shape"])
    if shape["type"] == "list":
        return f"list of {_kind(document, shape['member'])}"
    if shape["type"] == "map":
        return f"map to {_kind(document, shape['value'])}"
    if "enum" in shape:
        return "one of " + ", ".join(f"`{each}`" for each in shape["enum"])
    return str(shape["type"])


def _text(shape: Document) -> str:
    return one_line(
        re.sub(r"</?p>", "", shape.get("documentation", "")).replace("<i>", "*").replace("</i>", "*")
    )


_EVENTS = """\
Everything that happens is written to the event log with a sequence number, in one transaction with what it
tells of. Read it with `nodeyard events`, with the operation [ListEvents](extension.md), or as a stream:

```
curl -N "http://127.0.0.1:8620/nodeyard/v1/events?cluster=prod&nodegroup=blue"
```

The stream is server-sent events (`text/event-stream`). `id` is the sequence, `data` one JSON object with
the members of [Event](extension.md). It begins with what happens from now on, or after the number in the
`Last-Event-ID` header or the `after` parameter; a browser's `EventSource` resumes by itself. `cluster`,
`nodegroup` and `update` filter. A comment every 15 seconds of silence says that the line is alive. Where
access keys are configured the request is signed by header or presigned by query, and tells the events of
its account and Region; elsewhere an unsigned request tells all.
"""


def event_kinds() -> str:
    """Return the page of the event log: how it is read, and every kind that there is."""
    rows = [
        (f"`{name}`", each.meaning, ", ".join(f"`{cause}`" for cause in each.subject))
        for name, each in EVENT_KINDS.items()
    ]
    kinds = table(("kind", "what it means", "causes in `subject`"), rows)
    more = "While an update of the group runs, `subject` names it as `update` in every kind."
    return "\n".join(["# Events", "", _EVENTS, "## Kinds", "", more, "", kinds]) + "\n"
