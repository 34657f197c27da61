"""What `nodeyard up` or `serve` was asked to do: one frozen value, checked before anything is touched.

The command line builds it, the composition root reads it. Nothing here opens a
file or a socket; whether a port is free or a directory can be written is found
out by the one that uses it, and told with the same `StartRefused`.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field, fields
from enum import StrEnum
from pathlib import Path

from nodeyard.model.limits import Quotas

_ACCESS_KEY = re.compile(r"^(?P<id>[A-Za-z0-9]{4,128}):(?P<secret>\S{8,})$")
_PORT_MAX = 65535
SPEED_MAX = 100_000.0
QUOTA_MAX = 100_000
"""Ours: far above what one process can hold, so that a slip of the finger is refused."""

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 8620
DEFAULT_KUBE_PORT = 8621
DEFAULT_ACCOUNT = "111122223333"


class StartRefused(Exception):
    """The service does not start. `message` is one sentence for people: what, why, what to do."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


@dataclass(frozen=True, slots=True)
class Ready:
    """Where the service answers, once it does."""

    endpoint: str
    kube_endpoint: str


@dataclass(frozen=True, slots=True)
class UpSettings:
    """Everything `nodeyard up` can be told. Bounds are checked on construction.

    Bounds: ports 0-65535 (0 picks a free one); speed above 0, at most SPEED_MAX.
    Raises: StartRefused, naming the flag and a value that would do.
    """

    data_dir: Path
    host: str = DEFAULT_HOST
    port: int = DEFAULT_PORT
    kube_port: int = DEFAULT_KUBE_PORT
    speed: float = 1.0
    """How many simulated seconds pass in one real second."""
    seed: int | None = None
    """None: ids and chance differ from run to run."""
    account: str = DEFAULT_ACCOUNT
    access_keys: dict[str, str] = field(default_factory=dict, repr=False)
    """Access key id -> secret. Empty: requests are not verified, loopback only."""
    adopt: bool = True
    """Make subnets and roles that a request names and the embedded AWS does not have."""
    quotas: Quotas = field(default_factory=Quotas)
    images: Path | None = None
    """The file with the releases of the user's own images."""
    kubeconfig: str | None = field(default=None, repr=False)
    """What leads to the real cluster that machines join, complete in itself. None: clusters are embedded."""
    log_level: str = "info"
    log_format: str = "text"

    def __post_init__(self) -> None:
        for flag, port in (("--port", self.port), ("--kube-port", self.kube_port)):
            if not 0 <= port <= _PORT_MAX:
                raise StartRefused(
                    f"{flag} {port} is not a port: choose 1 to {_PORT_MAX}, or 0 for a free one."
                )
        if self.port == self.kube_port != 0:
            raise StartRefused(f"--port and --kube-port are both {self.port}: choose two different ports.")
        if not 0 < self.speed <= SPEED_MAX:
            raise StartRefused(
                f"--speed {self.speed:g} is out of range: choose above 0, up to {SPEED_MAX:g}."
            )
        if not re.fullmatch(r"[0-9]{12}", self.account):
            raise StartRefused(f"--account-id {self.account!r} is not an account: it must be 12 digits.")
        if not is_loopback(self.host) and not self.access_keys:
            raise StartRefused(
                f"--host {self.host} would let other machines in without a password: configure --access-key "
                f"ID:SECRET (NODEYARD_ACCESS_KEYS) to require signed requests, or keep --host {DEFAULT_HOST}."
            )


class Role(StrEnum):
    """What a process of `nodeyard serve` does: answer callers, work on operations, or both."""

    api = "api"
    worker = "worker"
    all = "all"


