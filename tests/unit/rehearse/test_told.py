"""Answers as people and programs read them: golden texts, written by `--update-stories`."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import msgspec
import pytest
from rich.console import Console

from nodeyard.cli import answers
from nodeyard.cli.main import run
from nodeyard.model.nodegroup import UpdateConfig
from nodeyard.rehearse import answer as a
from nodeyard.rehearse.html import as_html
from nodeyard.rehearse.markdown import as_markdown
from nodeyard.rehearse.plan import Request
from nodeyard.rehearse.rehearsal import rehearse
from tests.unit.rehearse.clusters import Cluster, three_nodes

GOLDEN = Path(__file__).parent / "golden"


def a_shop() -> Cluster:
    """Return a cluster with a bit of everything."""
    cluster = three_nodes()
    first, second, third = cluster.nodes
    cluster.deployment("web", [first, second, third])
    cluster.budget("web", minAvailable=3)
    cluster.deployment("one", [first])
    cluster.statefulset("db", [first, second])
    return cluster


def roomless() -> Cluster:
    """Return a cluster whose replicas fit nowhere else."""
    cluster = three_nodes()
    cluster.deployment("web", list(cluster.nodes), cpu="1500m")
    cluster.budget("web", maxUnavailable=1)
    return cluster


MINIMAL = UpdateConfig(max_unavailable=2, update_strategy="MINIMAL")
CASES = {
    "a_budget_without_room": (a_shop, Request("blue", runs=3)),
    "replicas_without_a_node": (roomless, Request("blue", MINIMAL, runs=2)),
    "nothing_in_the_way": (three_nodes, Request("blue", runs=5)),
}


@pytest.mark.parametrize("name", CASES)
def test_an_answer_reads_as_before(name: str, request: pytest.FixtureRequest) -> None:
    cluster, asked = CASES[name]
    told = as_markdown(rehearse(cluster().snapshot(), asked))
    path = GOLDEN / f"{name}.md"
    if request.config.getoption("--update-stories"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(told, encoding="utf-8")
    assert told == path.read_text(encoding="utf-8")


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("src", "href", "srcset", "data")]


def test_the_page_loads_nothing_and_escapes_what_it_is_told() -> None:
    answer = rehearse(a_shop().snapshot(), Request("blue", runs=1), find_ways_out=False)
    loud = a.Note("X", "x", "<script>alert(1)</script>")
    page = _Page()
    text = as_html(a.Answer(**{**_members(answer), "notes": (loud,)}))
    page.feed(text)
    assert page.links == [] and "script" not in page.tags and "url(" not in text
    assert page.tags.count("svg") == 2 and "article" in page.tags
    assert "&lt;script&gt;" in text


def test_what_holds_several_pods_alike_is_said_once() -> None:
    answer = rehearse(a_shop().snapshot(), Request("blue", runs=1), find_ways_out=False)
    one = answer.blockers[0]
    other = msgspec.structs.replace(one, pod="shop/other", because=one.because.replace(one.pod, "shop/other"))
    console = Console(width=110)
    with console.capture() as told:
        answers.show(a.Answer(**{**_members(answer), "blockers": (one, other)}), console)
    text = " ".join(told.get().split())
    assert text.count("Help: scale") == 1 and "as above" in text and "shop/other" in text


def _members(answer: a.Answer) -> dict[str, object]:
    return {name: getattr(answer, name) for name in answer.__struct_fields__}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "cluster.json"
    path.write_text(json.dumps(a_shop().document()), encoding="utf-8")
    return path


def _run(file: Path, *more: str) -> int:
    return run(["rehearse", "--snapshot", str(file), "--group", "blue", "--runs", "1", *more])


def test_the_command_prints_the_verdict_and_what_helps(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _run(file) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert told.startswith("FAILS would fail at node 1 of 3 (ip-10-0-0-")
    assert "Until it fails: p50 15 min 4" in told
    assert "scale Deployment shop/web to 4 replicas" in told


def test_the_command_writes_json_that_says_the_same(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "answer.json"
    assert _run(file, "--format", "json", "-o", str(target), "--no-ways-out") == 0
    assert capsys.readouterr().out.startswith(f"{target}: FAILS  would fail at node 1 of 3")
    told = json.loads(target.read_text(encoding="utf-8"))
    assert (told["format"], told["verdict"], told["failure"]["node"]) == (1, "FAILS", 1)
    assert told["waysOut"] == [] and told["asked"]["maxUnavailable"] == "1"


def test_the_exit_code_is_3_where_it_would_fail_and_0_where_it_passes(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _run(file, "--exit-code", "--no-ways-out") == 3
    assert _run(file, "--exit-code", "--force", "--no-ways-out") == 0
    assert _run(file, "--exit-code", "--no-ways-out", "--risk", "1") == 0
    capsys.readouterr()


def in_a_hurry() -> Cluster:
    """Return a cluster in which chance decides whether a node is empty within half a minute."""
    cluster = three_nodes()
    first = cluster.nodes[0]
    cluster.deployment("web", [first, first])
    cluster.budget("web", maxUnavailable=1)
    return cluster


def test_the_exit_code_is_4_where_some_runs_fail_and_more_of_them_than_may(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "cluster.json"
    path.write_text(json.dumps(in_a_hurry().document()), encoding="utf-8")
    hurry = ("--runs", "6", "--drain-timeout", "30s", "--exit-code", "--no-ways-out")
    assert _run(path, *hurry) == 4
    told = " ".join(capsys.readouterr().out.split())
    said = r"AT RISK is at risk: (\d) of 6 runs fail, such as at node \d of 3 \(ip-10-0-0-\d+"
    found = re.match(said, told)
    assert found is not None
    share = int(found[1]) / 6
    # How long it takes is told of the runs that pass, all of them longer than those that fail.
    assert "Until it ends, where it passes: p50 4 min" in told
    assert _run(path, *hurry, "--risk", str(share - 0.01)) == 4
    assert _run(path, *hurry, "--risk", str(share + 0.01)) == 0
    capsys.readouterr()


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--max-unavailable", "many"), "--max-unavailable must be a number or a percentage"),
        (("--drain-timeout", "soon"), "--drain-timeout must be like 900, 15m or 1h"),
        (("--drain-timeout", "0"), "--drain-timeout must be above 0"),
        (("--runs", "0"), "--runs must be from 1 to 10,000"),
    ],
)
def test_a_value_that_makes_no_sense_is_refused_in_one_sentence(
    file: Path, capsys: pytest.CaptureFixture[str], more: tuple[str, str], said: str
) -> None:
    assert _run(file, *more) == 2
    assert said in capsys.readouterr().err
