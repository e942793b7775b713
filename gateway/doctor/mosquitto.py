"""Reads a mosquitto configuration and says which of its settings lose messages or let anybody in.

Limits and their costs were measured with mosquitto 2.0.11 (docs/adr).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from gateway.doctor.advice import Advice, bad, ok, warn

WEEK_H = 7 * 24


class Rule(NamedTuple):
    """One setting: mosquitto's default, what is fine, and what else costs."""

    name: str
    default: str
    is_fine: Callable[[str], bool]
    want: str
    why: str
    advise: Callable[[str, str, str], Advice] = warn


def _at_least(least: int) -> Callable[[str], bool]:
    return lambda value: value.isdigit() and int(value) >= least


_LISTENING = frozenset({"listener", "port", "bind_address"})

RULES = (
    Rule(
        "persistence",
        "false",
        lambda value: value == "true",
        "persistence true",
        "a restart of the broker forgets our session and everything that waits for us",
        bad,
    ),
    Rule(
        "autosave_interval",
        "1800",
        lambda value: value.isdigit() and 0 < int(value) <= 60,
        "autosave_interval 60",
        "a power cut loses all that came since the last save",
    ),
    Rule(
        "autosave_on_changes",
        "false",
        lambda value: value == "false",
        "autosave_on_changes false",
        "20,000 waiting messages cost 39 GB of writes: flash wears out",
    ),
    Rule(
        "max_queued_messages",
        "1000",
        _at_least(100_000),
        "max_queued_messages 100000",
        "while the gateway is away all above it is thrown away, though devices hear success",
        bad,
    ),
    Rule(
        "max_queued_bytes",
        "0",
        _at_least(1),
        "max_queued_bytes 67108864",
        "a flood while the gateway is away fills the memory",
    ),
    Rule(
        "max_inflight_messages",
        "20",
        lambda value: value == "0" or _at_least(500)(value),
        "max_inflight_messages 500",
        "MQTT 3.1.1 clients wait for a confirmation after every 20 messages",
    ),
    Rule(
        "set_tcp_nodelay",
        "false",
        lambda value: value == "true",
        "set_tcp_nodelay true",
        "at 20 messages a second each waits 40 ms for the next",
    ),
    Rule(
        "allow_anonymous",
        "false",
        lambda value: value == "false",
        "allow_anonymous false",
        "anybody it serves can report a closed door",
        bad,
    ),
    Rule(
        "persistent_client_expiration",
        "never",
        lambda value: _hours(value) is None or (_hours(value) or 0) >= WEEK_H,
        "persistent_client_expiration 14d",
        "a gateway that is being repaired loses what waits for it",
    ),
)


def examine(path: Path) -> Iterator[Advice]:
    """Compare a configuration, what it includes too, with what the gateway needs."""
    try:
        given = read(path)
    except (OSError, UnicodeDecodeError) as error:
        yield bad("mosquitto", f"{path} cannot be read: {type(error).__name__}", "name another")
        return
    fine = 0
    for rule in RULES:
        value = given.get(rule.name, [_default(rule, given)])[-1]
        if rule.is_fine(value):
            fine += 1
        else:
            origin = "" if rule.name in given else " by default"
            yield rule.advise(
                "mosquitto", f"{rule.name} is {value}{origin}: {rule.why}", f"write `{rule.want}`"
            )
    yield ok("mosquitto", f"{fine} of {len(RULES)} settings are as they should be")
    if not {"acl_file", "plugin", "auth_plugin"} & given.keys():
        yield warn(
            "mosquitto",
            "no acl_file: every device may publish in the name of every other",
            "install deploy/mosquitto/acl.example and name it with acl_file",
        )


def _default(rule: Rule, given: Mapping[str, list[str]]) -> str:
    """Return what mosquitto takes where nothing is said: without a listener it lets anybody in.

    It serves this machine alone then (mosquitto.conf(5), since 2.0).
    """
    is_local_only = not _LISTENING & given.keys()
    return "true" if rule.name == "allow_anonymous" and is_local_only else rule.default


def read(path: Path, seen: frozenset[Path] = frozenset()) -> dict[str, list[str]]:
    """Return each setting's values in order, those of `include_dir` too."""
    found: dict[str, list[str]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        name, _, value = line.strip().partition(" ")
        if not name or name.startswith("#"):
            continue
        found.setdefault(name, []).append(value.strip())
        if name == "include_dir" and path not in seen:
            for included in sorted(Path(value.strip()).glob("*.conf")):
                for inner, values in read(included, seen | {path}).items():
                    found.setdefault(inner, []).extend(values)
    return found


def _hours(written: str) -> int | None:
    """Read `14d`, `2w`, `1m`, `1y` or `12h` as hours; None where it is none of them."""
    factors = {"h": 1, "d": 24, "w": WEEK_H, "m": 30 * 24, "y": 365 * 24}
    number, unit = written[:-1], written[-1:]
    return int(number) * factors[unit] if unit in factors and number.isdigit() else None
