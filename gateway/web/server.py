"""The web server on the gateway's own event loop; signals stay the gateway's."""

from __future__ import annotations

import contextlib
import logging
import socket
import ssl
from collections.abc import Iterator

import uvicorn
from fastapi import FastAPI


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave them alone: the gateway stops all of its parts in order."""
        yield


async def serve(
    app: FastAPI, listening: socket.socket, *, tls: ssl.SSLContext | None = None
) -> None:
    """Serve until cancelled; HTTPS, where there is `tls`."""
    # Inherited by each connection; without it an answer waits 40 ms for a packet to fill up.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        lifespan="off",
        server_header=False,
        proxy_headers=False,  # the peer is who is connected, whatever a header says
        ws="none",
        ssl_context_factory=None if tls is None else lambda _config, _default: tls,
    )
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)  # it calls all it says an error
    server = _Server(config)
    try:
        await server.serve(sockets=[listening])
    finally:
        server.should_exit = True
