"""A real HTTP server on this machine that answers as a test says and keeps what it was asked."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = tuple[int, Any]
"""Status, and bytes or a value for JSON."""
Route = Answer | Callable[[Any], Answer]
"""An answer, or a function from the request's JSON to one."""


@dataclass(frozen=True)
class Asked:
    """One request; the body is its JSON, None if there was none, headers have lower-case names."""

    path: str
    body: Any
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Service:
    """Where the server listens, and the requests so far in their order."""

    url: str
    asked: list[Asked] = field(default_factory=list)

    def bodies(self, path: str) -> list[Any]:
        """What was sent to one path."""
        return [request.body for request in self.asked if request.path == path]


@contextmanager
def serving(routes: Mapping[str, Route]) -> Iterator[Service]:
    """The server, for the time of a `with`; any path that is not in `routes` answers 404."""
    asked: list[Asked] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.respond(None)

        def do_POST(self) -> None:
            length = int(self.headers["content-length"])
            self.respond(json.loads(self.rfile.read(length)))

        def respond(self, body: Any) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            asked.append(Asked(self.path, body, headers))
            route = routes.get(self.path, (404, {"detail": f"There is nothing at {self.path}."}))
            status, value = route(body) if callable(route) else route
            data = value if isinstance(value, bytes) else json.dumps(value).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield Service(f"http://127.0.0.1:{server.server_port}", asked)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
