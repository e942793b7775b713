"""Tables and numbers as the pages write them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table; a `|` within a cell is escaped."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(map(_cell, line))} |" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def duration(seconds: float, language: str = "en") -> str:
    """Return `180` as `3 min` or `3 分钟`."""
    for size, english, chinese in ((3600, "h", "小时"), (60, "min", "分钟"), (1, "s", "秒")):
        if seconds >= size and seconds % size == 0:
            return f"{seconds / size:g} {english if language == 'en' else chinese}"
    return f"{seconds:g} {'s' if language == 'en' else '秒'}"
