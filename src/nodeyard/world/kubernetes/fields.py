"""Which fields each built-in kind has, and of which type: what a real server decodes a body by.

Called by the handler with what clients send. Pure: `fields.json` says what there is, and comes from a real
server by `tools.kubernetes_fields`. Custom resources are not judged here.
"""

from __future__ import annotations

import base64
import binascii
import functools
import re
from collections.abc import Callable
from importlib import resources
from typing import Any, NamedTuple

import msgspec

Obj = dict[str, Any]

_QUANTITY = re.compile(r"^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$")
_TIME = re.compile(r"^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$")
_LAYOUT = "2006-01-02T15:04:05Z07:00"
_GO = {"bool": "bool", "number": "float64", "int32": "int32", "int64": "int64"}
_BITS = {"int32": 31, "int64": 63}


class Fields(NamedTuple):
    """All kinds and the types that they are made of; a type maps its fields to the words for their types."""

    kinds: dict[str, str]
    types: dict[str, dict[str, str]]


class WrongType(Exception):
    """A value of another type than its field has."""


@functools.cache
def known() -> Fields:
    """Return what `fields.json` says."""
    read = msgspec.json.decode(
        resources.files("nodeyard.world.kubernetes").joinpath("fields.json").read_bytes()
    )
    return Fields(read["kinds"], read["types"])


def type_of(api_version: str, kind: str) -> str:
    """Return the name of the type of a kind, "" for one that is not built in."""
    return known().kinds.get(f"{api_version} {kind}", "")


class Judged(NamedTuple):
    """A document without the fields that its kind does not have, and the paths of those."""

    document: Obj
    unknown: list[str]


Place = Callable[[str, Any, int], str]


def _by_number(path: str, _: Any, number: int) -> str:
    return f"{path}[{number}]"


def judged(name: str, document: Obj, place: Place = _by_number) -> Judged:
    """Return what is left of a document of a type, and the paths of what is not.

    `place` says how a path names an item of a list. Raises: WrongType.
    """
    unknown: list[str] = []
    return Judged(_Reading(unknown, place).struct(name, document, "", ""), unknown)


class _Reading:
    """One document as it is read; `plain` paths are those of Go, which leave out the numbers of items."""

    def __init__(self, unknown: list[str], place: Place) -> None:
        self._unknown = unknown
        self._place = place

    def struct(self, name: str, value: Obj, path: str, plain: str) -> Obj:
        fields, kept = known().types[name], {}
        for key, each in value.items():
            here = f"{path}.{key}" if path else key
            form = fields.get(key)
            if form is None:
                self._unknown.append(here)
            elif each is not None or form == "any":  # null is what is not there
                where = (here, f"{plain}.{key}" if plain else key, name)
                kept[key] = self._value(form, each, where)
        return kept

    def _value(self, form: str, value: Any, where: tuple[str, str, str]) -> Any:
        path, plain, holder = where
        if form.startswith("[]"):
            _demand(isinstance(value, list), value, where, f"[]{_go(form[2:])}")
            return [
                self._value(form[2:], each, (self._place(path, each, number), plain, holder))
                for number, each in enumerate(value)
            ]
        if form.startswith("map "):
            _demand(isinstance(value, dict), value, where, f"map[string]{_go(form[4:])}")
            inner = form[4:]
            return {
                key: self._value(inner, each, (f"{path}.{key}", plain, holder)) for key, each in value.items()
            }
        if form[0].isupper() or "." in form:
            if value is None:
                return {}
            _demand(isinstance(value, dict), value, where, _go(form))
            return self.struct(form, value, path, plain)
        _scalar(form, value, where)
        return value


def _scalar(form: str, value: Any, where: tuple[str, str, str]) -> None:
    if form == "any" or value is None:
        return
    if form in _BITS:
        whole = isinstance(value, int) and not isinstance(value, bool) and abs(value) < 1 << _BITS[form]
        _demand(whole, value, where, form)
    elif form == "bool":
        _demand(isinstance(value, bool), value, where, form)
    elif form == "number":
        _demand(isinstance(value, int | float) and not isinstance(value, bool), value, where, _GO[form])
    elif form == "quantity":
        if isinstance(value, bool) or not _QUANTITY.match(str(value)):
            raise WrongType(f"quantities must match the regular expression '{_QUANTITY.pattern}'")
    elif form == "intOrString":
        fits = isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool))
        _demand(fits, value, where, "int32")
    else:
        _demand(isinstance(value, str), value, where, {"bytes": "[]uint8"}.get(form, "string"))
        if form == "time" and not _TIME.match(value):
            raise WrongType(f'parsing time "{value}" as "{_LAYOUT}": cannot parse "{value}" as "2006"')
        if form == "bytes":
            _base64(value)


def _base64(text: str) -> None:
    bad = re.search(r"[^A-Za-z0-9+/=\r\n]", text)
    try:
        base64.b64decode(re.sub(r"[\r\n]", "", text), validate=True)
    except binascii.Error:
        raise WrongType(
            f"illegal base64 data at input byte {bad.start() if bad else max(len(text) - 1, 0)}"
        ) from None


def _demand(fits: bool, value: Any, where: tuple[str, str, str], go: str) -> None:
    if not fits:
        _, plain, holder = where
        holder = holder.rpartition(".")[2]
        raise WrongType(
            f"json: cannot unmarshal {_found(value)} into Go struct field {holder}.{plain} of type {go}"
        )


def _found(value: Any) -> str:
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int | float):
        return f"number {value}" if isinstance(value, float) else "number"
    return "string" if isinstance(value, str) else "array" if isinstance(value, list) else "object"


def _go(form: str) -> str:
    if form.startswith("[]"):
        return "[]" + _go(form[2:])
    if form.startswith("map "):
        return f"map[string]{_go(form[4:])}"
    return f"v1.{form.rpartition('.')[2]}" if form[0].isupper() or "." in form else _GO.get(form, "string")
