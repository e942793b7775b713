"""YAML in block style, as much of it as provisioning needs: maps, lists, texts, numbers, facts.

Every text is quoted as JSON quotes it, which YAML reads the same: no value can be taken for
another type.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any


def dump(value: dict[str, Any], comment: str = "") -> str:
    """Return a document; `comment` stands above it."""
    above = [f"# {line}".rstrip() for line in comment.splitlines()]
    return "\n".join([*above, *_lines(value)]) + "\n"


def _lines(value: dict[str, Any] | Sequence[Any]) -> Iterator[str]:
    if isinstance(value, dict):
        for name, each in value.items():
            yield from _entry(f"{name}:", each, "  ")
    else:
        for each in value:
            yield from _item(each)


def _entry(head: str, value: Any, indent: str) -> Iterator[str]:
    if isinstance(value, dict | list) and value:
        yield head
        yield from (indent + line for line in _lines(value))
    else:
        yield f"{head} {_scalar(value)}"


def _item(value: Any) -> Iterator[str]:
    if isinstance(value, dict) and value:
        first, *others = _lines(value)
        yield f"- {first}"
        yield from (f"  {line}" for line in others)
    else:
        yield from _entry("-", value, "  ")


def _scalar(value: Any) -> str:
    written = json.dumps(value, ensure_ascii=False)
    return "".join(each if each.isprintable() else f"\\U{ord(each):08x}" for each in written)
