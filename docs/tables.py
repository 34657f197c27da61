"""Text for tables of the pages that are made from the code."""

from __future__ import annotations

import re


def table(heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [heads, ("---",) * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def one_line(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip().replace("|", "\\|")


def paragraphs(text: str) -> str:
    return "\n\n".join(one_line(each) for each in re.split(r"\n\s*\n", text.strip()))
