"""The house rules that no linter knows, each a function from source text to the faults in it.

`test_house_rules` applies them to the project, `test_rules_catch` shows that each finds a planted
fault. A rule names the line and says what to do.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping

LINES_MAX = 500
LINES_SMELL = 300
FUNCTION_LINES_MAX = 60
PARAMETERS_MAX = 6

VAGUE = frozenset({"utils", "util", "helpers", "helper", "common", "misc", "base", "manager", "managers"})

WALL_CLOCK_AND_CHANCE = {
    "datetime": {"now", "utcnow", "today"},
    "date": {"today"},
    "time": {"time", "time_ns", "monotonic", "monotonic_ns", "perf_counter"},
    "uuid": {"uuid1", "uuid4"},
    "random": {"random", "randint", "choice", "choices", "shuffle", "sample", "uniform", "Random"},
    "secrets": {"token_hex", "token_bytes", "token_urlsafe", "choice", "randbelow"},
    "os": {"urandom"},
}
"""Receiver -> calls that read the wall clock or draw chance; only `drivers.system` may."""

_PLACES = re.compile(
    "|".join((r"/" + "work/", r"/" + "root/", r"/" + r"home/[a-z]", r"[A-Z]:\\" + r"Users\\"))
)

CHANGE_KINDS = ("Added", "Changed", "Deprecated", "Removed", "Fixed", "Security")


def module_name(stem: str) -> list[str]:
    """Return a fault for a module that is named after nothing."""
    return [f"{stem}: name it after what it holds"] if stem in VAGUE else []


def module_docstring(text: str) -> list[str]:
    """Return a fault for a module that does not say what it is for."""
    if not text.strip() or ast.get_docstring(ast.parse(text)):
        return []
    return ["the module does not say what it is for: write its docstring"]


def file_size(path: str, text: str, ceilings: Mapping[str, int]) -> list[str]:
    """Return faults of size. `ceilings`: the large files that are still there, which may only shrink."""
    lines = len(text.splitlines())
    ceiling = ceilings.get(path)
    if lines > LINES_MAX:
        return [f"{path} has {lines} lines, more than {LINES_MAX}: split it"]
    if ceiling is None and lines > LINES_SMELL:
        return [f"{path} has {lines} lines, more than {LINES_SMELL}: split it"]
    if ceiling is not None and lines > ceiling:
        return [f"{path} grew to {lines} lines, above its ceiling of {ceiling}: split it"]
    if ceiling is not None and lines <= LINES_SMELL:
        return [f"{path} is small now: take it off the list of large files"]
    return []


def function_size(text: str) -> list[str]:
    """Return the functions with too many lines, docstring not counted, or too many parameters."""
    faults = []
    for function in _functions(ast.parse(text)):
        body = function.body[1:] if ast.get_docstring(function) else function.body
        lines = (function.end_lineno or 0) - body[0].lineno + 1 if body else 0
        if lines > FUNCTION_LINES_MAX:
            faults.append(f"{function.name} (line {function.lineno}) has {lines} lines: split it")
        given = function.args
        names = [each.arg for each in (*given.posonlyargs, *given.args, *given.kwonlyargs)]
        count = len([name for name in names if name not in ("self", "cls")])
        if count > PARAMETERS_MAX:
            faults.append(
                f"{function.name} (line {function.lineno}) has {count} parameters: make a value of them"
            )
    return faults


def wall_clock_and_chance(text: str) -> list[str]:
    """Return the calls that read the clock or draw chance instead of being given them."""
    faults = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            receiver = node.func.value
            named = receiver.attr if isinstance(receiver, ast.Attribute) else getattr(receiver, "id", "")
            seeded = node.func.attr == "Random" and bool(node.args or node.keywords)
            if not seeded and node.func.attr in WALL_CLOCK_AND_CHANCE.get(named, ()):
                faults.append(
                    f"line {node.lineno}: {named}.{node.func.attr}(): take a Clock or Ids as argument"
                )
        if isinstance(node, ast.ImportFrom):
            taken = {each.name for each in node.names} & (
                WALL_CLOCK_AND_CHANCE.get(node.module or "", set()) - {"now", "today", "utcnow"}
            )
            faults += [f"line {node.lineno}: from {node.module} import {name}" for name in sorted(taken)]
    return faults


def blind_sleep(text: str) -> list[str]:
    """Return the sleeps of a test. `asyncio.sleep(0)`, which lets others run, is none."""
    faults = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom) and node.module in ("time", "asyncio"):
            faults += [f"line {node.lineno}: imports sleep" for each in node.names if each.name == "sleep"]
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        receiver = getattr(node.func.value, "id", "")
        zero = bool(node.args) and isinstance(node.args[0], ast.Constant) and node.args[0].value == 0
        if node.func.attr == "sleep" and (receiver == "time" or (receiver == "asyncio" and not zero)):
            faults.append(
                f"line {node.lineno}: {receiver}.sleep: wait for something, or use a clock of the test"
            )
    return faults


def printing(text: str) -> list[str]:
    """Return the calls of print: the command line has a console, everything else a log."""
    return [
        f"line {node.lineno}: print: log it, or return it"
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]


def places_of_a_machine(text: str) -> list[str]:
    """Return the lines that name a folder of somebody's machine."""
    return [
        f"line {number}: {found.group()}: no other machine has this folder"
        for number, line in enumerate(text.splitlines(), start=1)
        if (found := _PLACES.search(line))
    ]


