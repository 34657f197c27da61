"""The texts of the console, read from where it has them."""

from __future__ import annotations

import json
import re
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "web" / "src" / "strings"
_LINE = re.compile(r'^ {2}("[^"]+"): ("(?:[^"\\]|\\.)*"),$', re.MULTILINE)


def strings(language: str) -> dict[str, str]:
    """Return key -> text of `en` or `zh`, without the remedies of health issues."""
    return _read((FOLDER / f"{language}.ts").read_text(encoding="utf-8"))


def remedies(language: str) -> dict[str, str]:
    """Return key -> what to do about a health issue, in `en` or `zh`."""
    english, chinese = (FOLDER / "issues.ts").read_text(encoding="utf-8").split("export const issuesZh")
    return _read(english if language == "en" else chinese)


def _read(text: str) -> dict[str, str]:
    return {json.loads(key): json.loads(value) for key, value in _LINE.findall(text)}
