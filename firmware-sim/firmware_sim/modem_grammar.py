"""What one AT line says: commands in order, each with its name, form and arguments (V.250)."""

import re
from dataclasses import dataclass
from enum import Enum

_BASIC = re.compile(r"(?P<name>&[A-Z]|S\d+|[A-Z])(?P<rest>=\?|\?|=[^;]*|\d*)", re.IGNORECASE)
_EXTENDED = re.compile(r"(?P<name>[+^$*#%\\][A-Z0-9+^$*#%]*)(?P<rest>.*)", re.IGNORECASE)


class Form(Enum):
    """The four ways to use a command."""

    RUN = "run"
    TEST = "=?"
    READ = "?"
    SET = "="


@dataclass(frozen=True)
class Call:
    """One command of a line. Arguments come unquoted; an empty one is an empty string."""

    name: str
    form: Form
    arguments: tuple[str, ...] = ()

    def number(self, position: int, default: int | None = None) -> int | None:
        """The whole number at a position, `default` where it is left out. Raises `ValueError`."""
        if position >= len(self.arguments) or self.arguments[position] == "":
            return default
        return int(self.arguments[position])


class LineError(ValueError):
    """The line is no sequence of commands."""


def parse_line(text: str) -> list[Call]:
    """The commands after `AT`, in order. Raises `LineError`."""
    calls: list[Call] = []
    for piece in split_outside_quotes(text, ";"):
        rest = piece.strip()
        while rest:
            extended = _EXTENDED.fullmatch(rest)
            if extended:
                calls.append(_call(extended["name"], extended["rest"]))
                break
            basic = _BASIC.match(rest)
            if basic is None:
                raise LineError(rest)
            calls.append(_call(basic["name"], basic["rest"]))
            rest = rest[basic.end() :].strip()
    return calls


def _call(name: str, rest: str) -> Call:
    name, rest = name.upper(), rest.strip()
    if rest in ("=?", "?", ""):
        return Call(name, {"=?": Form.TEST, "?": Form.READ, "": Form.RUN}[rest])
    if not rest.startswith("=") and not rest.isdigit():
        raise LineError(name + rest)
    values = split_outside_quotes(rest.removeprefix("="), ",")
    return Call(name, Form.SET, tuple(value.strip().strip('"') for value in values))


def split_outside_quotes(text: str, separator: str) -> list[str]:
    """Cut at each separator that is not between double quotes."""
    pieces, is_quoted = [""], False
    for char in text:
        is_quoted ^= char == '"'
        if char == separator and not is_quoted:
            pieces.append("")
        else:
            pieces[-1] += char
    return pieces