def changelog(text: str) -> list[str]:
    """Return what is wrong with the shape of the changelog."""
    lines = text.splitlines()
    faults = []
    if not lines or lines[0] != "# Changelog":
        faults.append("line 1: it begins with `# Changelog`")
    if "## Unreleased" not in lines:
        faults.append("it has a section `## Unreleased`")
    seen: set[str] = set()
    for number, line in enumerate(lines, start=1):
        goes_on = number < len(lines) and lines[number].startswith("  ")
        if line.startswith("## "):
            seen = set()
        elif line.startswith("### "):
            faults += _kind_of_change(number, line.removeprefix("### "), seen)
        elif line.startswith(("- ", "  ")):
            if not goes_on and not line.endswith("."):
                faults.append(f"line {number}: an entry is a sentence and ends with a full stop")
        elif line and not line.startswith("# "):
            faults.append(f"line {number}: neither heading nor entry")
    return faults


def _kind_of_change(number: int, kind: str, seen: set[str]) -> list[str]:
    faults = []
    if kind not in CHANGE_KINDS:
        faults.append(f"line {number}: {kind}: choose one of {', '.join(CHANGE_KINDS)}")
    if kind in seen:
        faults.append(f"line {number}: {kind} comes twice in one version")
    seen.add(kind)
    return faults


def dead_links(text: str, exists: Mapping[str, bool]) -> list[str]:
    """Return the relative links of a page that lead nowhere. `exists`: link target -> whether it is there."""
    return [f"link to {target}: it is not there" for target in links(text) if not exists.get(target, False)]


def links(text: str) -> list[str]:
    """Return the targets of relative links, without their fragments, code blocks left out."""
    prose = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    found = re.findall(r"\[[^\]]*\]\(([^)\s]+)\)", prose)
    return [each.partition("#")[0] for each in found if not re.match(r"[a-z]+:|#", each)]


def unexplained(dependencies: list[str], page: str) -> list[str]:
    """Return the dependencies without a row in the page that gives each its reason, and rows of none."""
    explained = set(re.findall(r"^\| `([^`]+)` \|", page, flags=re.MULTILINE))
    needed = {re.split(r"[\[<>=!~; ]", each, maxsplit=1)[0].lower() for each in dependencies}
    missing = [f"{name}: say in one line why it is needed" for name in sorted(needed - explained)]
    return missing + [f"{name}: it is no dependency any more" for name in sorted(explained - needed)]


def _functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node
