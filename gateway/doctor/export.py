"""Looks at InfluxDB: is it there, may the token do what it must alone, does it forget in time.

Nothing is written: a comment stands in for points. Never worse than a warning, as an InfluxDB that
is absent stops no alarm.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from gateway.config import LOOPBACK, Config
from gateway.doctor.advice import Advice, ok, warn
from gateway.doctor.local import secret_file
from gateway.export.influx import Influx
from gateway.export.influx_admin import major_of
from gateway.export.preparing import kept
from gateway.export.reaching import reach
from gateway.export.schema import Bucket
from gateway.export.verdict import InfluxError, Verdict
from gateway.settings import SettingsError

PART = "InfluxDB"
PREPARE = "run `menshen export prepare --admin-token FILE`"
ANSWER_WITHIN_S = 3.0
CLOCKS_DIFFER = timedelta(seconds=60)
"""Beyond it points lie in InfluxDB's future or past by as much (ours: one sample)."""
OLDEST = (1, 8)
"""The first version that takes what is written by the endpoint of InfluxDB 2."""
_COMMENT = b"# menshen doctor"
"""Line protocol that says nothing: whoever may not write is refused all the same."""


def examine(config: Config, now: datetime) -> Iterator[Advice]:
    """Look at all of it; nothing where nothing is exported."""
    if not config.influx.url:
        return
    yield from _way(config)
    if config.influx.token_file:
        yield from map(_softened, secret_file(PART, config.path(config.influx.token_file)))
    try:
        influx = reach(config, timeout_s=ANSWER_WITHIN_S)
    except SettingsError as error:
        yield warn(PART, str(error), f"mend it, or {PREPARE}")
        return
    with closing(influx):
        try:
            yield from _server(influx, config, now)
        except InfluxError as error:
            yield warn(PART, f"{error.verdict}: {error.detail}", _remedy(error.verdict))


def _softened(advice: Advice) -> Advice:
    return warn(advice.part, advice.what, advice.remedy)


def _way(config: Config) -> Iterator[Advice]:
    split = urlsplit(config.influx.url)
    if split.scheme == "http" and split.hostname not in LOOPBACK:
        yield warn(
            PART,
            "is reached without TLS: the token and what leads to homes can be read on their way",
            "give InfluxDB a certificate, and set influx.url to its https address",
        )


def _server(influx: Influx, config: Config, now: datetime) -> Iterator[Advice]:
    """Look at what answers. Raises `InfluxError` where nothing more can be asked."""
    answer = influx.call("GET", "/ping")
    version = influx.version()
    yield from _version(version, config)
    yield from _clock(answer.headers.get("Date", ""), now)
    major = major_of(version)
    if major == 2:
        yield from _buckets(influx, config)
    elif major == 1:
        yield from _databases(influx, config)
    yield from _token(influx, major)


def _version(version: str, config: Config) -> Iterator[Advice]:
    numbers = tuple(int(part) for part in version.split(".")[:2] if part.isdigit())
    if numbers and numbers < OLDEST:
        yield warn(PART, f"version {version} is too old", "install 1.8 or newer, better 2")
    elif major_of(version) > 2:
        yield warn(
            PART,
            f"version {version} deletes no points: a released home stays there for up to"
            f" {config.influx.keep_days} days",
            "use InfluxDB 2 where deletion must be proven",
        )
    else:
        yield ok(PART, f"version {version or 'unknown'} at {config.influx.url}")


def _clock(date: str, now: datetime) -> Iterator[Advice]:
    try:
        theirs = parsedate_to_datetime(date)
    except (ValueError, TypeError):
        return
    off = abs(theirs.replace(tzinfo=theirs.tzinfo or UTC) - now)
    if off > CLOCKS_DIFFER:
        yield warn(
            PART,
            f"its clock is {int(off.total_seconds())} s off ours",
            "have both synchronised: what it shows as now is not now",
        )


