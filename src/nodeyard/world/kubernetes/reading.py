"""The bodies of one request as objects of their kind: unknown fields are left out, told of or refused.

Called by the handler. What is judged, and in which words, is as a real server does it.
"""

from __future__ import annotations

from typing import Any

import msgspec

from nodeyard.world.kubernetes import fields
from nodeyard.world.kubernetes.errors import ApiError, bad_request, cause, invalid, wrong
from nodeyard.world.kubernetes.exchange import Request
from nodeyard.world.kubernetes.protobuf import PROTOBUF
from nodeyard.world.kubernetes.resources import Resource

Obj = dict[str, Any]

_LEVELS = ("", "Ignore", "Strict", "Warn")
_OPTIONS = {"POST": "CreateOptions", "PUT": "UpdateOptions", "PATCH": "PatchOptions"}


class Reader:
    """Reads what one request sends; `warnings` are the headers that tell a client what was ignored."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self.warnings: list[str] = []

    def body(self, what: Resource) -> Obj:
        """Return the object in the body. Raises: ApiError 400, 415, 422."""
        document = self._request.document()
        if self._request.content_type == PROTOBUF:
            return document  # type: ignore[no-any-return]
        try:
            return self._read(what, document)
        except fields.WrongType as error:
            version = what.version
            raise bad_request(
                f'{what.kind} in version "{version}" cannot be handled as a {what.kind}: {error}'
            ) from None

    def patched(self, what: Resource, document: Obj) -> Obj:
        """Return what a patch made of an object. Raises: ApiError 422."""
        try:
            return self._read(what, document)
        except fields.WrongType as error:
            shown = msgspec.json.encode(document).decode()
            raise invalid("", "", [wrong("patch", shown, str(error))]) from None

    def applied(self, what: Resource) -> Any:
        """Return an applied configuration. Raises: ApiError 422, 500 for unknown fields at any level."""
        document = self._request.document()
        name = fields.type_of(what.api_version, what.kind)
        if not name or not isinstance(document, dict):
            return document
        self._level()
        try:
            wrong_places = [
                f".{path}: field not declared in schema"
                for path in fields.judged(name, document, _by_name).unknown
            ]
        except fields.WrongType as error:
            wrong_places = [str(error)]
        if wrong_places:
            space = (document.get("metadata") or {}).get("namespace", "")
            of = f"({space}/{self._name(document)}; {what.api_version}, Kind={what.kind})"
            told = wrong_places[0] if len(wrong_places) == 1 else "\n  ".join(["errors:", *wrong_places])
            raise ApiError(500, "", f"failed to create typed patch object {of}: {told}")
        return document

    @staticmethod
    def _name(document: Obj) -> str:
        return str((document.get("metadata") or {}).get("name", ""))

    def _read(self, what: Resource, document: Any) -> Obj:
        """Return a document without what its kind does not have. Raises: WrongType, ApiError 422."""
        level = self._level()
        if not isinstance(document, dict):
            return document  # type: ignore[no-any-return]
        # An Event that is patched has the form in which it is stored, whichever path asks.
        version, kind = document.get("apiVersion"), document.get("kind")
        name = fields.type_of(version or what.api_version, kind or what.kind)
        if not name:
            return document
        found = fields.judged(name, document)
        told = [f'unknown field "{path}"' for path in found.unknown]
        if told and level == "Strict":
            raise fields.WrongType(f"strict decoding error: {', '.join(told)}")
        if level != "Ignore":
            self.warnings += [f"299 - {msgspec.json.encode(each).decode()}" for each in told]
        return found.document

    def _level(self) -> str:
        level = self._request.query.get("fieldValidation", "")
        if level not in _LEVELS:
            among = ", ".join(f'"{each}"' for each in _LEVELS)
            text = f'Unsupported value: "{level}": supported values: {among}'
            options = f"{_OPTIONS.get(self._request.method, 'PatchOptions')}.meta.k8s.io"
            raise invalid(options, "", [cause("fieldValidation", text, "FieldValueNotSupported")])
        return level


def _by_name(path: str, item: Any, number: int) -> str:
    """Name an item of a list as apply does, by its key."""
    if isinstance(item, dict) and "name" in item:
        return f'{path}[name="{item["name"]}"]'
    return f"{path}[{number}]"
