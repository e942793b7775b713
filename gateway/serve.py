"""The web server on the gateway's own event loop; signals stay the gateway's."""

from __future__ import annotations

import contextlib
import logging
import socket
from collections.abc import Iterator

import uvicorn
from fastapi import FastAPI


class PortTakenError(Exception):
    """Another program listens there; the message says what to do."""


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave them alone: the gateway stops all of its parts in order."""
        yield


def listen(host: str, port: int) -> socket.socket:
    """Return a bound socket. Raises `PortTakenError`."""
    listening = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        raise PortTakenError(
            f"cannot listen on {host}:{port} ({error.strerror}); stop the program that does, or set"
            " another `port` in [web]"
        ) from error
    return listening


def first_free(host: str, port: int, tries: int = 100) -> socket.socket:
    """Return a socket on the first free port from `port` up. Raises `PortTakenError`."""
    for candidate in range(port, port + tries - 1):
        with contextlib.suppress(PortTakenError):
            return listen(host, candidate)
    return listen(host, port + tries - 1)


async def serve(app: FastAPI, listening: socket.socket) -> None:
    """Serve until cancelled."""
    config = uvicorn.Config(
        app, log_config=None, access_log=False, lifespan="off", server_header=False, ws="none"
    )
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)  # it calls all it says an error
    server = _Server(config)
    try:
        await server.serve(sockets=[listening])
    finally:
        server.should_exit = True
