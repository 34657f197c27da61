"""Build the browser console into wheel and sdist, where npm is there to do it.

Called by hatchling. An editable install never builds it, and neither does a machine without npm or an sdist,
which has no `web` folder: the console is then what was built before, or a page that says how to build it.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class ConsoleHook(BuildHookInterface):
    """Runs `npm ci` and the build before the files of the package are collected."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the console, or say why not."""
        web = Path(self.root) / "web"
        if version == "editable" or not web.is_dir():
            return
        npm = shutil.which("npm")
        if npm is None:
            self.app.display_warning("npm is missing: the package is built without the browser console.")
            return
        for arguments in (("ci", "--silent"), ("run", "--silent", "build")):
            subprocess.run([npm, *arguments], cwd=web, check=True)
