"""Grafana's API as provisioning sees it: folders, data sources, dashboards, groups of alert rules.

    with GrafanaServer() as grafana: grafana.url, .token, .dashboards["menshen-area-zh"], .changes

It answers in Grafana's own codes, gives ids and versions, hides secrets, and asks for its token.
What it cannot show is whether Grafana accepts a dashboard: any JSON is one here.
"""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import unquote, urlsplit

Json = dict[str, Any]


class GrafanaState:
    """What a Grafana has, and what it answers."""

    def __init__(self) -> None:
        self.folders: dict[str, Json] = {}
        self.data_sources: dict[str, Json] = {}
        self.dashboards: dict[str, Json] = {}
        self.groups: dict[tuple[str, str], Json] = {}
        self.changes = 0
        """Requests that changed something."""

    def answer(self, method: str, path: list[str], body: Json | None) -> tuple[int, Json]:
        """Return status and body."""
        if method == "GET":
            return self._read(path)
        self.changes += 1
        assert body is not None
        return self._change(method, path, body)

    def _read(self, path: list[str]) -> tuple[int, Json]:
        match path:
            case ["folders", uid]:
                return _found(self.folders.get(uid))
            case ["datasources", "uid", uid]:
                return _found(_without_secrets(self.data_sources.get(uid)))
            case ["dashboards", "uid", uid]:
                return _found(self.dashboards.get(uid))
            case ["v1", "provisioning", "folder", folder, "rule-groups", name]:
                return _found(self.groups.get((folder, name)))
        return 404, {"message": f"{path} is not known here"}

    def _change(self, method: str, path: list[str], body: Json) -> tuple[int, Json]:
        match method, path:
            case "POST", ["folders"]:
                return self._make_folder(body)
            case "POST", ["datasources"]:
                if body["uid"] in self.data_sources:
                    return 409, {"message": "data source with the same uid already exists"}
                self.data_sources[body["uid"]] = body
                return 200, {"datasource": body}
            case "PUT", ["datasources", "uid", uid]:
                if uid not in self.data_sources:
                    return 404, {"message": "data source not found"}
                self.data_sources[uid] = body
                return 200, {"datasource": body}
            case "POST", ["dashboards", "db"]:
                return self._save_dashboard(body)
            case "PUT", ["v1", "provisioning", "folder", folder, "rule-groups", name]:
                if folder not in self.folders:
                    return 400, {"message": "folder does not exist"}
                kept = [{**rule, "id": n, "provenance": "api"} for n, rule in _numbered(body)]
                self.groups[folder, name] = {**body, "rules": kept}
                return 200, self.groups[folder, name]
        return 404, {"message": f"{method} {path} is not known here"}

    def _make_folder(self, body: Json) -> tuple[int, Json]:
        if body["uid"] in self.folders:
            return 409, {"message": "a folder with that uid exists"}
        self.folders[body["uid"]] = body
        return 200, body

    def _save_dashboard(self, body: Json) -> tuple[int, Json]:
        board = body["dashboard"]
        if body["folderUid"] not in self.folders:
            return 400, {"message": "folder not found"}
        before = self.dashboards.get(board["uid"])
        if before and not body.get("overwrite"):
            return 412, {"message": "the dashboard has been changed by someone else"}
        version = before["dashboard"]["version"] + 1 if before else 1
        self.dashboards[board["uid"]] = {
            "dashboard": {**board, "id": len(self.dashboards) + 1, "version": version},
            "meta": {"folderUid": body["folderUid"], "provisioned": False},
        }
        return 200, {"uid": board["uid"], "status": "success", "version": version}


class GrafanaServer(GrafanaState):
    """Listens on a port of its own until its block ends."""

    def __init__(self) -> None:
        super().__init__()
        self.token = "the-token-of-this-test"
        self.url = ""

    def __enter__(self) -> Self:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._answers())
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _answers(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            def _answer(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                body = json.loads(self.rfile.read(length)) if length else None
                if self.headers.get("Authorization") != f"Bearer {server.token}":
                    status, said = 401, {"message": "Invalid API key"}
                else:
                    path = [unquote(part) for part in urlsplit(self.path).path.split("/")]
                    status, said = server.answer(self.command, path[2:], body)
                written = json.dumps(said).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(written)))
                self.end_headers()
                self.wfile.write(written)

            do_GET = do_POST = do_PUT = _answer  # noqa: N815  # the server's own names

            def log_message(self, *_: object) -> None:
                pass

        return Handler


def _found(value: Json | None) -> tuple[int, Json]:
    return (404, {"message": "not found"}) if value is None else (200, value)


def _without_secrets(source: Json | None) -> Json | None:
    return source and {name: value for name, value in source.items() if name != "secureJsonData"}


def _numbered(group: Json) -> enumerate[Json]:
    return enumerate(group["rules"], 1)
