"""Which real cluster a data directory has joined, and under which name, as a small file."""

from __future__ import annotations

from pathlib import Path

import msgspec

from nodeyard.world import files
from nodeyard.world.errors import WorldDataError

NAME = "joined.json"
FORMAT = 1
WHAT = "The record of the joined cluster"

Place = tuple[str, str, str]
"""(account, Region, name)"""


class Claim(msgspec.Struct, frozen=True):
    """`cluster` is the uid of the real cluster's namespace kube-system, `owner` marks our nodes in it."""

    cluster: str
    owner: str
    place: Place | None = None
    """The cluster of EKS that it is; None until one is made."""
    version: str = ""
    format: int = FORMAT


def read(path: Path) -> Claim | None:
    """Return what was joined, None where nothing was. Raises: WorldDataError."""
    try:
        found = msgspec.json.decode(path.read_bytes(), type=Claim)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.MsgspecError) as error:
        raise files.unusable(path, WHAT, error) from error
    if found.format > FORMAT:
        raise WorldDataError(
            f"{WHAT} in {path} has format {found.format}, which a newer version wrote; this one reads up to "
            f"format {FORMAT}. Start the newer version, or choose another --data-dir."
        )
    return found


def write(path: Path, claim: Claim) -> None:
    files.write_whole(path, msgspec.json.encode(claim))
