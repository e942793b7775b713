"""The columns of lists, and the life of a device."""

from __future__ import annotations

from docs.blocks.markdown import table
from gateway.registry.columns import COLUMNS
from gateway.registry.lifecycle import DeviceState, reachable

_HEAD = ("column", "中文", "needed", "what", "like")


def columns() -> str:
    """List each column of each list."""
    parts = []
    for kind, known in COLUMNS.items():
        rows = [
            (
                f"`{column.key}`",
                column.chinese,
                "yes" if column.is_required else "",
                " ".join(filter(None, (column.what, _words(column.words)))),
                f"`{column.example}`",
            )
            for column in known
        ]
        parts.append(f"### `{kind}`\n\n{table(_HEAD, rows)}")
    return "\n\n".join(parts)


def life() -> str:
    """List the states of a device and which follows which."""
    rows = [
        (f"`{state}`", ", ".join(f"`{each}`" for each in reachable(state))) for state in DeviceState
    ]
    return table(("state", "may become"), rows)


def _words(known: tuple[tuple[str, tuple[str, ...]], ...]) -> str:
    if not known:
        return ""
    said = (f"{word} ({called[0]})" if called else word for word, called in known)
    return f"One of: {', '.join(said)}."
