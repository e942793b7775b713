"""Reads TOML into typed values; whatever is wrong is named with its file, table, key and remedy.

An unknown key names the nearest known one. Values are never repeated in an error: they may be
somebody's phone number.
"""

from __future__ import annotations

import ast
import difflib
import inspect
import re
import sys
import tomllib
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import msgspec
from msgspec import inspect as shape

T = TypeVar("T")

WANTED = {
    "int": "a whole number",
    "float": "a number",
    "str": "a text in quotes",
    "bool": "true or false",
    "array": "a list",
    "object": "a table",
    "datetime": "a date with time and offset, such as 2026-11-21T08:00:00+08:00",
    "null": "left out",
}


class SettingsError(ValueError):
    """A file of settings that cannot be used as it is; the message says where and what to do."""


class Setting(NamedTuple):
    """One documented setting."""

    key: str
    """Table and key, joined by dots; `[]` follows a table that may stand several times."""
    type: str
    default: str
    """As TOML writes it; empty where the setting must be given."""
    what: str


def read_file(path: Path, kind: type[T]) -> T:
    """Read one TOML file into `kind`.

    Raises `SettingsError`, also where the file is absent, unreadable or no TOML.
    """
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SettingsError(f"{path}: no such file; `menshen init` writes one") from None
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError:
        raise SettingsError(f"{path}: is not UTF-8; save it as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path}: is not valid TOML: {error}") from error
    return convert(data, kind, str(path))


def convert(data: dict[str, Any], kind: type[T], file: str) -> T:
    """Turn parsed TOML into `kind`. Raises `SettingsError`."""
    for place, key, known in _unknown_keys(data, shape.type_info(kind), ()):
        where = _where(place, data)
        raise SettingsError(f'{file}: {where}: unknown key "{key}"{nearest(key, known)}')
    try:
        return msgspec.convert(data, kind)
    except msgspec.ValidationError as error:
        raise SettingsError(f"{file}: {_plain_words(str(error), kind, data)}") from None


def nearest(word: str, known: Iterable[str]) -> str:
    """Return a hint such as ` (did you mean "port"?)`, or the known words."""
    words = sorted(known)
    close = difflib.get_close_matches(word, words, n=1, cutoff=0.5)
    return f' (did you mean "{close[0]}"?)' if close else f" (known: {', '.join(words)})"


Place = tuple[str | int, ...]


def _unknown_keys(
    value: Any, wanted: shape.Type, place: Place
) -> Iterator[tuple[Place, str, set[str]]]:
    """Yield each key that nothing knows: the place of its table, and the keys known there."""
    if isinstance(wanted, shape.UnionType):
        wanted = _chosen(value, wanted)
    if isinstance(wanted, shape.StructType) and isinstance(value, dict):
        fields = {field.encode_name: field.type for field in wanted.fields}
        tag = {wanted.tag_field} if wanted.tag_field else set()
        for key, inner in value.items():
            if key in fields:
                yield from _unknown_keys(inner, fields[key], (*place, key))
            elif key not in tag:
                yield place, key, {*fields, *tag}
    elif isinstance(wanted, (shape.ListType, shape.VarTupleType)) and isinstance(value, list):
        for index, item in enumerate(value):
            yield from _unknown_keys(item, wanted.item_type, (*place, index))
    elif isinstance(wanted, shape.DictType) and isinstance(value, dict):
        names = _names(wanted.key_type)
        for key, inner in value.items():
            if names and key not in names:
                yield place, key, names
            yield from _unknown_keys(inner, wanted.value_type, (*place, key))


def _names(wanted: shape.Type) -> set[str]:
    """Return the only keys that a dictionary may have; empty: any."""
    return {member.value for member in wanted.cls} if isinstance(wanted, shape.EnumType) else set()


def _chosen(value: Any, union: shape.UnionType) -> shape.Type:
    """Return the one table of a union that `value` is, by its tag; else any shape."""
    tables = [kind for kind in union.types if isinstance(kind, shape.StructType)]
    if not isinstance(value, dict):
        return shape.AnyType()
    return next(
        (
            table
            for table in tables
            if not table.tag_field or value.get(table.tag_field) == table.tag
        ),
        shape.AnyType(),
    )


def _where(place: Place, data: Any) -> str:
    """Name a place, counting from 1, with the id of the innermost entry that has one."""
    words = entry = ""
    for step in place:
        words += f"[{step + 1}]" if isinstance(step, int) else f".{step}"
        data = data[step]
        if isinstance(data, dict) and isinstance(data.get("id"), str):
            entry = f' (id "{data["id"]}")'
    return f"{words.removeprefix('.')}{entry}" or "top of the file"


