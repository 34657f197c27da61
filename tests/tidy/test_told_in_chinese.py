"""What the service says in sentences has its Chinese in the console: found in the code, tried one by one."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import nodeyard
from tests.browser import copied
from tests.browser.strings import FOLDER

PACKAGE = Path(nodeyard.__file__).parent
SAID_IN = {
    "planner/drain": (),
    "planner/progress.py": ("_lane", "_before", "_leaving", "_out", "_blocked", "_in", "_not_ready", "_pods"),
    "planner/estimate.py": (),
    "planner/update_available.py": ("look",),
    "planner/words.py": ("listed",),
    "planner/rollout/waiting.py": ("for_nodes", "missing", "_state"),
    "planner/rollout/turns.py": ("_pause",),
    "rehearse/answer.py": ("outage_text",),
    "rehearse/summing.py": ("_because", "sentence"),
    "rehearse/standing.py": ("_of_pod", "notes"),
    "rehearse/changes.py": (),
    "rehearse/snapshot/document.py": ("MEANING",),
}
"""Module or folder -> the functions and constants in which sentences are made; none: in all of it."""
EACH = """
import { readFileSync } from "node:fs";
const { telling } = await import(process.argv[1]);
const tell = telling("zh-CN");
console.log(JSON.stringify(JSON.parse(readFileSync(0, "utf8")).map((each) => tell(each))));
"""
HAN = re.compile(r"[一-鿿]")
COUNTED = re.compile(r"counted\(.*, '([a-z ]+)'\)")
NUMBER = re.compile(
    r"(_s|_S|len\(.*\)|replicas|count|left|nodes|total|done|more|parallel|node|[+-] 1|absent|lower|each)$"
)
SENTENCE = "PodDisruptionBudget default/web needs 2 healthy pods and has 2"
VALUES = {
    "counts": SENTENCE,
    "sentence": SENTENCE,
    "told.because": SENTENCE,
    "what": "node 1 of 3 after 3 s with PodEvictionFailure because its pods are being evicted",
    "where": "node 1 of 3 (ip-1.internal) after 3 s",
    "who": "2 pods do not leave",
    "why": ": container runtime is down",
    "was": "minAvailable 2",
    "summing.name": " (ip-1.internal)",
    "standing.nodes": "2",
    "word": "nodes",
    "estimate.done": "2 nodes",
    "told.code": "PodEvictionFailure",
    "one_more": "scale the workload to 3 replicas",
    "budget.healthy": "2",
    "least": "90%",
    "instead": "replace minAvailable 90% of default/web by maxUnavailable 1",
    "len(pods)": "2",
    "pods": "2",
}
"""Expression, or module and expression -> what it may be, where its own words say nothing of that."""


def sentences() -> Iterator[tuple[str, str]]:
    """Yield where a sentence is made and what it may be."""
    for place, names in SAID_IN.items():
        path = PACKAGE / place
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            tree = ast.parse(file.read_text(encoding="utf-8"))
            for node in tree.body if not names else _named(tree, names):
                for found in _texts(node, file.stem):
                    text = found.strip()
                    if len(text.split()) > 2 and not text.startswith("kubectl"):
                        yield f"{file.name}: {found}", _whole(file.stem, found)


def _named(tree: ast.Module, names: tuple[str, ...]) -> list[ast.AST]:
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.name in names:
            found[node.name] = node
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            found.setdefault(node.targets[0].id, node)
    assert set(names) <= set(found), set(names) - set(found)
    return [found[name] for name in names]


def _texts(node: ast.AST, module: str) -> Iterator[str]:
    """Yield the texts in a piece of code, with values for what is put into them."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return  # a docstring
    if isinstance(node, ast.JoinedStr):
        yield "".join(_part(each, module) for each in node.values)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    for child in ast.iter_child_nodes(node):
        if not (isinstance(node, ast.JoinedStr) and isinstance(child, ast.Constant)):
            yield from _texts(child, module)


def _part(node: ast.expr, module: str) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value)
    assert isinstance(node, ast.FormattedValue)
    value = ast.unparse(node.value)
    if (known := VALUES.get(f"{module}.{value}", VALUES.get(value))) is not None:
        return known
    if noun := COUNTED.search(value):
        return f"2 {noun[1]}s"
    if isinstance(node.value, ast.IfExp) and isinstance(node.value.body, ast.Constant):
        return str(node.value.body.value)
    if value.startswith("_pods("):
        return "2 pods"
    if value.startswith("span("):
        return "3 min 5 s"
    return "3" if node.format_spec is not None or NUMBER.search(value) else "default/web"


def _whole(module: str, text: str) -> str:
    """Return a text as it is read: with what it is put behind, and why where that is added."""
    if text[0] in " ;":
        return f"{SENTENCE}{text}"
    if module == "waiting" and text.startswith(("has ", "is ")):
        return f"i-1 in zone-a {text}"
    return f"{text} (why)" if " unknown: " in text else text


def test_no_sentence_of_the_service_stays_english(tmp_path: Path) -> None:
    found = list(sentences())
    assert len(found) > 70, "the sentences are found"
    told = copied.answered(FOLDER / "told.ts", EACH, [text for _, text in found], tmp_path)
    left = [place for (place, _), chinese in zip(found, told, strict=True) if not HAN.search(chinese)]
    assert left == []


def test_sentences_within_sentences_are_told(tmp_path: Path) -> None:
    english = [
        "would fail at node 1 of 3 (ip-1.internal) after 15 min 24 s with PodEvictionFailure because "
        "a new pod of shop/web cannot be evicted: PodDisruptionBudget shop/web needs 1 healthy pod and has "
        "1, because a new pod of shop/web is not Ready; and 2 pods more",
        "scale Deployment default/web to 3 replicas and let a drain take 30 min instead of 15 min",
        "0/3 nodes are available: 3 Insufficient cpu.",
    ]
    assert copied.answered(FOLDER / "told.ts", EACH, english, tmp_path) == [
        "会失败：15 分 24 秒后，第 1 个节点（共 3 个，ip-1.internal），PodEvictionFailure，"
        "原因：无法驱逐 shop/web 的新 Pod：PodDisruptionBudget shop/web 需要 1 个健康的 Pod，现有 1 个，"
        "因为 shop/web 的新 Pod 未就绪；另有 2 个 Pod",
        "将 Deployment default/web 扩容到 3 个副本，并将排空时限从 15 分钟延长到 30 分钟",
        "0/3 nodes are available: 3 Insufficient cpu.",
    ]


def test_a_long_answer_of_somebody_else_costs_no_time(tmp_path: Path) -> None:
    """Such as that of an admission webhook: forms with several gaps would try it in all ways."""
    english = "x: " * 20_000 + "; " * 20_000
    assert copied.answered(FOLDER / "told.ts", EACH, [english], tmp_path) == [english]
