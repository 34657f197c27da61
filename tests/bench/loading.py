"""A client that costs little: raw requests over one connection, as fast as they are answered or at a pace."""

from __future__ import annotations

import socket
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

TICKS_S = 100.0
"""Of /proc, on every Linux that runs Python."""


class Caller:
    """One GET again and again over one connection; it is opened again where the server closes it."""

    def __init__(self, endpoint: str, path: str, headers: dict[str, str]) -> None:
        place = urlsplit(endpoint)
        self._address = str(place.hostname), place.port or 80
        lines = [f"GET {path} HTTP/1.1", f"Host: {place.netloc}", *(f"{k}: {v}" for k, v in headers.items())]
        self._request = ("\r\n".join(lines) + "\r\n\r\n").encode()
        self._connection: socket.socket | None = None
        self._wait = threading.Event()
        """Never set: what a pace waits for."""

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def call(self) -> bytes:
        """Return the body of one answer. Raises: AssertionError for another status than 200."""
        if self._connection is None:
            self._connection = socket.create_connection(self._address, timeout=30)
            self._connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._connection.sendall(self._request)
        held = b""
        while (end := held.find(b"\r\n\r\n")) < 0:
            held += self._more()
        head = held[:end].lower()
        length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
        while len(held) < end + 4 + length:
            held += self._more()
        assert b" 200" in head[:13], held
        if b"connection: close" in head:
            self.close()
        return held[end + 4 :]

    def timed(self, calls: int) -> list[float]:
        """Return how long each of some calls took. Units: seconds."""
        took = []
        for _ in range(calls):
            began = time.perf_counter()
            self.call()
            took.append(time.perf_counter() - began)
        return took

    def paced(self, rate: float, seconds: float) -> list[float]:
        """Call at a pace and return how long after its turn each call was answered.

        A call that had to wait for the one before it counts from its own turn. Units: seconds.
        """
        began, took = time.perf_counter(), []
        for number in range(int(rate * seconds)):
            turn = began + number / rate
            self._wait.wait(max(0.0, turn - time.perf_counter()))
            self.call()
            took.append(time.perf_counter() - turn)
        return took

    def _more(self) -> bytes:
        assert self._connection is not None
        got = self._connection.recv(1 << 16)
        assert got, "the server closed the connection in the middle of an answer"
        return got


def cpu_s(pid: int) -> float:
    """Return the processor time that a process has used, its threads included. Units: seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_S


def memory_mb(pid: int) -> float:
    """Return the resident memory of a process. Units: 10**6 bytes."""
    (line,) = [each for each in Path(f"/proc/{pid}/status").read_text().splitlines() if "VmRSS:" in each]
    return int(line.split()[1]) * 1024 / 1e6


def until_answering(port: int, *, within_s: float = 60.0) -> None:
    """Wait until something listens on a port of this machine. Raises: TimeoutError."""
    limit, pause = time.monotonic() + within_s, threading.Event()
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except OSError as error:
            if time.monotonic() > limit:
                raise TimeoutError(f"nothing listens on port {port}") from error
        pause.wait(0.05)
