"""Record operations in every phase with this version of the program: `make record`, before a release.

Writes tests/replay/recordings/VERSION.json; every later version replays it.
"""

from __future__ import annotations

import logging
import sys
from pathlib import Path

import msgspec
import structlog

ROOT = Path(__file__).parent.parent


def main() -> None:
    """Write the recordings of this version over those that it wrote before."""
    sys.path.insert(0, str(ROOT))
    from nodeyard import __version__
    from tests.chaos.scenarios import SCENARIOS
    from tests.replay.recording import FOLDER, record

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    FOLDER.mkdir(exist_ok=True)
    recordings = [recording for scenario in SCENARIOS for recording in record(scenario)]
    lines = msgspec.json.format(msgspec.json.encode(recordings), indent=1)
    (FOLDER / f"{__version__}.json").write_bytes(lines + b"\n")


if __name__ == "__main__":
    main()
