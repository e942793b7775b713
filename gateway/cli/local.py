"""Talks to the gateway that runs on this machine; it alone writes, so every command goes there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import typer

from gateway.config import load, read_secret
from gateway.settings import SettingsError

if TYPE_CHECKING:
    import ssl

    import httpx  # 10 MB with all it brings along: not for `menshen run`, which calls nobody

ANSWER_WITHIN_S = 15.0
V1 = "/api/v1"
A_PAGE = "200"
"""As many entries as the gateway tells at once."""


class RefusedError(Exception):
    """The gateway said no, or there is none; the message is for whoever asked."""


class Local:
    """One running gateway."""

    def __init__(
        self,
        base_url: str,
        token: str,
        transport: httpx.BaseTransport | None = None,
        trusted: ssl.SSLContext | bool = True,
    ):
        import httpx

        self._client = httpx.Client(
            base_url=f"{base_url}{V1}",
            headers={"Authorization": f"Bearer {token}"},
            timeout=ANSWER_WITHIN_S,
            trust_env=False,  # a proxy must never see what is said on loopback
            transport=transport,
            verify=trusted,
            limits=httpx.Limits(max_keepalive_connections=0),  # one question, and out
        )

    @classmethod
    def of(cls, config_file: Path) -> Local:
        """Find the gateway of a configuration. Raises `RefusedError`."""
        from gateway.tls import trust

        try:
            config = load(config_file)
            return cls(config.base_url, read_secret(config.token_file), trusted=trust(config))
        except SettingsError as error:
            raise RefusedError(str(error)) from None

    def get(self, *path: str, **query: str) -> Any:
        """Ask. Raises `RefusedError`."""
        return self._call("GET", path, params=query)

    def every(self, *path: str, **query: str) -> list[Any]:
        """Ask for a whole list, page by page. Raises `RefusedError`."""
        page = self.get(*path, limit=A_PAGE, **query)
        found = list(page["items"])
        while page["next"]:
            page = self._json("GET", page["next"].removeprefix(V1))
            found += page["items"]
        return found

    def post(self, *path: str, **body: Any) -> str:
        """Act, and return what the gateway says to it. Raises `RefusedError`."""
        return str(self.make(*path, **body)["text"])

    def make(self, *path: str, **body: Any) -> Any:
        """Act, and return all that the gateway answers. Raises `RefusedError`."""
        return self._call("POST", path, json=body)

    def exchange(self, method: str, path: tuple[str, ...], **asked: Any) -> httpx.Response:
        """Ask for what is no JSON, or bring it. Raises `RefusedError`."""
        return self._request(method, _url(path), **asked)

    def _request(self, method: str, url: str, **asked: Any) -> httpx.Response:
        import httpx

        try:
            answer = self._client.request(method, url, **asked)
            said = answer.json() if answer.is_error else None
        except httpx.TransportError:
            raise RefusedError(
                f"no gateway answers at {self._client.base_url.host}:{self._client.base_url.port};"
                " start it with `menshen run`"
            ) from None
        except ValueError:
            raise RefusedError("something else than a gateway answers there") from None
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            raise RefusedError("the gateway does not know this token: is it of the same data_dir?")
        if answer.is_error:
            raise RefusedError(_detail(said))
        return answer

    def _call(self, method: str, path: tuple[str, ...], **asked: Any) -> Any:
        return self._json(method, _url(path), **asked)

    def _json(self, method: str, url: str, **asked: Any) -> Any:
        try:
            return self._request(method, url, **asked).json()
        except ValueError:
            raise RefusedError("something else than a gateway answers there") from None


def _url(path: tuple[str, ...]) -> str:
    return "/" + "/".join(quote(step, safe="") for step in path)


def _detail(said: Any) -> str:
    """Return why the gateway refused; of several mistakes in what was asked, each."""
    if not isinstance(said, dict):
        return str(said)
    errors = said.get("errors") or []
    named = [f"{each['column']}: {each['wrong']}; {each['instead']}" for each in errors]
    return "; ".join(each.removesuffix("; ") for each in (str(said.get("detail", "")), *named))


def refuse(error: Exception, status: int = 1) -> typer.Exit:
    """Say an error on standard error; raise what it returns. 2: the command's words are wrong."""
    typer.echo(f"menshen: {error}", err=True)
    return typer.Exit(status)
