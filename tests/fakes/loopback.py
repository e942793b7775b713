"""An HTTP server on loopback that answers as it is told, and can be told to misbehave."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, auto
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self


class Mood(Enum):
    """What becomes of a request once it was read to its end."""

    WELL = auto()
    HANGS = auto()  # no answer, the connection stays open
    CUTS = auto()  # no answer, the connection is closed
    BREAKS = auto()  # 502 with a page of a proxy's
    MUMBLES = auto()  # 200 with half an answer


@dataclass(frozen=True)
class Asked:
    """One request as it came."""

    method: str
    path: str  # with its query
    headers: dict[str, str]  # names in small letters
    body: bytes


@dataclass
class Loopback:
    """Serves until its block ends. `asked` is all that came, whatever the answer was."""

    answer: Callable[[Asked], tuple[int, bytes]]
    mood: Mood = Mood.WELL
    asked: list[Asked] = field(default_factory=list)

    def __enter__(self) -> Self:
        """Listen on a free port."""
        self._stopped = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._server.block_on_close = False
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        """Stop, and let go of who still waits."""
        self._stopped.set()
        self._server.shutdown()
        self._server.server_close()

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        loopback = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
                headers = {name.lower(): value for name, value in self.headers.items()}
                asked = Asked("POST", self.path, headers, body)
                loopback.asked.append(asked)
                match loopback.mood:
                    case Mood.WELL:
                        self._say(*loopback.answer(asked))
                    case Mood.HANGS:
                        loopback._stopped.wait()
                    case Mood.BREAKS:
                        self._say(502, b"<html>bad gateway</html>", "text/html")
                    case Mood.MUMBLES:
                        self._say(200, loopback.answer(asked)[1][:20])

            def _say(self, status: int, body: bytes, kind: str = "application/json") -> None:
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Stay silent."""

        return Handler
