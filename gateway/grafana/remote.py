"""A remote Grafana through the library grafana-client, which follows its API from release to
release. It is an extra of an environment of its own (docs/adr/0030), and imported late.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from gateway.grafana.provision import RemoteError
from gateway.grafana.query import Json

ANSWER_WITHIN_S = 30.0
HOW_TO_INSTALL = (
    "grafana-client is not installed in this environment. It brings a urllib3 of its own, so it "
    "belongs in an environment of its own: run `make .venv-grafana/.ready` and then "
    "`.venv-grafana/bin/python -m gateway.cli grafana provision ...`, or install menshen[grafana] "
    "in one of your own. "
    "A Grafana whose files you can reach needs none of it: `menshen grafana write`."
)
_NOT_FOUND = 404
_NO_RIGHT = (401, 403)


class NotInstalledError(Exception):
    """The library is not here; the message says how to get it."""


class ByClient:
    """One Grafana, by its address and the token of a service account (Admin)."""

    def __init__(self, url: str, token: str) -> None:
        """Raises `NotInstalledError`."""
        try:
            from grafana_client import GrafanaApi
            from grafana_client.client import GrafanaException
        except ImportError:
            raise NotInstalledError(HOW_TO_INSTALL) from None
        # an OSError is one of its HTTP library's, which it lets through
        self._errors: tuple[type[Exception], ...] = (GrafanaException, OSError)
        self._url = url
        self._api: Any = GrafanaApi.from_url(url, credential=token, timeout=ANSWER_WITHIN_S)

    def folder(self, uid: str) -> Json | None:
        """Return a folder."""
        return self._found(lambda: self._api.folder.get_folder(uid))

    def make_folder(self, uid: str, title: str) -> None:
        """Make a folder."""
        with self._explained():
            self._api.folder.create_folder(title, uid=uid)

    def data_source(self, uid: str) -> Json | None:
        """Return a data source, without its secrets."""
        return self._found(lambda: self._api.datasource.get_datasource_by_uid(uid))

    def make_data_source(self, source: Json) -> None:
        """Make a data source."""
        with self._explained():
            self._api.datasource.create_datasource(source)

    def change_data_source(self, uid: str, source: Json) -> None:
        """Write over a data source."""
        with self._explained():
            self._api.datasource.update_datasource_by_uid(uid, source)

    def dashboard(self, uid: str) -> Json | None:
        """Return a dashboard and what Grafana knows of it."""
        return self._found(lambda: self._api.dashboard.get_dashboard(uid))

    def save_dashboard(self, board: Json, folder: str) -> None:
        """Make a dashboard, or write over it."""
        with self._explained():
            self._api.dashboard.update_dashboard(
                {"dashboard": {**board, "id": None}, "folderUid": folder, "overwrite": True}
            )

    def rule_group(self, folder: str, name: str) -> Json | None:
        """Return a group of alert rules."""
        return self._found(lambda: self._api.alertingprovisioning.get_rule_group(folder, name))

    def save_rule_group(self, folder: str, group: Json) -> None:
        """Make a group of alert rules, or write over it."""
        with self._explained():
            self._api.alertingprovisioning.update_rule_group(folder, group["title"], group)

    def _found(self, ask: Callable[[], Any]) -> Json | None:
        with self._explained():
            try:
                found: Json = ask()
            except self._errors as error:
                if _status(error) == _NOT_FOUND:
                    return None
                raise
            return found

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except self._errors as error:
            status = _status(error)
            if not status:
                why = "it does not answer as Grafana does: see the address, and the way there"
            elif status in _NO_RIGHT:
                why = "the token is not taken: it must be that of a service account, role Admin"
            else:
                why = f"{status}: {getattr(error, 'message', error)}"
            raise RemoteError(f"Grafana at {self._url}: {why}") from None


def _status(error: Exception) -> int:
    return int(getattr(error, "status_code", 0) or 0)