@dataclass(frozen=True, slots=True)
class ServeSettings:
    """Everything `nodeyard serve` can be told. Bounds as for `UpSettings`. Raises: StartRefused."""

    database_url: str = field(repr=False)
    account: str
    role: Role = Role.all
    host: str = DEFAULT_HOST
    port: int = DEFAULT_PORT
    access_keys: dict[str, str] = field(default_factory=dict, repr=False)
    aws_endpoint_url: str | None = None
    """None: AWS itself."""
    speed: float = 1.0
    quotas: Quotas = field(default_factory=Quotas)
    secret_key_file: Path | None = None
    """Seals what is secret in the database; with it, callers may have keys of `nodeyard keys`."""
    exec_plugins: tuple[str, ...] = ()
    """Command lines of exec plugins that kubeconfigs of attached clusters may name; * is anything."""
    certificate: tuple[Path, Path] | None = None
    """TLS certificate and its private key, as PEM files. None: plain HTTP."""
    proxies: tuple[str, ...] = ()
    """Addresses, or ranges of them, of proxies that are believed from where a request came."""
    regions: tuple[str, ...] = ()
    """Regions that requests may be for. Empty: any."""
    images: Path | None = None
    """The file with the releases of the user's own images."""
    hook_queue: str | None = None
    """URL of the SQS queue to which lifecycle actions are told."""
    log_level: str = "info"
    log_format: str = "text"

    def __post_init__(self) -> None:
        if not 0 <= self.port <= _PORT_MAX:
            raise StartRefused(f"--port {self.port} is out of range: choose 0 to {_PORT_MAX}.")
        if not 0 < self.speed <= SPEED_MAX:
            raise StartRefused(
                f"--speed {self.speed:g} is out of range: choose above 0, up to {SPEED_MAX:g}."
            )
        if not re.fullmatch(r"[0-9]{12}", self.account):
            raise StartRefused(f"--account-id {self.account!r} is not an account: it must be 12 digits.")
        if not self.access_keys and self.secret_key_file is None and self.role is not Role.worker:
            raise StartRefused(
                "Callers would not be verified: configure --access-key ID:SECRET (NODEYARD_ACCESS_KEYS), "
                "with which requests must be signed, or --secret-key-file for keys of `nodeyard keys`."
            )
        for each in self.proxies:
            if not _is_network(each):
                raise StartRefused(
                    f"--trusted-proxy {each!r} is no address: give the proxy's, as in 10.0.0.7, or a range."
                )
        if isinstance(self.database, Path) and self.role is not Role.all:
            raise StartRefused(
                f"--role {self.role} needs a database for several processes: give --database-url "
                "postgresql://USER@HOST/NAME, or use --role all."
            )

    @property
    def database(self) -> Path | str:
        """The SQLite file, or the address of the PostgreSQL database. Raises: StartRefused."""
        return database_of(self.database_url)


def database_of(url: str) -> Path | str:
    """Return the SQLite file or the PostgreSQL address of a --database-url. Raises: StartRefused."""
    kind, _, rest = url.partition("://")
    if kind == "sqlite" and rest.startswith("/") and len(rest) > 1:
        return Path(rest[1:])
    if kind in ("postgresql", "postgres") and rest:
        return f"postgresql://{rest}"
    raise StartRefused(
        "--database-url is no address: give sqlite:///FILE or postgresql://USER@HOST:PORT/NAME."
    )


def _is_network(text: str) -> bool:
    try:
        ipaddress.ip_network(text)
    except ValueError:
        return False
    return True


def is_loopback(host: str) -> bool:
    """Return whether only this machine can reach the address. A name other than localhost is not trusted."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def parse_access_keys(entries: list[str]) -> dict[str, str]:
    """Return access key id -> secret from `ID:SECRET` entries.

    Raises: StartRefused; the message never repeats a secret.
    """
    keys: dict[str, str] = {}
    for place, entry in enumerate(entries, start=1):
        match = _ACCESS_KEY.match(entry)
        if match is None:
            raise StartRefused(
                f"Access key number {place} is not ID:SECRET: the id is 4 to 128 letters and digits, "
                "the secret at least 8 characters without spaces."
            )
        if match["id"] in keys:
            raise StartRefused(f"Access key {match['id']} is given twice: give each id one secret.")
        keys[match["id"]] = match["secret"]
    return keys


def quota_names() -> tuple[str, ...]:
    """Return the names of the quotas as the command line spells them."""
    return tuple(each.name.replace("_", "-") for each in fields(Quotas))


def parse_quotas(entries: list[str]) -> Quotas:
    """Return the quotas of EKS with those of the `NAME=NUMBER` entries instead of the defaults.

    Bounds: a number from 1 to QUOTA_MAX. Raises: StartRefused, naming the entry.
    """
    known = quota_names()
    given: dict[str, int] = {}
    for entry in entries:
        name, _, number = entry.partition("=")
        if name not in known:
            raise StartRefused(f"--quota {entry}: there is no quota {name!r}; choose {_listed(known)}.")
        if name in given:
            raise StartRefused(f"--quota {name} is given twice: give it once.")
        if not (number.isascii() and number.isdecimal() and 1 <= int(number) <= QUOTA_MAX):
            raise StartRefused(
                f"--quota {entry}: {number!r} is not a number of things: choose 1 to {QUOTA_MAX}, "
                f"as in --quota {name}=1000."
            )
        given[name] = int(number)
    return Quotas(**{name.replace("-", "_"): number for name, number in given.items()})


def _listed(names: tuple[str, ...]) -> str:
    return f"{', '.join(names[:-1])} or {names[-1]}"


def default_data_dir(xdg_data_home: str | None, home: Path) -> Path:
    """Return where data is kept when nobody says: the XDG data folder of the user."""
    base = Path(xdg_data_home) if xdg_data_home else home / ".local" / "share"
    return base / "nodeyard"
