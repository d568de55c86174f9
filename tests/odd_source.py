"""A local HTTP server that stands for a live source, and misbehaves as it is told."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit


@dataclass
class Answer:
    """What is sent: `cut` stops after so many bytes, `drip` waits so long before each byte."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    cut: int | None = None
    drip: float = 0.0


@dataclass
class Asked:
    """One request: its path, its parameters, its headers and when it came."""

    path: str
    params: dict[str, str]
    headers: dict[str, str]
    at: float


@dataclass
class Source:
    """Where the server is, and what it was asked."""

    url: str = ""
    asked: list[Asked] = field(default_factory=list)


@contextmanager
def source(answer: Callable[[Asked, int], Answer]) -> Iterator[Source]:
    """A server that gives `answer(request, number from 0)`."""
    found = Source()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            asked = Asked(
                parts.path, dict(parse_qsl(parts.query)), dict(self.headers), time.monotonic()
            )
            found.asked.append(asked)
            given = answer(asked, len(found.asked) - 1)
            self.send_response_only(given.status)
            if "Date" not in given.headers:
                self.send_header("Date", self.date_time_string())
            for name, value in given.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(given.body)))
            self.end_headers()
            try:
                if given.drip:
                    for place in range(len(given.body)):
                        time.sleep(given.drip)
                        self.wfile.write(given.body[place : place + 1])
                else:
                    self.wfile.write(given.body[: given.cut])
            except OSError:  # the other side had enough
                self.close_connection = True
            if given.cut is not None:
                self.close_connection = True

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    found.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
