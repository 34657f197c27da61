"""What moto holds, on disk: one row a backend, written before a changing call is answered.

On moto's thread only; with `moto_host` and `seeds` the only code that knows moto's inside.
"""

from __future__ import annotations

import io
import pickle
import sqlite3
from collections import defaultdict
from pathlib import Path
from typing import Any

from moto.backends import get_backend
from moto.core.base_backend import BackendDict
from moto.ec2.models.amis import AmiBackend
from moto.ec2.models.core import TaggedEC2Resource
from moto.utilities.utils import get_partition

from nodeyard.world.errors import WorldDataError

FORMAT = 1


def _tags_of_one(self: Any) -> list[dict[str, str]]:
    """Return the tags of one resource without looking at those of all others.

    moto matches every tag of every resource for each one it describes, which is quadratic.
    """
    found = self.ec2_backend.tags.get(self.id, {}) if self.id else {}
    kind = self.id.split("-")[0] if self.id else ""
    return [
        {"resource_id": self.id, "key": key, "value": value, "resource_type": _KINDS.get(kind, kind)}
        for key, value in found.items()
    ]


_every_image = AmiBackend.describe_images


def _image_by_id(self: Any, *given: Any, **named: Any) -> list[Any]:
    """Return the image of one id without comparing it with all others.

    moto asks like this for every instance that it makes; a Region has hundreds of images.
    """
    wanted = (named.get("filters") or {}).get("image-id")
    only = not given and named.keys() == {"filters"} and len(named["filters"] or {}) == 1
    if only and isinstance(wanted, str) and wanted in self.amis:
        return [self.amis[wanted]]
    found: list[Any] = _every_image(self, *given, **named)
    return found


_KINDS = {
    "i": "instance",
    "vol": "volume",
    "sg": "security-group",
    "eni": "network-interface",
    "lt": "launch-template",
    "ami": "image",
}


class _Pickler(pickle.Pickler):
    """Pickles a backend; what moto loads from its own files again is left out.

    Not by `persistent_id`, which is called for every string and number too.
    """

    def reducer_override(self, thing: Any) -> Any:
        if isinstance(thing, BackendDict):
            return get_backend, (thing.service_name,)
        # moto's Systems Manager keeps tags in a default dictionary made by a lambda.
        if isinstance(thing, defaultdict) and getattr(thing.default_factory, "__name__", "") == "<lambda>":
            return defaultdict, (_dictionary_of_dictionaries,), None, None, iter(thing.items())
        return NotImplemented


def _dictionary_of_dictionaries() -> defaultdict[str, dict[str, Any]]:
    return defaultdict(dict)


class _Unpickler(pickle.Unpickler):
    def persistent_load(self, pid: Any) -> Any:
        """Return what a reference in a row of an earlier version stands for."""
        return get_backend(pid[1])


class MotoState:
    """The rows. Raises: WorldDataError when the file cannot be used."""

    def __init__(self, path: Path | None) -> None:
        TaggedEC2Resource.get_tags = _tags_of_one
        AmiBackend.describe_images = _image_by_id
        self._rows: sqlite3.Connection | None = None
        if path is None:
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._open(path)
        except sqlite3.DatabaseError as error:
            raise WorldDataError(_unusable(path, str(error))) from error

    def _open(self, path: Path) -> None:
        rows = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        rows.execute("PRAGMA journal_mode=WAL")
        rows.execute("PRAGMA synchronous=NORMAL")
        (found,) = rows.execute("PRAGMA user_version").fetchone()
        if found > FORMAT:
            raise WorldDataError(
                f"{path} was written by a newer Nodeyard (format {found}, this one knows {FORMAT}): "
                "use that version, or start with another data directory."
            )
        rows.execute(
            "CREATE TABLE IF NOT EXISTS backends (service TEXT, account TEXT, place TEXT, state BLOB, "
            "PRIMARY KEY (service, account, place))"
        )
        rows.execute(f"PRAGMA user_version={FORMAT}")
        self._rows = rows
        for service, account, place, state in rows.execute("SELECT * FROM backends").fetchall():
            try:
                backend = _Unpickler(io.BytesIO(state)).load()
            except Exception as error:
                raise WorldDataError(_unusable(path, f"{service} of {account}: {error!r}")) from error
            dict.__setitem__(get_backend(service)[account], place, backend)

    def keep(self, service: str, account: str, region: str, backend: Any) -> None:
        """Write one backend."""
        if self._rows is None:
            return
        place = get_partition(region) if service in ("iam", "sts") else region
        pickled = io.BytesIO()
        _Pickler(pickled, pickle.HIGHEST_PROTOCOL).dump(backend)
        row = (service, account, place, pickled.getvalue())
        self._rows.execute("INSERT OR REPLACE INTO backends VALUES (?, ?, ?, ?)", row)

    def close(self) -> None:
        if self._rows is not None:
            self._rows.close()
            self._rows = None


def _unusable(path: Path, why: str) -> str:
    return (
        f"The state of the embedded AWS in {path} cannot be read ({why}): restore it from a backup, "
        "or start with another data directory."
    )
