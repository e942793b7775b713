"""Where a test's points go: the engine made to look like InfluxDB 2, or a real InfluxDB 2.

    with influx_under_test(engine) as target: target.influx (faults), .bucket, .query("homes", "…")

With MENSHEN_TEST_INFLUX_URL and MENSHEN_TEST_INFLUX_TOKEN (and _ORG) set it is that InfluxDB 2, to
which everything is passed on as it is; faults are made on the way all the same. Buckets have a
random name and are removed after.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from tests.fakes.influx import Influx2
from tests.fakes.influx_engine import Engine


@dataclass(frozen=True)
class Target:
    """One InfluxDB, and the name that the test's buckets begin with."""

    influx: Influx2
    bucket: str

    def query(self, kind: str, influxql: str) -> list[dict[str, Any]]:
        """Return the series of a query to `<bucket>_<kind>`; times in nanoseconds."""
        answer = httpx.post(
            f"{self.influx.url}/query",
            data={"db": f"{self.bucket}_{kind}", "q": influxql, "epoch": "ns"},
            headers={"Authorization": f"Token {self.influx.token}"},
            timeout=60,
            trust_env=False,
        )
        results = answer.raise_for_status().json().get("results", [])
        assert all("error" not in each for each in results), (influxql, results)
        return [series for each in results for series in each.get("series", [])]

    def count(self, kind: str, measurement: str, field: str) -> int:
        """Return how many points of a measurement have a field."""
        found = self.query(kind, f'SELECT count("{field}") FROM "{measurement}"')
        return int(found[0]["values"][0][1]) if found else 0


@contextmanager
def influx_under_test(engine: Engine | None) -> Iterator[Target]:
    """Give the InfluxDB 2 that the environment names, else the engine made to look like one."""
    url = os.environ.get("MENSHEN_TEST_INFLUX_URL", "")
    bucket = f"test{secrets.token_hex(4)}"
    if url:
        token = os.environ["MENSHEN_TEST_INFLUX_TOKEN"]
        fake = Influx2(url, token, is_translated=False)
        fake.org = os.environ.get("MENSHEN_TEST_INFLUX_ORG", fake.org)
    else:
        assert engine is not None
        fake = Influx2(engine.url)
    with fake as influx:
        try:
            yield Target(influx, bucket)
        finally:
            influx.is_well()
            _remove_buckets(influx, bucket)


def _remove_buckets(influx: Influx2, prefix: str) -> None:
    headers = {"Authorization": f"Token {influx.token}"}
    with httpx.Client(base_url=influx.url, headers=headers, trust_env=False) as web:
        for kind in ("homes", "gateway", "counts"):
            found = web.get("/api/v2/buckets", params={"name": f"{prefix}_{kind}"})
            if found.status_code != 200:
                continue  # its engine was killed by the test
            for bucket in found.json()["buckets"]:
                web.delete(f"/api/v2/buckets/{bucket['id']}")
