"""What a kubeconfig leads to, what of it is sent and kept, and what is refused in one sentence."""

from __future__ import annotations

import base64
from typing import Any

import pytest
import yaml

from nodeyard.translation import kubeconfig
from nodeyard.translation.kubeconfig import ExecPlugin, KubeconfigRefused, Way

PEM = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
DATA = base64.b64encode(PEM.encode()).decode()
SERVER = "https://10.0.0.1:6443"


def a_kubeconfig(
    cluster: dict[str, Any] | None = None, user: dict[str, Any] | None = None, **more: Any
) -> str:
    return yaml.safe_dump(
        {
            "kind": "Config",
            "current-context": "admin",
            "contexts": [
                {"name": "other", "context": {"cluster": "c", "user": "nobody"}},
                {"name": "admin", "context": {"cluster": "c", "user": "u"}},
            ],
            "clusters": [{"name": "c", "cluster": {"server": SERVER} | (cluster or {})}],
            "users": [{"name": "u", "user": {"token": "t"} if user is None else user}],
        }
        | more
    )


PLUGIN = {"apiVersion": "client.authentication.k8s.io/v1", "command": "aws", "args": ["eks", "get-token"]}


@pytest.mark.parametrize(
    ("cluster", "user", "way"),
    [
        ({}, {"token": "t"}, Way(SERVER, "", token="t")),
        (
            {"certificate-authority-data": DATA, "tls-server-name": "kubernetes", "server": SERVER + "/"},
            {"client-certificate-data": DATA, "client-key-data": DATA},
            Way(SERVER, DATA, "kubernetes", certificate=PEM, key=PEM),
        ),
        (
            {},
            {"exec": PLUGIN},
            Way(SERVER, "", plugin=ExecPlugin(PLUGIN["apiVersion"], ("aws", "eks", "get-token"))),  # type: ignore[arg-type]
        ),
    ],
)
def test_a_context_leads_to_a_cluster(cluster: dict[str, Any], user: dict[str, Any], way: Way) -> None:
    assert kubeconfig.parse(a_kubeconfig(cluster, user), None) == way


@pytest.mark.parametrize(
    ("text", "context", "said"),
    [
        ("{", None, "not YAML"),
        ("[1]", None, "kind is not Config"),
        ("kind: Pod", None, "kind is not Config"),
        ("x" * 100_001, None, "more than 100,000 characters"),
        (a_kubeconfig(**{"current-context": ""}), None, "no current-context"),
        (a_kubeconfig(), "third", "no context 'third'"),
        (a_kubeconfig(), "other", "no user 'nobody'"),
        (a_kubeconfig({"server": "http://10.0.0.1"}), None, "no https address"),
        (a_kubeconfig({"insecure-skip-tls-verify": True}), None, "could listen"),
        (a_kubeconfig({"proxy-url": "http://proxy"}), None, "proxy-url"),
        (a_kubeconfig({"certificate-authority": "/etc/ca.crt"}), None, "--flatten"),
        (a_kubeconfig({"certificate-authority-data": "secret"}), None, "not base64 of PEM"),
        (a_kubeconfig({"server": "https://[::1"}), None, "no https address"),
        (a_kubeconfig({"server": "https://me:secret@10.0.0.1"}), None, "user name or password"),
        (a_kubeconfig({"tls-server-name": ".secret"}), None, "tls-server-name"),
        (a_kubeconfig({"tls-server-name": ["a"]}), None, "tls-server-name"),
        (a_kubeconfig(user={"token": "secret\nX-Header: secret"}), None, "token"),
        (a_kubeconfig(user={}), None, "no token"),
        (a_kubeconfig(user={"token": "t", "exec": PLUGIN}), None, "several ways"),
        (a_kubeconfig(user={"tokenFile": "/run/token"}), None, "on your machine only"),
        (a_kubeconfig(user={"client-key-data": DATA}), None, "without the other"),
        (a_kubeconfig(user={"username": "me", "password": "secret"}), None, "username"),
        (a_kubeconfig(user={"token": "secret", "as": "root"}), None, "has as,"),
        (a_kubeconfig(user={"exec": PLUGIN | {"env": [{"name": "LD_PRELOAD", "value": "x"}]}}), None, "env"),
        (a_kubeconfig(user={"exec": {"args": ["x"]}}), None, "no command"),
    ],
)
def test_what_cannot_be_used_is_refused_without_a_secret(text: str, context: str | None, said: str) -> None:
    with pytest.raises(KubeconfigRefused, match=said) as refused:
        kubeconfig.parse(text, context)
    assert "secret" not in str(refused.value)


def test_only_the_chosen_context_is_kept_with_the_files_that_it_names() -> None:
    more = [{"name": "u", "user": {"client-certificate": "u.crt", "client-key": "u.key"}}]
    users = [*more, {"name": "nobody", "user": {"token": "of-another"}}]
    text = a_kubeconfig({"certificate-authority": "ca.crt"}, users=users)
    read: list[str] = []

    def content(path: str) -> bytes:
        read.append(path)
        return PEM.encode()

    kept = kubeconfig.minimal(text, None, content)
    assert read == ["ca.crt", "u.crt", "u.key"]
    assert "of-another" not in kept
    assert kubeconfig.parse(kept, None) == Way(SERVER, DATA, certificate=PEM, key=PEM)


def grown(levels: int, entry: str) -> str:
    """Return a list of lists of lists: nine times as much on every level, in a line a level."""
    lines = [f"a0: &a0 {entry}"]
    for level in range(1, levels):
        inner = ", ".join([f"*a{level - 1}"] * 9)
        lines.append(
            f"a{level}: &a{level} " + (f"{{<<: [{inner}]}}" if entry.startswith("{") else f"[{inner}]")
        )
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize(
    "text",
    [
        grown(20, "[x]") + "server: *a19",
        grown(20, "{k: v}"),
        "[" * 90_000,
        "[" + "a, " * 30_000 + "]",
        "a: !!int " + "1:" * 45_000 + "1",
        "a: !!timestamp 2026-99-99",
    ],
)
def test_a_text_that_grows_when_it_is_read_is_refused_before_it_has_grown(text: str) -> None:
    """A caller's text is read within the service: it must not cost more than a text of its length."""
    with pytest.raises(KubeconfigRefused, match="not YAML that a kubeconfig is made of"):
        kubeconfig.parse(text, None)


def test_a_scalar_is_the_text_that_it_is() -> None:
    text = a_kubeconfig({"insecure-skip-tls-verify": False}, {"token": "TOKEN"})
    for token in ("1:1:1", "2026-01-01", "0123", "1e3"):
        assert kubeconfig.parse(text.replace("TOKEN", token), None).token == token
