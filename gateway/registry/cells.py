"""One cell of a list, as people and spreadsheets write it, to the value it means; pure.

What is wrong is said with what to write instead. The value itself stands in no message where its
column is personal.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from gateway.homes.file import e164
from gateway.registry.columns import EMPTY, Column, Form

Raw = str | int | float | bool | date | datetime | time | None
"""What a file holds: CSV texts alone, a spreadsheet numbers and dates too."""
Value = str | datetime | bool | tuple[str, ...]
"""What a cell means; `""` and `()` where it is to be empty."""

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_CODE = re.compile(r"[A-Za-z0-9-]{1,40}")
_DEVICE = re.compile(r"[^#+\x00-\x1f\x7f]{1,128}")
_SCIENTIFIC = re.compile(r"[+-]?\d+(\.\d+)?[eE]\+?\d+")
_DAY = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[ T]*(.+))?")
_COMPACT_DAY = re.compile(r"(\d{4})(\d{2})(\d{2})(?:[ T]+(.+))?")
_CLOCK = re.compile(r"(\d{1,2})[:时点](\d{1,2})(?:[:分](\d{1,2})?)?(?:秒)?(?:\.\d+)?")
_SEVERAL = re.compile(r"[、,;/|\n]+")
_FIRST_SERIAL: Final = date(1899, 12, 30)  # day 0 of spreadsheets since 1 March 1900
_EXACT: Final = 10**15
"""From here on a spreadsheet has rounded: its numbers have 15 digits."""
_AROUND: Final = "\ufeff\u200b\u200e \t\r\n\u00a0"
_ERRORS: Final = frozenset({"#N/A", "#REF!", "#NAME?", "#VALUE!", "#DIV/0!", "#NULL!", "#NUM!"})
_MOST: Final = 20
"""Names or phones in one cell (ours)."""
_YES: Final = frozenset({"1", "yes", "y", "true", "是", "有"})
_NO: Final = frozenset({"0", "no", "n", "false", "否", "无"})


class Wrong(NamedTuple):
    """What is wrong with a cell, and what to write instead."""

    wrong: str
    instead: str


def read(raw: Raw, column: Column, zone: ZoneInfo) -> Value | Wrong | None:
    """Return what a cell means; None where it says nothing."""
    if isinstance(raw, str):
        if raw.startswith("="):
            return Wrong("is a formula", "copy the column and paste its values")
        if raw in _ERRORS:
            return Wrong("is an error of the spreadsheet", f"write it like {column.example}")
        plain = raw if raw.isascii() else unicodedata.normalize("NFKC", raw)
        raw = plain.strip(_AROUND).lstrip("'").strip(_AROUND)
    if raw is None or raw == "":
        return None
    if raw == EMPTY:
        return _emptied(column)
    return _read(raw, column, zone)


def _read(raw: Raw, column: Column, zone: ZoneInfo) -> Value | Wrong:
    match column.form:
        case Form.ID | Form.CODE | Form.DEVICE:
            return _name(raw, column)
        case Form.TEXT:
            return _text(raw, column)
        case Form.WORD:
            return _word(raw, column)
        case Form.MOMENT | Form.LAST_MOMENT:
            return _moment(raw, column, zone)
        case Form.TIME:
            return _time(raw)
        case Form.FLAG:
            return _flag(raw)
        case Form.NAMES:
            return _names(raw, column)
        case Form.PHONES:
            return _phones(raw)


def _emptied(column: Column) -> Value | Wrong:
    if column.is_required:
        return Wrong("cannot be empty", f"write it like {column.example}")
    if column.form in {Form.NAMES, Form.PHONES}:
        return ()
    return False if column.form is Form.FLAG else ""


def _name(raw: Raw, column: Column) -> Value | Wrong:
    text = _digits(raw)
    if text is None:
        return Wrong("is a number that the spreadsheet has rounded", "format the column as text")
    pattern = {Form.ID: _ID, Form.CODE: _CODE, Form.DEVICE: _DEVICE}[column.form]
    if _SCIENTIFIC.fullmatch(text) and column.form is Form.CODE:
        return Wrong("was shortened by the spreadsheet", "format the column as text")
    if pattern.fullmatch(text) and text.isprintable() and len(text) <= max(column.longest, 64):
        return text
    return Wrong(
        "may hold letters, digits and dashes alone" if column.form is Form.CODE
        else "is no id: letters, digits, `_`, `.` and `-`" if column.form is Form.ID
        else "is no id of a device: at most 128 characters, no `#` and no `+`",
        f"write it like {column.example}",
    )  # fmt: skip


def _digits(raw: Raw) -> str | None:
    """Write a number as people read it; None where a spreadsheet has lost digits of it."""
    if isinstance(raw, bool) or not isinstance(raw, int | float):
        return str(raw)
    if raw != raw or abs(raw) >= (_EXACT if isinstance(raw, float) else 10 * _EXACT):
        return None
    return str(int(raw)) if raw == int(raw) else str(raw)


def _text(raw: Raw, column: Column) -> Value | Wrong:
    text = _digits(raw)
    if text is None:
        return Wrong("is a number that the spreadsheet has rounded", "format the column as text")
    text = " ".join(text.split())
    if not text.isprintable():
        return Wrong("holds characters that cannot be read", "type it anew")
    if len(text) > column.longest:
        return Wrong(f"is longer than {column.longest} characters", f"like {column.example}")
    return text


def _word(raw: Raw, column: Column) -> Value | Wrong:
    said = str(raw).casefold().replace(" ", "_")
    for word, called in column.words:
        if said == word or said in called:
            return word
    known = "、".join(word for word, _ in column.words)
    return Wrong("is none of the words that are known", f"one of {known}")


def _flag(raw: Raw) -> Value | Wrong:
    said = (_digits(raw) or "").casefold()
    if said in _YES or said in _NO:
        return said in _YES
    return Wrong("is neither yes nor no", "是 or 否")


def _names(raw: Raw, column: Column) -> Value | Wrong:
    names = tuple(" ".join(each.split()) for each in _SEVERAL.split(str(raw)))
    names = tuple(filter(None, names))
    if len(names) <= _MOST and all(len(n) <= column.longest and n.isprintable() for n in names):
        return names
    return Wrong("holds too many or too long names", "names with `、` between them")


def _phones(raw: Raw) -> Value | Wrong:
    text = _digits(raw)
    if text is None:
        return Wrong("is a number that the spreadsheet has rounded", "format the column as text")
    found: list[str] = []
    for written in _SEVERAL.split(text)[: _MOST + 1]:
        plain = re.sub(r"[\s()-]", "", written).removesuffix(".0")
        number = plain if "*" in plain or plain == "" else e164(plain)
        if number is None or len(found) >= _MOST:
            return Wrong(
                "holds no phone number", "like 13900000000; several with `、` between them"
            )
        found.append(number)
    return tuple(found)


# ---- times ----


def _moment(raw: Raw, column: Column, zone: ZoneInfo) -> Value | Wrong:
    found = _as_moment(raw)
    if found is None:
        return Wrong("is no date", f"write it like {column.example}")
    if isinstance(found, datetime):
        at = found if found.tzinfo else found.replace(tzinfo=zone)
    else:
        day = found + timedelta(days=column.form is Form.LAST_MOMENT)
        at = datetime.combine(day, time(), zone)
    if not 2000 <= at.year < 2200:
        return Wrong("is no date of this century", f"write it like {column.example}")
    return at.astimezone(UTC)


def _as_moment(raw: Raw) -> date | datetime | None:
    """Return a day where no time of day is said."""
    if isinstance(raw, datetime | date):
        return raw
    if isinstance(raw, int | float) and not isinstance(raw, bool):
        return _serial(raw)
    text = str(raw)
    try:
        if re.fullmatch(r"\d{5}(\.\d+)?", text):
            return _serial(float(text))
        if "T" in text or "+" in text or text.endswith("Z"):
            return datetime.fromisoformat(text)
        found = _DAY.fullmatch(text) or _COMPACT_DAY.fullmatch(text)
        if found is None:
            return None
        day = date(int(found[1]), int(found[2]), int(found[3]))
        if found[4] is None:
            return day
        clock = _as_time(found[4])
        return None if clock is None else datetime.combine(day, clock)
    except (ValueError, OverflowError):
        return None


def _serial(number: float) -> date | datetime | None:
    """Read the number by which a spreadsheet keeps a date."""
    if not 36526 <= number < 109575:  # 2000 to 2200
        return None
    day = _FIRST_SERIAL + timedelta(days=int(number))
    seconds = round((number % 1) * 86400)
    return datetime.combine(day, time()) + timedelta(seconds=seconds) if seconds else day


def _as_time(text: str) -> time | None:
    found = _CLOCK.fullmatch(text.strip())
    if found is None:
        return None
    try:
        return time(int(found[1]), int(found[2]), int(found[3] or 0))
    except ValueError:
        return None


def _time(raw: Raw) -> Value | Wrong:
    if isinstance(raw, datetime):
        raw = raw.time()
    if isinstance(raw, float) and 0 <= raw < 1:
        raw = (datetime(2000, 1, 1, tzinfo=UTC) + timedelta(days=raw)).time()
    found = raw if isinstance(raw, time) else _as_time(str(raw))
    return Wrong("is no time of day", "like 08:00") if found is None else f"{found:%H:%M}"
