"""A kubeconfig as what leads to one cluster: where it is, whom to trust, and how to say who one is. Pure.

What is taken is complete in itself: a path in it would be one of another machine. What would let the
connection be listened to is refused. Source: Kubernetes, kubeconfig (v1) and client authentication (v1).
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import yaml

FLATTEN = "`kubectl config view --minify --flatten --raw` writes a file that is complete in itself"
SIZE_MAX = 100_000
"""Characters. Ours: a context with certificates has five thousand."""

DEPTH_MAX, NODES_MAX = 32, 5_000
"""Ours: a context is six levels deep and has thirty nodes; a whole file has some hundred contexts."""
_SERVER_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9.:_-]{0,252}")
_KINDS = frozenset(f"tag:yaml.org,2002:{each}" for each in ("null", "bool", "str", "seq", "map"))

Doc = dict[str, Any]


class KubeconfigRefused(ValueError):
    """A kubeconfig that cannot be used. The text is a sentence, without a full stop, that names no secret."""


@dataclass(frozen=True, slots=True)
class ExecPlugin:
    """A program that says who one is. `command` is the whole command line."""

    api_version: str
    command: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Way:
    """What leads to a cluster. Certificates and keys are PEM; exactly one way to say who one is."""

    server: str
    ca_data: str
    """Base64 of PEM; empty: the authorities that the machine trusts."""
    server_name: str | None = None
    """The name that the server's certificate must have, where it is not that of the address."""
    token: str | None = field(default=None, repr=False)
    certificate: str | None = None
    key: str | None = field(default=None, repr=False)
    plugin: ExecPlugin | None = None


class _Loader(yaml.SafeLoader):
    """Reads what costs no more than its length: the text is a stranger's, and the service waits for it.

    No aliases, which let a line stand for a million; no numbers and dates, which are no part of a kubeconfig.
    """

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._depth = self._nodes = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        self._depth += 1
        self._nodes += 1
        if self._depth > DEPTH_MAX or self._nodes > NODES_MAX or self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("too deep, too much, or an alias")
        made: yaml.Node | None = super().compose_node(parent, index)
        self._depth -= 1
        return made


