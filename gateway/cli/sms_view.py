"""The picture of `menshen sms watch`: channels, what waits, the last texts out and in."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

Frame = Mapping[str, Any]

SHOWN_FACTS = {
    "signal_dbm": "{} dBm",
    "registration": "{}",
    "operator": "{}",
    "technology": "{}",
    "stored": "{} stored",
    "allowance_left": "{} parts left",
}
OUTCOMES = {
    "begun": "yellow",
    "sent": "green",
    "delivered": "bold green",
    "unconfirmed": "yellow",
    "failed_temporary": "red",
    "failed_permanent": "bold red",
}


def picture(frame: Frame) -> RenderableType:
    """Draw one look at the gateway."""
    return Group(
        Text(f"{frame['gateway']}  {_clock(frame['now'], is_long=True)}", style="bold"),
        _channels(frame),
        Text(_queue(frame)),
        Text(),
        _sent(frame),
        Text(),
        _received(frame),
    )


def lost(frame: Frame, why: str) -> RenderableType:
    """Draw the last look, and say above it that it is old."""
    return Group(Text(why, style="bold white on red"), picture(frame))


def _channels(frame: Frame) -> Table:
    table = _table("channel", "", "why", "facts", "today", "last proof")
    for each in frame["channels"]:
        facts = each["facts"]
        shown = ", ".join(
            form.format(facts[key]) for key, form in SHOWN_FACTS.items() if key in facts
        )
        up = Text("up", style="green") if each["is_up"] else Text("down", style="bold red")
        why = each["what"] if each["is_up"] or not each["do"] else f"{each['what']}: {each['do']}"
        today = f"{each['texts_today']} texts, {each['parts_today']} parts"
        table.add_row(each["name"], up, why, _plain(shown), f"{today}{_cost(each)}", _proof(each))
    return table


def _cost(channel: Frame) -> str:
    return f", ¥{channel['cost_today_yuan']:.2f}" if channel["cost_today_yuan"] else ""


def _proof(channel: Frame) -> str:
    if not channel["is_proven_daily"]:
        return "none is sent"
    if channel["proved_at"] is None:
        return "none yet"
    return f"{_clock(channel['proved_at'])}, {channel['proof_took_s']:.1f} s"


def _queue(frame: Frame) -> str:
    held = ", ".join(f"{number} {why.replace('_', ' ')}" for why, number in frame["held"].items())
    budget = f"{frame['parts_today']} of {frame['parts_a_day']} parts today"
    return f"{frame['waiting']} waiting{f' (held: {held})' * bool(held)}; {budget}"


def _sent(frame: Frame) -> Table:
    table = _table("sent", "channel", "to", "phone", "kind", "number", "", "s", "text")
    for each in frame["sent"]:
        outcome = each["state"] if each["state"] == "delivered" else each["outcome"]
        table.add_row(
            _clock(each["at"]),
            each["channel"],
            each["contact"],
            _phone(each["phone"]),
            each["kind"],
            each["number"] or "",
            Text(outcome.replace("_", " "), style=OUTCOMES.get(outcome, "")),
            f"{each['took_s']:.1f}",
            _plain(each["text"]),
        )
    return table


def _received(frame: Frame) -> Table:
    table = _table("came in", "channel", "from", "phone", "", "text")
    for each in frame["received"]:
        table.add_row(
            _clock(each["at"]),
            each["channel"],
            each["contact"] or "a stranger",
            _phone(each["phone"]),
            each["reason"].replace("_", " "),
            _plain(each["text"]),
        )
    return table


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold dim")
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _plain(written: str) -> Text:
    """Return words from outside: no markup, and nothing that moves a terminal's cursor."""
    return Text(
        "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in written)
    )


def _phone(masked: str) -> str:
    return masked.removeprefix("+86")


def _clock(written: str, *, is_long: bool = False) -> str:
    local = datetime.fromisoformat(written).astimezone()
    return f"{local:%Y-%m-%d %H:%M:%S}" if is_long else f"{local:%H:%M:%S}"
