"""The control socket: orders in and events out as JSON lines, for any number of listeners."""

import json
import socket
from collections.abc import Callable
from pathlib import Path

from firmware_sim.modem_control import OrderError
from firmware_sim.phones_network import Event

_LONGEST_LINE = 65536


class ControlSocket:
    """A listening unix socket and who is connected to it. Slow listeners are let go."""

    def __init__(self, path: Path, obey: Callable[[object], Event]) -> None:
        self._path = path
        self._obey = obey
        self._partial: dict[socket.socket, bytes] = {}
        path.unlink(missing_ok=True)
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        path.chmod(0o600)
        self._listener.listen()
        self._listener.setblocking(False)

    def sockets(self) -> list[socket.socket]:
        """Everything to wait on."""
        return [self._listener, *self._partial]

    def serve(self, ready: socket.socket) -> None:
        """Accept, or read orders and answer them."""
        if ready is self._listener:
            client, _ = self._listener.accept()
            client.setblocking(False)
            self._partial[client] = b""
            return
        try:
            data = ready.recv(65536)
        except (BlockingIOError, ConnectionError):
            data = b""
        *lines, rest = (self._partial[ready] + data).split(b"\n")
        if not data or len(rest) > _LONGEST_LINE:
            self._let_go(ready)
            return
        self._partial[ready] = rest
        for line in lines:
            if line.strip():
                self._send(ready, self._answer(line))

    def _answer(self, line: bytes) -> Event:
        try:
            return self._obey(json.loads(line))
        except (OrderError, ValueError) as error:
            return {"event": "refused", "why": str(error)}

    def tell(self, event: Event) -> None:
        """Tell every listener."""
        for client in list(self._partial):
            self._send(client, event)

    def _send(self, client: socket.socket, event: Event) -> None:
        try:
            client.sendall(json.dumps(event, ensure_ascii=False).encode() + b"\n")
        except OSError:  # gone, or so slow that its buffer is full
            self._let_go(client)

    def _let_go(self, client: socket.socket) -> None:
        self._partial.pop(client, None)
        client.close()

    def close(self) -> None:
        """Hang up on everybody and remove the socket."""
        for client in list(self._partial):
            self._let_go(client)
        self._listener.close()
        self._path.unlink(missing_ok=True)
