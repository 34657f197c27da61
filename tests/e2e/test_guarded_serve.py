"""`nodeyard serve` by TLS with keys of `nodeyard keys`: real processes, a real boto3 client."""

from __future__ import annotations

import datetime
import ipaddress
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from nodeyard.cli.main import run

LIMIT_S = 60
ACCOUNT = "111122223333"
READ = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "eks:List*", "Resource": "*"}}

pytestmark = pytest.mark.e2e


def certificate(folder: Path) -> tuple[Path, Path]:
    """Write a certificate for loopback that signs itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "nodeyard test")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    files = folder / "tls.crt", folder / "tls.key"
    files[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return files


class Served:
    """A folder with a database and a key file, and one process on it."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self.capsys = capsys
        self.certificate, self.key = certificate(folder)
        (folder / "seal.key").write_text("s" * 44 + "\n")
        self.database = ("--database-url", f"sqlite:///{folder / 'nodeyard.db'}")
        self.sealed = ("--secret-key-file", str(folder / "seal.key"))
        (folder / "read.json").write_text(json.dumps(READ))
        self.popen: subprocess.Popen[bytes] | None = None
        self.endpoint = ""

    def nodeyard(self, *arguments: str) -> tuple[int, str, str]:
        """Run a command in this process and return its exit code and what it printed."""
        code = run([*arguments, *self.database])
        printed = self.capsys.readouterr()
        return code, printed.out, printed.err

    def serve(self, *arguments: str) -> list[str]:
        return ["serve", "--account-id", ACCOUNT, "--port", "0", *self.sealed, *arguments]

    def start(self) -> None:
        tls = ("--tls-cert", str(self.certificate), "--tls-key", str(self.key))
        flags = (*self.serve(*tls), *self.database)
        with (self.folder / "log").open("wb") as log:
            self.popen = subprocess.Popen(
                [sys.executable, "-m", "nodeyard.cli", *flags], stdout=subprocess.PIPE, stderr=log
            )
        assert self.popen.stdout is not None
        for line in iter(self.popen.stdout.readline, b""):
            if b"answers at" in line:
                self.endpoint = line.decode().split()[-1]
                return
        raise AssertionError((self.folder / "log").read_text())

    def client(self, id: str, secret: str) -> Any:
        return boto3.client(
            "eks",
            region_name="eu-west-1",
            endpoint_url=self.endpoint,
            verify=str(self.certificate),
            aws_access_key_id=id,
            aws_secret_access_key=secret,
            config=Config(retries={"total_max_attempts": 1}),
        )

    def end(self) -> None:
        if self.popen is not None and self.popen.poll() is None:
            self.popen.send_signal(signal.SIGTERM)
            self.popen.communicate(timeout=LIMIT_S)


@pytest.fixture
def served(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Served]:
    for name in [name for name in os.environ if name.startswith("NODEYARD_")]:
        monkeypatch.delenv(name)
    made = Served(tmp_path, capsys)
    yield made
    made.end()


def test_a_day_with_keys(served: Served) -> None:
    policy = ("--policy", str(served.folder / "read.json"))
    code, out, err = served.nodeyard("keys", "add", "ann", "--account-id", ACCOUNT, *served.sealed, *policy)
    assert code == 0, err
    printed = dict(line.split("=", 1) for line in out.splitlines())
    id, secret = printed["AWS_ACCESS_KEY_ID"], printed["AWS_SECRET_ACCESS_KEY"]
    assert secret.encode() not in (served.folder / "nodeyard.db").read_bytes()

    served.start()
    assert served.endpoint.startswith("https://")
    client = served.client(id, secret)
    assert client.list_clusters()["clusters"] == []
    with pytest.raises(ClientError, match="not authorized to perform: eks:DeleteCluster"):
        client.delete_cluster(name="prod")
    with pytest.raises(ClientError, match="does not match the signature"):
        served.client(id, "another secret").list_clusters()

    trail = [json.loads(line) for line in served.nodeyard("audit", "--json")[1].splitlines()]
    assert [(each["action"], each["outcome"], each["source"]) for each in trail] == [
        ("eks:DeleteCluster", "403 AccessDeniedException", "127.0.0.1")
    ]
    assert f"{id}  arn:aws:iam::{ACCOUNT}:user/ann  active  read" in served.nodeyard("keys", "list")[1]
    assert served.nodeyard("keys", "disable", id)[0] == 0
    with pytest.raises(ClientError, match="security token"):
        client.list_clusters()
    served.end()
    assert secret.encode() not in (served.folder / "log").read_bytes()


def test_a_certificate_that_cannot_be_served_is_told_before_anything_starts(served: Served) -> None:
    served.key.write_text("no key")
    tls = ("--tls-cert", str(served.certificate), "--tls-key", str(served.key))
    code, _, said = served.nodeyard(*served.serve(*tls, "--access-key", "AKID:longsecret"))
    assert code == 2 and "--tls-cert" in said
    code, _, said = served.nodeyard(*served.serve("--tls-cert", str(served.certificate)))
    assert code == 2 and "belong together" in said


def test_a_service_that_nobody_could_call_does_not_start(served: Served) -> None:
    code, _, said = served.nodeyard(*served.serve())
    assert code == 2 and "nodeyard keys add" in said


def test_a_policy_that_is_not_understood_makes_no_key(served: Served) -> None:
    (served.folder / "read.json").write_text("{}")
    policy = ("--policy", str(served.folder / "read.json"))
    code, out, said = served.nodeyard("keys", "add", "ann", "--account-id", ACCOUNT, *served.sealed, *policy)
    assert (code, out) == (2, "") and "no Statement" in said
    assert "no access keys" in served.nodeyard("keys", "list")[1]
