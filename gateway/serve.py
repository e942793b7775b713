"""The port of the web server, open from the start; the server itself comes with the first request.

A gateway that nobody looks at has no use for the 15 MB that serving pages takes, nor for the third
of a second that loading it does.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable


class PortTakenError(Exception):
    """Another program listens there; the message says what to do."""


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens. Raises `PortTakenError`."""
    listening = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    # Connections inherit it: else an answer in two writes waits 40 ms for the other side's ACK.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        raise PortTakenError(
            f"cannot listen on {host}:{port} ({error.strerror}); stop the program that does, or set"
            " another `port` in [web]"
        ) from error
    listening.listen()
    listening.setblocking(False)
    return listening


def first_free(host: str, port: int, tries: int = 100) -> socket.socket:
    """Return a socket on the first free port from `port` up. Raises `PortTakenError`."""
    for candidate in range(port, port + tries - 1):
        with contextlib.suppress(PortTakenError):
            return listen(host, candidate)
    return listen(host, port + tries - 1)


async def serve_when_asked(
    load: Callable[[], Callable[[socket.socket], Awaitable[None]]], listening: socket.socket
) -> None:
    """Wait for the first request, load the server, and let it serve until cancelled."""
    asked = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_reader(listening, asked.set)
    try:
        await asked.wait()
    finally:
        loop.remove_reader(listening)
    serve = await asyncio.to_thread(load)
    await serve(listening)