# ---- buckets ----


def _buckets(influx: Influx, config: Config) -> Iterator[Advice]:
    for bucket, keep in kept(config.influx).items():
        name = influx.database(bucket)
        asked = {"name": name}  # without the organisation: our token may not look that up
        found = influx.call("GET", "/api/v2/buckets", params=asked).json().get("buckets", [])
        if not found:
            yield warn(PART, f"there is no bucket {name}, or the token sees none", PREPARE)
            continue
        rules = found[0].get("retentionRules", [])
        seconds = sum(rule.get("everySeconds", 0) for rule in rules)
        yield from _retention(name, timedelta(seconds=seconds), keep)


def _databases(influx: Influx, config: Config) -> Iterator[Advice]:
    for bucket, keep in kept(config.influx).items():
        name = influx.database(bucket)
        try:
            found = influx.ask(f'SHOW RETENTION POLICIES ON "{name}"')
        except InfluxError as error:
            if error.verdict is not Verdict.NOT_FOUND:
                raise
            yield warn(PART, f"there is no database {name}", PREPARE)
            continue
        for series in found:
            for row in series.values:
                policy = dict(zip(series.columns, row, strict=True))
                if policy.get("default"):
                    yield from _retention(name, _lasting(str(policy.get("duration"))), keep)


def _retention(name: str, found: timedelta, wanted: timedelta) -> Iterator[Advice]:
    """Compare how long a bucket keeps what it has with the settings; zero is for ever."""
    if not found or found > wanted:
        lasts = f"{found.days} days" if found else "for ever"
        what = f"{name} keeps what it has {lasts}, where {wanted.days} days were set"
        yield warn(PART, what, PREPARE)
    elif found < wanted:
        yield warn(
            PART,
            f"{name} keeps {found.days} days alone, where {wanted.days} were set",
            f"{PREPARE}, or set fewer in [influx]",
        )
    else:
        yield ok(PART, f"{name} keeps {wanted.days} days")


def _lasting(written: str) -> timedelta:
    """Read `2112h0m0s`; zero is for ever."""
    hours, _, rest = written.partition("h")
    if not rest or not hours.isdigit():
        return timedelta()
    return timedelta(hours=int(hours))


# ---- the token ----


def _token(influx: Influx, major: int) -> Iterator[Advice]:
    answers = {bucket: influx.write(bucket, [_COMMENT]) for bucket in Bucket}
    may = (Verdict.WRITTEN, Verdict.REFUSED)  # of a comment alone some take nothing
    refused = {each: said for each, said in answers.items() if said.verdict not in may}
    for bucket, said in refused.items():
        what = f"{influx.database(bucket)} cannot be written: {said.verdict}: {said.detail}"
        yield warn(PART, what, _remedy(said.verdict))
    if refused:
        return
    for bucket in Bucket:
        influx.query(bucket, "SHOW MEASUREMENTS LIMIT 1")
    if _may_more(influx, major):
        yield warn(
            PART,
            "the token may do more than write and read its buckets",
            f"{PREPARE}, which makes one that may no more",
        )
    else:
        yield ok(PART, "the token may write and read its buckets, and no more")


def _may_more(influx: Influx, major: int) -> bool:
    """Say whether it may look at who else may what: who may that may all."""
    try:
        if major == 1:
            influx.ask("SHOW USERS")
            return True
        found = influx.call("GET", "/api/v2/authorizations").json().get("authorizations", [])
    except InfluxError:
        return False
    return bool(found)


def _remedy(verdict: Verdict) -> str:
    if verdict is Verdict.UNAUTHORIZED:
        return f"put a token that may write into influx.token_file, or {PREPARE}"
    if verdict is Verdict.NOT_FOUND:
        return f"{PREPARE}, or mend influx.url, influx.org and influx.bucket"
    return "see whether InfluxDB runs, and influx.url; until then it all waits in the gateway"
