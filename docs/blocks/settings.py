"""Every setting of the two files, from the types that read them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from docs.blocks.markdown import table
from gateway import config
from gateway.homes import file
from gateway.settings import Setting


def gateway() -> str:
    """The configuration."""
    return "\n\n".join(_tables(config.settings()))


def homes() -> str:
    """The homes file."""
    return "\n\n".join(_tables(file.settings()))


def _tables(settings: list[Setting]) -> Iterator[str]:
    for name, alike in groupby(settings, key=lambda setting: _split(setting.key)[0]):
        rows = [
            (f"`{_split(each.key)[1]}`", each.type, _default(each.default), each.what)
            for each in alike
        ]
        yield f"### `{_heading(name)}`\n\n" + table(("key", "type", "default", "meaning"), rows)


def _split(key: str) -> tuple[str, str]:
    """Return the table and the key below it: `homes[].order.starts_at` stays whole in `homes`."""
    if "[]." in key:
        name, _, rest = key.partition("[].")
        return f"{name}[]", rest
    name, _, rest = key.rpartition(".")
    return name, rest


def _heading(name: str) -> str:
    table_name, _, rest = name.partition("[]")
    if rest:
        kind, _, below = rest.removeprefix("(").partition(")")
        written = f"[{table_name}{below}]" if below else f"[[{table_name}]]"
        return f'{written} kind = "{kind}"'
    return f"[[{table_name}]]" if name.endswith("[]") else f"[{table_name}]"


def _default(written: str) -> str:
    if not written:
        return "must be given"
    return written if written == "not set" else f"`{written}`"
