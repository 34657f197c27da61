"""How long a user waits for `nodeyard up`."""

from __future__ import annotations

import http.client
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.bench.figures import Figure, Figures
from tests.e2e.service import ACCOUNT, REGION, Service

pytestmark = pytest.mark.bench

START_BAR_S = 1.5
SIGNED = {
    "Authorization": f"AWS4-HMAC-SHA256 Credential={ACCOUNT}/20260101/{REGION}/eks/aws4_request, "
    "SignedHeaders=host, Signature=00"
}


def _first_answer(service: Service) -> float:
    """Return the seconds from starting the process to its first good answer of ListClusters."""
    began = time.perf_counter()
    service.start("--speed", "1")
    connection = http.client.HTTPConnection(service.endpoint.removeprefix("http://"), timeout=10)
    connection.request("GET", "/clusters", headers=SIGNED)
    answer = connection.getresponse()
    body = answer.read()
    took = time.perf_counter() - began
    connection.close()
    assert (answer.status, body) == (200, b'{"clusters":[]}')
    return took


def test_list_clusters_is_answered_soon_after_the_start(tmp_path: Path, figures: Figures) -> None:
    service = Service(tmp_path)
    for what in ("empty data directory", "second start"):
        took = _first_answer(service)
        figures.add(Figure("start to first ListClusters", took, "s", what, bar=START_BAR_S))
        assert service.stop() == 0


def test_the_aws_cli_adds_its_own_start(tmp_path: Path, figures: Figures) -> None:
    service = Service(tmp_path)
    start = _first_answer(service)
    aws = [str(Path(sys.executable).with_name("aws"))]
    environment = {
        **os.environ,
        "AWS_ENDPOINT_URL": service.endpoint,
        "AWS_ACCESS_KEY_ID": ACCOUNT,
        "AWS_SECRET_ACCESS_KEY": "any",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    took = []
    for words in (["--version"], ["eks", "list-clusters", "--region", REGION]):
        began = time.perf_counter()
        subprocess.run([*aws, *words], env=environment, check=True, capture_output=True, timeout=60)
        took.append(time.perf_counter() - began)
    service.stop()
    figures.add(Figure("the aws CLI by itself", took[0], "s", "aws --version"))
    figures.add(Figure("aws eks list-clusters", took[1], "s", "the service answers already"))
    figures.add(Figure("start to `aws eks list-clusters`", start + took[1], "s", "one after the other"))
