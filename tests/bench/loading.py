"""Clients that cost little: raw requests over one connection, as fast as they are answered or at a pace, and
over several at once, which keep a server busy all the time."""

from __future__ import annotations

import select
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
        self.request = ("\r\n".join(lines) + "\r\n\r\n").encode()
        self._connection: socket.socket | None = None
        self._wait = threading.Event()
        """Never set: what a pace waits for."""

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def connection(self) -> socket.socket:
        made = socket.create_connection(self._address, timeout=30)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return made

    def call(self) -> bytes:
        """Return the body of one answer. Raises: AssertionError for another status than 200."""
        if self._connection is None:
            self._connection = self.connection()
        self._connection.sendall(self.request)
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


class Crowd:
    """The same GET over several connections, each with one request on its way at all times.

    The server is never idle while the client works, so that the rate is the server's, as long as the client
    costs less: `busy_s` says how much processor time it took itself. A connection that the server closes is
    opened again, as part of the time.
    """

    def __init__(self, caller: Caller, connections: int) -> None:
        self._caller, self._connections = caller, connections
        self.busy_s = 0.0

    def counted(self, seconds: float) -> tuple[int, float]:
        """Return how many answers came, and in how many seconds. Raises: AssertionError for another status
        than 200."""
        used, began = time.process_time(), time.perf_counter()
        answers, held = 0, dict[int, bytes]()
        with select.epoll() as ready:
            open_ = dict[int, socket.socket]()

            def ask(connection: socket.socket | None = None) -> None:
                if connection is None:
                    connection = self._caller.connection()
                    open_[connection.fileno()] = connection
                    ready.register(connection, select.EPOLLIN)
                held[connection.fileno()] = b""
                connection.sendall(self._caller.request)

            for _ in range(self._connections):
                ask()
            while time.perf_counter() < began + seconds:
                for number, _ in ready.poll(1.0):
                    got = open_[number].recv(1 << 16)
                    held[number] += got
                    whole, keeps = _whole(held[number])
                    answers += whole
                    if not got or (whole and not keeps):
                        ready.unregister(number)
                        open_.pop(number).close()
                        ask()
                    elif whole:
                        ask(open_[number])
            for each in open_.values():
                each.close()
        self.busy_s += time.process_time() - used
        return answers, time.perf_counter() - began


def _whole(held: bytes) -> tuple[bool, bool]:
    """Return whether an answer is there to its end, and whether the connection is kept after it."""
    end = held.find(b"\r\n\r\n")
    if end < 0:
        return False, True
    head = held[:end].lower()
    length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
    assert b" 200" in head[:13], held
    keeps = b"connection: close" not in head and not head.startswith(b"http/1.0")
    return len(held) >= end + 4 + length, keeps


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
