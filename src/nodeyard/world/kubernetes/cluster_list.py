"""Which embedded clusters there are, as a small file that is replaced as a whole.

Called by `embedded` and by the inspection of a data directory.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import msgspec

from nodeyard.world import files
from nodeyard.world.errors import WorldDataError

NAME = "clusters.json"
FORMAT = 1
WHAT = "The list of embedded clusters"

Row = tuple[str, str, str, str]
"""(account, Region, name, version)"""


class _List(msgspec.Struct):
    format: int
    clusters: list[Row] = []


class _Format(msgspec.Struct):
    format: int


def read(path: Path) -> list[Row]:
    """Return the clusters, none where there is no file. Raises: WorldDataError."""
    try:
        data = path.read_bytes()
        found = msgspec.json.decode(data, type=_Format).format
        if found > FORMAT:
            raise WorldDataError(
                f"{WHAT} in {path} has format {found}, which a newer version wrote; this one reads up to "
                f"format {FORMAT}. Start the newer version, or choose another --data-dir."
            )
        return msgspec.json.decode(data, type=_List).clusters
    except FileNotFoundError:
        return []
    except (OSError, msgspec.MsgspecError) as error:
        raise files.unusable(path, WHAT, error) from error


def places(path: Path) -> frozenset[tuple[str, str, str]]:
    """Return (account, Region, name) of every cluster in the list. Raises: WorldDataError."""
    return frozenset((account, region, name) for account, region, name, _ in read(path))


def write(path: Path, clusters: Iterable[Row]) -> None:
    files.write_whole(path, msgspec.json.encode(_List(FORMAT, list(clusters))))
