"""A proxy in front of an AWS, which writes down every call and can spoil it: a test of retries needs one."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

_READS = ("Describe", "Get", "List")
_SPOILED = {"throttled": (400, "Throttling"), "500": (500, "InternalFailure")}
LATE_S = 5.0
"""How long a late answer is held back at most; it is never sent."""
_SKIPPED = ("content-length", "transfer-encoding", "connection", "date")


class Proxy:
    """Passes AWS calls on. `at` is asked with (call, answered) around each one.

    `fault` may spoil a call: "throttled" and "500" are answered in the place of AWS, "dropped" is not done
    and not answered, "reset" and "late" are done and not answered, "truncated" is answered by half,
    "stale" is answered as the same question was the last time but one, and "paged" in two pages.
    """

    def __init__(self, target: str) -> None:
        self.calls: list[str] = []
        self.at: Callable[[str, bool], None] = lambda _call, _answered: None
        self.fault: Callable[[str], str | None] = lambda _call: None
        self._before: dict[bytes, tuple[int, list[tuple[str, str]], bytes]] = {}
        self._closing = threading.Event()
        place = urlsplit(target)
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: object) -> None:
                """Say nothing."""

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                call = self._call(body)
                proxy.calls.append(call)
                proxy.at(call, False)
                fault = proxy.fault(call)
                if fault in _SPOILED:
                    self._spoil(*_SPOILED[fault])
                    return
                if fault == "dropped":
                    self.close_connection = True
                    return
                if fault == "stale" and body in proxy._before:
                    self._answer(*proxy._before[body])
                    return
                asked = body.replace(b"&NextToken=page-2", b"").replace(b"&Marker=page-2", b"")
                headers = {**dict(self.headers.items()), "Content-Length": str(len(asked))}
                upstream = http.client.HTTPConnection(str(place.hostname), place.port or 80)
                upstream.request(self.command, self.path, asked, headers)
                answer = upstream.getresponse()
                content = answer.read()
                upstream.close()
                proxy.at(call, True)
                given = [(k, v) for k, v in answer.getheaders() if k.lower() not in _SKIPPED]
                proxy._before[body] = answer.status, given, content
                if fault in ("reset", "late"):
                    if fault == "late":
                        proxy._closing.wait(LATE_S)
                    self.close_connection = True
                    return
                if fault == "paged" and answer.status == 200:
                    content = in_pages(content, second=b"page-2" in body)
                self._answer(answer.status, given, content, whole=fault != "truncated")

            def _call(self, body: bytes) -> str:
                target = self.headers.get("x-amz-target", "").rpartition(".")[2]
                return target or parse_qs(body.decode(errors="replace")).get("Action", [self.path])[0]

            def _answer(
                self, status: int, headers: list[tuple[str, str]], content: bytes, *, whole: bool = True
            ) -> None:
                self.send_response(status)
                for name, value in headers:
                    self.send_header(name, value)
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content if whole else content[: len(content) // 2])
                self.close_connection = not whole

            def _spoil(self, status: int, code: str) -> None:
                error = f"<Error><Code>{code}</Code><Message>spoiled</Message></Error>"
                ec2 = "/ec2/" in self.headers.get("authorization", "")
                text = f"<Response><Errors>{error}</Errors></Response>"
                content = (text if ec2 else f"<ErrorResponse>{error}</ErrorResponse>").encode()
                headers = [("content-type", "text/xml")]
                rest_json = "/arc-zonal-shift/" in self.headers.get("authorization", "")
                if rest_json or "json" in self.headers.get("content-type", ""):
                    content = f'{{"__type": "{code}", "message": "spoiled"}}'.encode()
                    headers = [("content-type", "application/x-amz-json-1.1")]
                self._answer(status, headers, content)

            def do_GET(self) -> None:
                self.do_POST()

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign]
        self.endpoint = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def acts(self) -> list[str]:
        """Return the calls that change something."""
        return [call for call in self.calls if is_act(call)]

    def close(self) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()


def is_act(call: str) -> bool:
    return not call.startswith((*_READS, "/"))


def in_pages(content: bytes, *, second: bool) -> bytes:
    """Return the first or the second half of the list that an answer in XML holds."""
    root = ElementTree.fromstring(content)
    space = root.tag.partition("}")[0] + "}" if root.tag.startswith("{") else ""
    lists = [
        each for each in root.iter() if any(one.tag in (space + "item", space + "member") for one in each)
    ]
    if not lists:
        return content
    found: Any = lists[0]
    held = list(found)
    cut = (len(held) + 1) // 2
    for each in held[:cut] if second else held[cut:]:
        found.remove(each)
    if not second:
        result = next((each for each in root if each.tag.endswith("Result")), root)
        for each in [one for one in result if one.tag.rpartition("}")[2] in ("IsTruncated", "Marker")]:
            result.remove(each)
        for name, value in (("nextToken", "page-2"), ("NextToken", "page-2"), ("Marker", "page-2")):
            ElementTree.SubElement(result, space + name).text = value
        ElementTree.SubElement(result, space + "IsTruncated").text = "true"
    return ElementTree.tostring(root)
