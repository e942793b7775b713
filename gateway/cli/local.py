"""Talks to the gateway that runs on this machine; it alone writes, so every command goes there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import typer

from gateway.config import load, read_secret
from gateway.settings import SettingsError

if TYPE_CHECKING:
    import httpx  # 10 MB with all it brings along: not for `menshen run`, which calls nobody

ANSWER_WITHIN_S = 15.0


class RefusedError(Exception):
    """The gateway said no, or there is none; the message is for whoever asked."""


class Local:
    """One running gateway."""

    def __init__(self, base_url: str, token: str, transport: httpx.BaseTransport | None = None):
        import httpx

        self._client = httpx.Client(
            base_url=f"{base_url}/api",
            headers={"Authorization": f"Bearer {token}"},
            timeout=ANSWER_WITHIN_S,
            trust_env=False,  # a proxy must never see what is said on loopback
            transport=transport,
        )

    @classmethod
    def of(cls, config_file: Path) -> Local:
        """Find the gateway of a configuration. Raises `RefusedError`."""
        try:
            config = load(config_file)
            return cls(config.base_url, read_secret(config.token_file))
        except SettingsError as error:
            raise RefusedError(str(error)) from None

    def get(self, *path: str, **query: str) -> Any:
        """Ask. Raises `RefusedError`."""
        return self._call("GET", path, params=query)

    def post(self, *path: str, **body: Any) -> str:
        """Act, and return what the gateway says to it. Raises `RefusedError`."""
        return str(self.act(*path, **body)["text"])

    def act(self, *path: str, **body: Any) -> dict[str, Any]:
        """Act, and return all that the gateway says to it. Raises `RefusedError`."""
        told: dict[str, Any] = self._call("POST", path, json=body)
        return told

    def _call(self, method: str, path: tuple[str, ...], **asked: Any) -> Any:
        import httpx

        try:
            answer = self._client.request(
                method, "/" + "/".join(quote(step, safe="") for step in path), **asked
            )
            said = answer.json()
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
        return said


def _detail(said: Any) -> str:
    """Return why the gateway refused; of several mistakes in what was asked, each."""
    detail = said.get("detail", "") if isinstance(said, dict) else said
    if isinstance(detail, list):
        return "; ".join(f"{each['loc'][-1]}: {each['msg']}" for each in detail)
    return str(detail)


def refuse(error: Exception, status: int = 1) -> typer.Exit:
    """Say an error on standard error; raise what it returns. 2: the command's words are wrong."""
    typer.echo(f"menshen: {error}", err=True)
    return typer.Exit(status)
