"""The command line: reads flags and environment, prints for people, and ends with an exit code.

Exit codes: 0 done, 1 failed while running, 2 refused to start. Heavy modules
are imported inside commands so that `nodeyard --help` stays quick. Nothing
here decides anything about clusters or node groups.
"""

from nodeyard.cli.main import main

__all__ = ["main"]