def _plain_words(message: str, kind: type, data: dict[str, Any]) -> str:
    """Say in plain words what msgspec said, with the place counted from 1 and the entry's id."""
    said, _, at = message.partition(" - at `$")
    at, is_in_any, below = at.rstrip("`").partition("[...]")  # which key it is, msgspec keeps back
    place = tuple(
        int(index) if index else key for index, key in re.findall(r"\[(\d+)\]|\.([^.\[\]]+)", at)
    )
    below = re.sub(r"(?<=\[)\d+", lambda index: str(int(index[0]) + 1), below)
    where = _where(place, data) + (f".*{below}" if is_in_any else "")
    if missing := re.fullmatch(r"Object missing required field `(.+)`", said):
        return f'{where}: "{missing[1]}" is missing'
    if said.startswith("Invalid"):
        return f"{where}: must be {_type_words(_shape_at(shape.type_info(kind), place, data))}"
    said = re.sub(r"`([^`]+)`", _wanted, said).replace("Expected", "must be")
    return f"{where}: {said.replace(', got', ', but is')}"


def _wanted(match: re.Match[str]) -> str:
    return " or ".join(WANTED.get(part.strip(), part.strip()) for part in match[1].split("|"))


def _shape_at(wanted: shape.Type, place: Place, data: Any) -> shape.Type:
    """Return what is wanted at a place, following `data` where it chooses between tables."""
    if not place:
        return wanted
    if isinstance(wanted, shape.UnionType):
        kinds = [kind for kind in wanted.types if isinstance(kind, shape.StructType)]
        if kinds and kinds[0].tag_field == place[0]:
            return shape.LiteralType(tuple(str(kind.tag) for kind in kinds))
        wanted = _chosen(data, wanted)
    if isinstance(wanted, shape.StructType):
        field = next((f for f in wanted.fields if f.encode_name == place[0]), None)
        wanted = field.type if field else shape.AnyType()
    elif isinstance(wanted, (shape.ListType, shape.VarTupleType)):
        wanted = wanted.item_type
    return _shape_at(wanted, place[1:], data[place[0]])


# ---- documentation ----


def settings_of(kind: type, prefix: str = "") -> list[Setting]:
    """List every setting of a struct, tables within tables included, with its docstring."""
    found: list[Setting] = []
    info = shape.type_info(kind)
    assert isinstance(info, shape.StructType)
    docs = _field_docs(info.cls)
    for field in info.fields:
        key = f"{prefix}{field.encode_name}"
        structs, mark = _structs_in(field.type)
        for struct in structs:
            tag = f"{mark}({struct.tag})" if struct.tag else mark
            found += settings_of(struct.cls, f"{key}{tag}.")
        if not structs:
            found.append(Setting(key, _type_words(field.type), _default(field), docs[field.name]))
    return found


def _structs_in(wanted: shape.Type) -> tuple[list[shape.StructType], str]:
    """Return the tables a field may hold, and the mark of a field that may hold several."""
    if isinstance(wanted, (shape.ListType, shape.VarTupleType)):
        return _structs_in(wanted.item_type)[0], "[]"
    if isinstance(wanted, shape.DictType):
        return _structs_in(wanted.value_type)[0], ".*"
    kinds = wanted.types if isinstance(wanted, shape.UnionType) else (wanted,)
    return [kind for kind in kinds if isinstance(kind, shape.StructType)], ""


def _type_words(wanted: shape.Type) -> str:
    if isinstance(wanted, (shape.ListType, shape.VarTupleType)):
        return f"list of {_type_words(wanted.item_type)}"
    if isinstance(wanted, shape.UnionType):
        return _type_words(next(t for t in wanted.types if not isinstance(t, shape.NoneType)))
    if isinstance(wanted, shape.EnumType):
        return " | ".join(f'"{member.value}"' for member in wanted.cls)
    if isinstance(wanted, shape.LiteralType):
        return " | ".join(f'"{value}"' for value in wanted.values)
    return {
        shape.IntType: "whole number",
        shape.FloatType: "number",
        shape.StrType: "text",
        shape.BoolType: "true | false",
        shape.DateTimeType: "date with time and offset",
    }.get(type(wanted), "table")


def _default(field: shape.Field) -> str:
    value = field.default
    if value is msgspec.NODEFAULT and field.default_factory is not msgspec.NODEFAULT:
        value = field.default_factory()
    if value is msgspec.NODEFAULT:
        return ""
    if value is None:
        return "not set"
    return msgspec.json.encode(value).decode()


@cache
def _field_docs(cls: type) -> dict[str, str]:
    """Read what stands below or behind each field; one with neither shares that of the next.

    Fields of a base table come with their own.
    """
    source = inspect.getsource(sys.modules[cls.__module__])
    lines = source.splitlines()
    body = next(
        node.body
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.ClassDef) and node.name == cls.__name__
    )
    base = cls.__base__
    docs = {} if base in {None, msgspec.Struct} else dict(_field_docs(base))
    waiting: list[str] = []
    for node in body:
        said = ""
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            waiting.append(node.target.id)
            said = lines[node.lineno - 1].partition("  # ")[2]
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            said = " ".join(str(node.value.value).split())
        if said:
            docs |= dict.fromkeys(waiting, said)
            waiting.clear()
    return docs
