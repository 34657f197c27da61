"""The texts of the console: the same in both languages, every one used, none written into a page.

The compiler of the console sees this too, but only where npm is.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from nodeyard.model.health import IssueCode
from tests.browser.strings import FOLDER, remedies, strings

PAGES = {
    path: path.read_text(encoding="utf-8")
    for path in sorted(FOLDER.parent.rglob("*.ts*"))
    if path.parent != FOLDER and "generated" not in path.name
}
HAN = re.compile("[一-鿿]")
SAME_IN_BOTH = re.compile(r"^(Pod|ARN|vCPU|The update \{sentence\}\.)$")
"""Names, and what the service says in its own words."""
VALUES = re.compile(r"\{\w+\}")
MADE_UP = re.compile(r"say\(`([\w.]+)\$\{|`([\w.]+)\$\{[^`]*` as Key")
LITERAL = re.compile(
    r">\s*([A-Z][a-z]+(?: [a-z]+)+)[.!?]?\s*<|(?:label|title|placeholder|header)=\"([A-Z][^\"]+)\""
)


@pytest.mark.parametrize("read", [strings, remedies])
def test_both_languages_have_the_same_texts_with_the_same_values(
    read: Callable[[str], dict[str, str]],
) -> None:
    english, chinese = read("en"), read("zh")
    assert len(english) > 30
    assert english.keys() == chinese.keys()
    for key, text in english.items():
        assert sorted(VALUES.findall(text)) == sorted(VALUES.findall(chinese[key])), key


@pytest.mark.parametrize("read", [strings, remedies])
def test_what_is_chinese_is_written_in_chinese(read: Callable[[str], dict[str, str]]) -> None:
    plain = {key: text for key, text in read("zh").items() if not HAN.search(text)}
    assert {key: text for key, text in plain.items() if not SAME_IN_BOTH.match(text)} == {}


def test_every_health_issue_has_a_remedy() -> None:
    assert {f"issue.{code.value}" for code in IssueCode} <= remedies("en").keys()


def test_every_text_is_used() -> None:
    source = "\n".join(PAGES.values())
    families = tuple(one or other for one, other in MADE_UP.findall(source))
    assert [key for key in strings("en") if f'"{key}"' not in source and not key.startswith(families)] == []


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(Path(path).relative_to(FOLDER.parent)))
def test_no_page_has_a_text_of_its_own(path: Path) -> None:
    assert ["".join(found) for found in LITERAL.findall(PAGES[path])] == []
