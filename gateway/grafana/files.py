"""Everything that stands in `grafana/`: dashboards, data sources, folders and alert rules."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from gateway.export.schema import Bucket
from gateway.grafana import alerting, yaml
from gateway.grafana.board import TIMEZONE
from gateway.grafana.dashboards import dashboards
from gateway.grafana.languages import LANGUAGES
from gateway.grafana.query import Json, source
from gateway.grafana.words import Words

DASHBOARDS_AT = "/etc/grafana/dashboards"
"""Where Grafana finds the dashboards: `grafana/dashboards` is mounted or copied there."""
TOKEN_AT = "/etc/grafana/menshen/influx-token"  # noqa: S105  # a path
"""The file that holds the read token of InfluxDB alone, readable by Grafana."""
_MADE = "Made by `menshen grafana write`: edit gateway/grafana/, not this."
_TOKEN = (
    f"{_MADE}\n"
    "Grafana fills in, from its own environment, MENSHEN_INFLUX_URL (as Grafana reaches it) and\n"
    "MENSHEN_INFLUX_BUCKET (`influx.bucket`), and the token from the file. In InfluxDB 1.8 the\n"
    "file holds user:password. For InfluxDB 3 write Bearer in place of Token."
)
_TITLES = {Bucket.HOMES: "homes", Bucket.GATEWAY: "gateway", Bucket.COUNTS: "counts"}


def files(timezone: str = TIMEZONE, token_at: str = TOKEN_AT) -> dict[str, str]:
    """Return each file's content by its path below `grafana/`."""
    return dict(_files(timezone, token_at))


def write(directory: Path, timezone: str = TIMEZONE, token_at: str = TOKEN_AT) -> list[Path]:
    """Write all files, over older ones; return those that changed."""
    changed = []
    for name, content in files(timezone, token_at).items():
        path = directory / name
        if path.is_file() and path.read_text("utf-8") == content:
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, "utf-8")
        changed.append(path)
    return changed


def _files(timezone: str, token_at: str) -> Iterator[tuple[str, str]]:
    for language in LANGUAGES:
        for name, board in dashboards(language, timezone).items():
            yield f"dashboards/{language}/{name}", as_json(board)
    yield "provisioning/datasources/menshen.yaml", yaml.dump(_data_sources(token_at), _TOKEN)
    yield "provisioning/dashboards/menshen.yaml", yaml.dump(_providers(), _MADE)
    yield "provisioning/alerting/menshen.yaml", yaml.dump(alerting.rules(), _MADE)


def as_json(board: Json) -> str:
    """Return a dashboard as a file has it."""
    return json.dumps(board, ensure_ascii=False, indent=1) + "\n"


def _data_sources(token_at: str) -> Json:
    made = [
        data_source(bucket, "$MENSHEN_INFLUX_URL", "${MENSHEN_INFLUX_BUCKET}", _in_file(token_at))
        for bucket in Bucket
    ]
    return {"apiVersion": 1, "datasources": made}


def _in_file(path: str) -> str:
    return f"$__file{{{path}}}"


def data_source(bucket: Bucket, url: str, name: str, token: str) -> Json:
    """Return the data source of a bucket of the InfluxDB at `url`, read with `token`."""
    return {
        **source(bucket),
        "name": f"Menshen {_TITLES[bucket]}",
        "access": "proxy",
        "url": url,
        "editable": False,
        "jsonData": {
            "version": "InfluxQL",
            "dbName": f"{name}_{bucket}",
            "httpMode": "POST",
            "httpHeaderName1": "Authorization",
        },
        "secureJsonData": {"httpHeaderValue1": f"Token {token}"},
    }


def folder_uid(words: Words) -> str:
    """Return the stable id of the folder of a language's dashboards."""
    return f"menshen-{words.tag}"


def _providers() -> Json:
    return {"apiVersion": 1, "providers": [_provider(each) for each in LANGUAGES.values()]}


def _provider(words: Words) -> Json:
    return {
        "name": f"menshen-{words.tag}",
        "orgId": 1,
        "folder": words.folder,
        "folderUid": folder_uid(words),
        "type": "file",
        "disableDeletion": True,
        "allowUiUpdates": False,
        "updateIntervalSeconds": 60,
        "options": {"path": f"{DASHBOARDS_AT}/{words.tag}", "foldersFromFilesStructure": False},
    }
