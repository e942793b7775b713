"""A web server without a socket: `httpx.Client(transport=InProcess(app))` asks the app itself."""

import asyncio

import httpx
from starlette.types import ASGIApp


class InProcess(httpx.BaseTransport):
    """Answers each request from the app, on an event loop of its own."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = httpx.ASGITransport(app)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Ask, and read the whole answer."""

        async def ask() -> httpx.Response:
            asked = httpx.Request(
                request.method, request.url, headers=request.headers, content=request.read()
            )
            answer = await self._app.handle_async_request(asked)
            return httpx.Response(
                answer.status_code, headers=answer.headers, content=await answer.aread()
            )

        return asyncio.run(ask())


def client(app: ASGIApp, host: str = "127.0.0.1:8080") -> httpx.Client:
    """Return a client of the app, which knows it by `host`."""
    return httpx.Client(transport=InProcess(app), base_url=f"http://{host}")
