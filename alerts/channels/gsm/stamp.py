"""The service centre's time stamp: seven swapped octets, the last a zone in quarters of an hour."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from alerts.channels.gsm.octets import swapped

_MINUS = 0x08  # in the zone octet as it comes, low half first


def read_stamp(stamp: bytes) -> datetime | None:
    """Return the time in UTC, or None where the digits are no time; years are 2000 to 2099."""
    zone = bytes((stamp[6] & ~_MINUS,))
    digits = swapped(stamp[:6] + zone)
    if not digits.isdecimal():
        return None
    year, month, day, hour, minute, second, quarters = (
        int(digits[i : i + 2]) for i in range(0, 14, 2)
    )
    offset = timedelta(minutes=15 * quarters)
    try:
        local = timezone(-offset if stamp[6] & _MINUS else offset)
        return datetime(2000 + year, month, day, hour, minute, second, tzinfo=local).astimezone(UTC)
    except ValueError:
        return None
