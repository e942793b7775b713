"""Somebody's browser without scripts: keeps cookies, and sends the forms of the page it shows.

browser = Browser(app)
browser.log_in("chen", "a long password")
browser.submit("/account/password", old="…", new="…")
assert "密码已修改" in browser.shown
"""

from __future__ import annotations

import re
from datetime import datetime

import httpx
import pyotp
from starlette.types import ASGIApp

from tests.fakes import wire


class Browser:
    """One browser. `shown` is the page it shows, `status` what the last answer was."""

    def __init__(self, app: ASGIApp, host: str = "127.0.0.1:8080") -> None:
        self.client = wire.client(app, host)
        self.client.headers["User-Agent"] = "Mozilla/5.0 (Linux; Android 9) Chrome/120"
        self.shown = ""
        self.status = 0
        self.path = ""

    def open(self, path: str) -> str:
        """Go to a page, wherever it leads."""
        return self._show(self.client.get(path, follow_redirects=True))

    def submit(self, path: str, **fields: str | list[str]) -> str:
        """Send the form of the page shown whose action is `path`."""
        action = re.search(rf'action="({re.escape(path)}[^"]*)"', self.shown)
        assert action, f"the page has no form for {path}"
        sent = {"form": self.token, **fields}
        address = action[1].replace("&amp;", "&")
        return self._show(self.client.post(address, data=sent, follow_redirects=True))

    def post(self, path: str, **fields: str) -> httpx.Response:
        """Send something that no form of ours would."""
        return self.client.post(path, data=fields)

    def log_in(self, login: str, password: str, code: str = "") -> str:
        """Log in."""
        self.open("/login")
        return self.submit("/login", login=login, password=password, code=code)

    @property
    def token(self) -> str:
        """What the forms of the page shown carry."""
        found = re.search(r'name="form" value="([0-9a-f]{64})"', self.shown)
        return found[1] if found else ""

    @property
    def is_in(self) -> bool:
        """Say whether somebody is logged in."""
        return self.client.get("/account").status_code == 200

    def set_up_factor(self, now: datetime) -> str:
        """Set up a second factor; return its secret."""
        self.open("/account")
        self.submit("/account/factor")
        found = re.search(r"<code>([A-Z2-7 ]{39})</code>", self.shown)
        assert found, "no secret is shown"
        secret = found[1].replace(" ", "")
        self.submit("/account/factor/code", code=pyotp.TOTP(secret).at(now))
        return secret

    def _show(self, answer: httpx.Response) -> str:
        self.shown, self.status = answer.text, answer.status_code
        self.path = answer.url.path
        return self.shown
