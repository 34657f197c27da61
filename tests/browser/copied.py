"""What the console writes for other tools, without a browser, and the judges of it: see tests/judges."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from tests.browser.console import ROOT
from tools import judges
from tools.go_program import GoProgram

LIMIT_S = 60
BUNDLER = ROOT / "web" / "node_modules" / ".bin" / "rolldown"
SOURCE = ROOT / "web" / "src" / "pages" / "add" / "copy-as.ts"
PROGRAM = """
import { readFileSync } from "node:fs";
const { written } = await import(process.argv[1]);
const { requests, tools, region } = JSON.parse(readFileSync(0, "utf8"));
const texts = (request) => Object.fromEntries(tools.map((tool) => [tool, written(tool, request, region)]));
const all = requests.map(texts);
console.log(JSON.stringify(all));
"""


def written(folder: Path, requests: list[dict[str, Any]], region: str) -> list[dict[str, str]]:
    """Return what the review page writes for each request: tool -> text. Skips where npm is missing."""
    asked = {"requests": requests, "tools": ["aws CLI", "boto3", "Terraform", "eksctl"], "region": region}
    found: list[dict[str, str]] = answered(SOURCE, PROGRAM, asked, folder)
    return found


def answered(source: Path, program: str, asked: Any, folder: Path) -> Any:
    """Return what a program prints as JSON that uses one module of the console, `process.argv[1]`, by itself.

    `asked` is what it reads as JSON. Skips where npm is missing.
    """
    node = shutil.which("node")
    if node is None or not BUNDLER.exists():
        pytest.skip("the console is not built: make console")
    made = folder / f"{source.stem}.mjs"
    bundle = [BUNDLER, source, "--file", made, "--format", "esm", "--log-level", "silent"]
    subprocess.run(bundle, check=True, timeout=LIMIT_S, stdout=subprocess.DEVNULL)
    answer = subprocess.run(
        [node, "--input-type=module", "--eval", program, made],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
    )
    assert answer.returncode == 0, answer.stderr
    return json.loads(answer.stdout)


def terraform(text: str, folder: Path) -> dict[str, Any]:
    """Return the arguments as Terraform understands them. Raises: AssertionError with what it objects to."""
    found: dict[str, Any] = _judged(judges.TERRAFORM, text, folder / "main.tf", judges.TERRAFORM_SCHEMA)
    return found


def eksctl(text: str) -> dict[str, Any]:
    """Return the node group of a file that eksctl's schema allows. Raises: ValidationError."""
    document = yaml.safe_load(text)
    jsonschema.validate(document, json.loads(judges.EKSCTL_SCHEMA.read_text(encoding="utf-8")))
    (group,) = document["managedNodeGroups"]
    found: dict[str, Any] = group
    return found


def _judged(judge: GoProgram, text: str, file: Path, *before: Path) -> Any:
    if not judge.path.exists():
        pytest.skip(f"{judge.name} was not built: `make judges` builds it (needs Go 1.26 or newer)")
    file.write_text(text, encoding="utf-8")
    answer = subprocess.run(
        [judge.path, *before, file], capture_output=True, text=True, timeout=LIMIT_S, check=False
    )
    assert answer.returncode == 0, f"{judge.name}: {answer.stderr}\n{text}"
    return json.loads(answer.stdout)
