"""Whether what was set makes sense: numbers, times of day, a time zone."""

from __future__ import annotations

from datetime import time
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from alerts.policy import Policy
from gateway.settings import SettingsError

LONGEST_S = 30 * 86400
"""No delay of a policy is longer: the longest that makes sense is a day (ours)."""
MOST = 100_000
"""No count of a policy is greater."""
ONE_WORD = frozenset({"severity"})
LEAST = {
    "per_day": 0,
    "late_per_day": 0,
    "outage_devices": 2,
    "flood_per_minute": 60,
    "phone_kept": 0,
}
"""Counts that may be none at all, or must be several; every other is at least one."""
MAY_BE_ZERO = frozenset({"bundle_s", "bundle_critical_s"})
"""Durations that may be none: every text then goes by itself."""


def check_policy(policy: Policy, where: str) -> None:
    """Raise `SettingsError` where a number, time of day or time zone makes no sense."""
    try:
        ZoneInfo(policy.timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise SettingsError(
            f'{where}.timezone: no such time zone; write it as in "Asia/Shanghai"'
        ) from None
    for table in ("opening", "announcing", "supervision", "telling", "quiet"):
        check_table(getattr(policy, table), f"{where}.{table}")
    low, ok = policy.supervision.battery_low_pct, policy.supervision.battery_ok_pct
    if ok < low:
        raise SettingsError(f"{where}.supervision.battery_ok_pct: must be battery_low_pct or more")


def check_table(table: msgspec.Struct, where: str) -> None:
    """Raise `SettingsError` for the first number or time of day that makes no sense."""
    for name, value in msgspec.structs.asdict(table).items():
        if name in ONE_WORD:
            continue  # one of the words that its type names
        if isinstance(value, str):
            time_of_day(value, f"{where}.{name}")
        elif wanted := _why_not(name, value):
            raise SettingsError(f"{where}.{name}: must be {wanted}")


def _why_not(name: str, value: float) -> str:
    """Say what is wanted where a number makes no sense; "" where it does."""
    if name.endswith("_s"):
        # Written so that a NaN, which TOML knows, is refused as well.
        if name in MAY_BE_ZERO and value == 0:
            return ""
        return (
            "" if 0 < value <= LONGEST_S else f"greater than zero and at most {LONGEST_S} (30 days)"
        )
    if name.endswith("_pct"):
        return "" if 0 <= value <= 100 else "a percentage, 0 to 100"
    least = LEAST.get(name, 1)
    return "" if least <= value <= MOST else f"{least} to {MOST}"


def time_of_day(written: str, where: str) -> time:
    """Read a local time such as "22:00". Raises `SettingsError`."""
    try:
        at = time.fromisoformat(written)
    except ValueError:
        at = None
    if at is None or at.tzinfo is not None or ":" not in written:
        raise SettingsError(f'{where}: must be a local time of day such as "22:00"')
    return at