_Loader.yaml_implicit_resolvers = {
    first: [each for each in known if each[0] in _KINDS]
    for first, known in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.yaml_constructors = {
    tag: made for tag, made in yaml.SafeLoader.yaml_constructors.items() if tag is None or tag in _KINDS
}


def parse(text: str, context: str | None) -> Way:
    """Return where a context leads, the current one when None is named. Raises: KubeconfigRefused."""
    _, cluster, user = _chosen(_document(text), context)
    server = str(cluster.get("server") or "")
    _judge_cluster(cluster, server)
    certificate, key = _certificate(user)
    token = user.get("token")
    if token is not None and not (isinstance(token, str) and token.isprintable() and token.isascii()):
        raise KubeconfigRefused("the token of the kubeconfig is not one line of ASCII text")
    plugin = _plugin(user.get("exec"))
    ways = [each for each in (token, certificate, plugin) if each]
    if len(ways) != 1:
        raise KubeconfigRefused(
            "the user of the kubeconfig has "
            + ("no token, client certificate or exec plugin" if not ways else "several ways to log in")
            + ": give exactly one"
        )
    return Way(
        server=server.rstrip("/"),
        ca_data=_pem_data(cluster, "certificate-authority-data"),
        server_name=_server_name(cluster),
        token=token,
        certificate=certificate,
        key=key,
        plugin=plugin,
    )


def _document(text: str) -> Doc:
    if len(text) > SIZE_MAX:
        raise KubeconfigRefused(f"the kubeconfig has more than {SIZE_MAX:,} characters; {FLATTEN}")
    try:
        found = yaml.load(text, _Loader)
    except yaml.YAMLError as error:
        raise KubeconfigRefused(
            f"the kubeconfig is not YAML that a kubeconfig is made of: no aliases, at most {NODES_MAX:,} "
            f"entries, {DEPTH_MAX} levels; {FLATTEN}"
        ) from error
    if not isinstance(found, dict) or found.get("kind", "Config") != "Config":
        raise KubeconfigRefused("this is no kubeconfig: its kind is not Config")
    return found


def _chosen(document: Doc, context: str | None) -> tuple[str, Doc, Doc]:
    """Return the name of the context, its cluster and its user."""
    name = str(context or document.get("current-context") or "")
    if not name:
        raise KubeconfigRefused("the kubeconfig has no current-context: name a context")
    chosen = _named(document, "contexts", "context", name)
    cluster = _named(document, "clusters", "cluster", str(chosen.get("cluster") or ""))
    return name, cluster, _named(document, "users", "user", str(chosen.get("user") or ""))


def _named(document: Doc, plural: str, member: str, name: str) -> Doc:
    items = document.get(plural)
    for each in items if isinstance(items, list) else ():
        if isinstance(each, dict) and each.get("name") == name and isinstance(each.get(member), dict):
            found: Doc = each[member]
            return found
    raise KubeconfigRefused(f"the kubeconfig has no {member} {name!r}")


def _server_name(cluster: Doc) -> str | None:
    name = cluster.get("tls-server-name")
    if not name:
        return None
    if not isinstance(name, str) or not _SERVER_NAME.fullmatch(name):
        raise KubeconfigRefused("tls-server-name of the kubeconfig is no host name")
    return name


def _judge_cluster(cluster: Doc, server: str) -> None:
    if "@" in server:
        raise KubeconfigRefused(
            "the server of the kubeconfig has a user name or password in it, which everybody would see: "
            "use a token, a client certificate or an exec plugin"
        )
    if not _is_https(server):
        raise KubeconfigRefused(f"the server of the kubeconfig, {server!r}, is no https address")
    if cluster.get("insecure-skip-tls-verify"):
        raise KubeconfigRefused(
            "the kubeconfig says insecure-skip-tls-verify, with which anybody in between could listen: "
            "give certificate-authority-data"
        )
    if cluster.get("proxy-url"):
        raise KubeconfigRefused("the kubeconfig names a proxy-url, which is not supported")
    _refuse_path(cluster, "certificate-authority")


def _is_https(server: str) -> bool:
    try:
        parts = urlsplit(server)
        return parts.scheme == "https" and bool(parts.hostname) and parts.port != 0
    except ValueError:  # brackets without an end, a port that is no number
        return False


def _refuse_path(part: Doc, member: str) -> None:
    if part.get(member):
        raise KubeconfigRefused(
            f"the kubeconfig names a file as {member}, which is on your machine only; {FLATTEN}"
        )


def _certificate(user: Doc) -> tuple[str | None, str | None]:
    for member in ("client-certificate", "client-key", "tokenFile"):
        _refuse_path(user, member)
    for member in ("username", "password", "auth-provider", "as", "as-groups", "as-uid", "as-user-extra"):
        if user.get(member):
            raise KubeconfigRefused(
                f"the user of the kubeconfig has {member}, which is not supported: use a token, a client "
                "certificate or an exec plugin"
            )
    found = [_pem_data(user, f"client-{each}-data") for each in ("certificate", "key")]
    if bool(found[0]) != bool(found[1]):
        raise KubeconfigRefused(
            "the user of the kubeconfig has a client certificate or key without the other"
        )
    return tuple(_decoded(each) if each else None for each in found)  # type: ignore[return-value]


def _pem_data(part: Doc, member: str) -> str:
    data = str(part.get(member) or "")
    if data and "-----BEGIN " not in _decoded(data):
        raise KubeconfigRefused(f"{member} of the kubeconfig is not base64 of PEM")
    return data


def _decoded(data: str) -> str:
    try:
        return base64.b64decode(data, validate=True).decode("ascii")
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _plugin(given: Any) -> ExecPlugin | None:
    if not given:
        return None
    if not isinstance(given, dict) or not given.get("command"):
        raise KubeconfigRefused("the exec plugin of the kubeconfig has no command")
    if given.get("env"):
        raise KubeconfigRefused(
            "the exec plugin of the kubeconfig sets variables (env): leave them out, the plugin gets those "
            "of the service"
        )
    arguments = given.get("args") or []
    command = (str(given["command"]), *map(str, arguments if isinstance(arguments, list) else ()))
    return ExecPlugin(str(given.get("apiVersion") or ""), command)


_FILES = ("certificate-authority", "client-certificate", "client-key")


def minimal(text: str, context: str | None, read: Callable[[str], bytes] | None = None) -> str:
    """Return a kubeconfig with one context alone, as `kubectl config view --minify --flatten --raw` does.

    `read` returns the content of a file that it names; without it such names are left.
    Raises: KubeconfigRefused, and what `read` raises.
    """
    name, cluster, user = _chosen(_document(text), context)
    for part in (cluster, user):
        for member in _FILES if read else ():
            path = part.pop(member, None)
            if path and read and not part.get(f"{member}-data"):
                part[f"{member}-data"] = base64.b64encode(read(str(path))).decode()
    kept = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": name,
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
        "clusters": [{"name": name, "cluster": cluster}],
        "users": [{"name": name, "user": user}],
    }
    made: str = yaml.safe_dump(kept, sort_keys=False)
    return made
