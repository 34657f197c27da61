"""One HTTP request and one reply, as the façade's handlers see them.

Built by the façade from ASGI. Knows no Kubernetes rule beyond content types and common query parameters.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import msgspec

from nodeyard.world.kubernetes.errors import bad_request, cause, invalid, unsupported_media_type
from nodeyard.world.kubernetes.protobuf import PROTOBUF, decode_protobuf

JSON = "application/json"


@dataclass(slots=True)
class Request:
    """What a client sent."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes = b""
    user: str = "system:anonymous"
    groups: tuple[str, ...] = ()

    @property
    def accept(self) -> str:
        """Return the Accept header."""
        return self.headers.get("accept", "")

    def flag(self, name: str) -> bool:
        """Return a boolean query parameter."""
        return self.query.get(name, "").lower() in ("1", "true")

    @property
    def dry_run(self) -> bool:
        """Tell whether nothing may be stored. Raises: ApiError 422 for another word than All."""
        word = self.query.get("dryRun", "")
        if word not in ("", "All"):
            why = f'Unsupported value: "{word}": supported values: "All"'
            raise invalid("CreateOptions.meta.k8s.io", "", [cause("dryRun", why, "FieldValueNotSupported")])
        return word == "All"

    @property
    def manager(self) -> str:
        """Return who changes an object: as the query says, else the program that asks."""
        return self.query.get("fieldManager") or self.headers.get("user-agent", "").partition("/")[0]

    @property
    def content_type(self) -> str:
        """Return the media type of the body without parameters."""
        return self.headers.get("content-type", JSON).partition(";")[0].strip().lower()

    def document(self) -> Any:
        """Return the decoded body, {} when there is none.

        Raises: ApiError 400 or 415.
        """
        if not self.body:
            return {}
        if self.content_type == PROTOBUF:
            return decode_protobuf(self.body)
        if "cbor" in self.content_type:
            raise unsupported_media_type("the body is CBOR; send application/json")
        try:
            return msgspec.json.decode(self.body)
        except msgspec.DecodeError as error:
            raise bad_request(f"the body is not JSON: {error}; send a JSON document") from None

    def shape(self) -> str:
        """Return the form of answer the client prefers: Table, a Partial form, or ""."""
        for part in self.accept.split(","):
            words = dict(item.strip().partition("=")[::2] for item in part.split(";")[1:])
            if part.strip().startswith("application/json") and words.get("as"):
                return words["as"]
            if part.strip().partition(";")[0] in (JSON, "*/*"):
                return ""
        return ""


@dataclass(slots=True)
class Reply:
    """What goes back: a body, or a stream of pieces."""

    code: int = 200
    body: bytes = b""
    content_type: str = JSON
    headers: dict[str, str] = field(default_factory=dict)
    stream: AsyncIterator[bytes] | None = None


def reply(document: Any, code: int = 200) -> Reply:
    """Return a JSON reply."""
    return Reply(code, msgspec.json.encode(document))
