"""What moto holds, on disk: one row a backend, written before a changing call is answered.

On moto's thread only; with `moto_host` and `seeds` the only code that knows moto's inside.
"""

from __future__ import annotations

import copyreg
import hashlib
import io
import pickle
import sqlite3
import sys
import threading
from collections import defaultdict
from pathlib import Path
from typing import Any

from cryptography.hazmat.bindings._rust import openssl
from cryptography.hazmat.primitives import serialization
from moto.backends import get_backend
from moto.core.base_backend import BackendDict
from moto.ssm.models import ParameterDict
from moto.utilities.utils import get_partition

from nodeyard.world import files
from nodeyard.world.aws import moto_corrections
from nodeyard.world.aws.moto_host import FORMAT, WHAT

_SCHEMA = (
    "CREATE TABLE backends (service TEXT, account TEXT, place TEXT, state BLOB, "
    "PRIMARY KEY (service, account, place))"
)

Row = tuple[str, str, str]
"""(service, account, Region or partition)"""


def _lambdas_replaced(thing: defaultdict[Any, Any]) -> Any:
    """Reduce a default dictionary; moto's Systems Manager keeps tags in one made by a lambda."""
    if getattr(thing.default_factory, "__name__", "") == "<lambda>":
        return defaultdict, (_dictionary_of_dictionaries,), None, None, iter(thing.items())
    return thing.__reduce__()


def _dictionary_of_dictionaries() -> defaultdict[str, dict[str, Any]]:
    return defaultdict(dict)


def _found_again(thing: Any) -> Any:
    """Reduce all backends of a service to how they are found; they are not part of one of them."""
    return get_backend, (thing.service_name,)


def _with_its_arguments(thing: ParameterDict) -> Any:
    """Reduce the parameters of a Region; a default dictionary would be made anew by its class alone."""
    return copyreg.__newobj__, (ParameterDict,), thing.__dict__, None, iter(thing.items())  # type: ignore[attr-defined]


def _as_der(key: Any) -> Any:
    """Reduce a private key of the Key Management Service."""
    plain = serialization.NoEncryption()
    return _from_der, (
        key.private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, plain),
    )


def _from_der(data: bytes) -> Any:
    return serialization.load_der_private_key(data, None)


def _unlocked(lock: Any) -> Any:
    """Reduce a lock to a free one; only moto's own thread is in there."""
    return (threading.RLock if isinstance(lock, type(threading.RLock())) else threading.Lock), ()


# A table, and no method that is asked for every value: 25 times as fast.
_REDUCED = {
    **copyreg.dispatch_table,
    BackendDict: _found_again,
    defaultdict: _lambdas_replaced,
    ParameterDict: _with_its_arguments,
    type(threading.Lock()): _unlocked,
    type(threading.RLock()): _unlocked,
    openssl.rsa.RSAPrivateKey: _as_der,
    openssl.ec.ECPrivateKey: _as_der,
}


class MotoState:
    """The rows. Raises: WorldDataError when the file cannot be used."""

    def __init__(self, path: Path | None) -> None:
        moto_corrections.apply()
        self._rows: sqlite3.Connection | None = None
        self._written: dict[Row, bytes] = {}
        """What each row holds, as a digest: nothing is written that is there already."""
        self._path = path
        if path is None:
            return
        rows = self._rows = files.opened(path, WHAT, FORMAT, _SCHEMA)
        for service, account, place, state in rows.execute("SELECT * FROM backends").fetchall():
            try:
                backend = pickle.loads(state)
            except Exception as error:
                raise files.unusable(path, WHAT, f"{service} of {account}: {error!r}") from error
            dict.__setitem__(get_backend(service)[account], place, backend)
            self._written[service, account, place] = b""

    def holds(self, service: str, account: str, region: str) -> bool:
        """Return whether a backend was kept before."""
        return self._rows is None or (service, account, _place(service, region)) in self._written

    def places(self, service: str) -> list[tuple[str, str]]:
        """Return (account, Region or partition) of the backends of a service that were kept."""
        return [(account, place) for kept, account, place in self._written if kept == service]

    def keep(self, service: str, account: str, region: str) -> None:
        """Write one backend, if there is one and anything in it changed. Raises: WorldDataError."""
        if f"moto.{service}.models" not in sys.modules:
            return  # never used in this process, so there is nothing of it
        row = service, account, _place(service, region)
        held = dict.get(get_backend(service), account)
        if self._rows is None or held is None or not dict.__contains__(held, row[2]):
            return
        pickled = io.BytesIO()
        pickler = pickle.Pickler(pickled, pickle.HIGHEST_PROTOCOL)
        pickler.dispatch_table = _REDUCED
        pickler.dump(held[row[2]])
        digest = hashlib.blake2b(pickled.getbuffer()).digest()
        if self._written.get(row) != digest:
            values = (*row, pickled.getvalue())
            try:
                self._rows.execute("INSERT OR REPLACE INTO backends VALUES (?, ?, ?, ?)", values)
            except sqlite3.Error as error:
                assert self._path is not None
                raise files.unusable(self._path, WHAT, error) from error
            self._written[row] = digest

    def close(self) -> None:
        if self._rows is not None:
            self._rows.close()
            self._rows = None


def _place(service: str, region: str) -> str:
    """Return where moto holds a service: IAM and STS have one place a partition."""
    return get_partition(region) if service in ("iam", "sts") else region
