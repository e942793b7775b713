"""The status page in a real browser: it renews itself, and runs nothing that its policy forbids."""

import asyncio
import socket
from pathlib import Path

from gateway.homes.look import Look
from gateway.web.app import create_app
from gateway.web.server import serve
from tests.fakes.gateway import FakeGateway
from tests.fakes.programs import need


class Worsening(FakeGateway):
    """Loses its broker after it was looked at once."""

    seen = 0

    async def looks(self) -> list[Look]:
        self.seen += 1
        self.broker_connected = self.seen <= 1
        return await super().looks()


async def browse(program: str, address: str, profile: Path) -> tuple[str, str]:
    """Return the page as it stands after ten seconds of the browser's time, and what was logged."""
    browser = await asyncio.create_subprocess_exec(
        program,
        *("--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr"),
        *(f"--user-data-dir={profile}", "--virtual-time-budget=10000", "--dump-dom", address),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    page, log = await browser.communicate()
    return page.decode(), log.decode(errors="replace")


async def test_the_page_renews_itself_under_its_strict_policy(tmp_path: Path) -> None:
    program = need("chromium")
    gateway = Worsening(tmp_path)
    gateway.happen()
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        port = listening.getsockname()[1]
        server = asyncio.create_task(serve(create_app(gateway, gateway), listening))
        page, log = await browse(program, f"http://127.0.0.1:{port}/", tmp_path / "profile")
        server.cancel()
        await asyncio.gather(server, return_exceptions=True)
    assert "4821" in page
    assert "需要处理" in page  # it was 运行正常 when the page was loaded
    assert '<p id="stale" role="alert" hidden="">' in page
    assert "Content Security Policy" not in log
    assert "Uncaught" not in log
