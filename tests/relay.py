"""A wire between a process and a server that a test can cut: nothing arrives and nothing says why."""

from __future__ import annotations

import contextlib
import socket
import threading


class Relay:
    """Passes connections on to a port of this machine. While it is `cut`, bytes wait on both sides."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._whole = threading.Event()
        self._whole.set()
        self._ends: list[socket.socket] = []
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._server.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        self._whole.clear()

    def mend(self) -> None:
        """Let everything go on; connections that waited find their bytes, late."""
        self._whole.set()

    def close(self) -> None:
        self._whole.set()
        for each in (self._server, *self._ends):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _accept(self) -> None:
        while True:
            try:
                here, _ = self._server.accept()
            except OSError:
                return
            threading.Thread(target=self._join, args=(here,), daemon=True).start()

    def _join(self, here: socket.socket) -> None:
        self._whole.wait()  # whoever connects while it is cut is not answered
        try:
            there = socket.create_connection(("127.0.0.1", self._target))
        except OSError:
            here.close()
            return
        self._ends += [here, there]
        for source, sink in ((here, there), (there, here)):
            threading.Thread(target=self._pass_on, args=(source, sink), daemon=True).start()

    def _pass_on(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(1 << 16):
                self._whole.wait()
                sink.sendall(data)
        for each in (source, sink):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
