"""Fills the text that a provider has approved: a template's variables, from a message's fields.

A provider sends nothing else than a registered text with values in it, and refuses a value that is
too long, empty, an address of the web, or made of signs that phones show wrongly.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from alerts.channels.base import Message

FIELDS = frozenset({"number", "place", "what", "when", "level", "ask", "lead", "others"})
"""What a message may be asked for; one that it does not have is empty."""
NOTHING = "无"
"""Stands where a field is empty: an empty value is refused (isv.TEMPLATE_PARAMS_ILLEGAL)."""
WHOLE, PART = 70, 67
"""Characters in a text of one part, and in each part of a longer one; the signature counts (both
providers' rules for mainland numbers)."""

_ENDS_COUNT = frozenset({"place"})  # the end of an address names the door
_WEB = re.compile(r"(?:https?://|www\.)\S*", re.IGNORECASE)
_BRACKETS = str.maketrans("【】〖〗『』「」{}[]<>〔〕", "()()()()()()()()")
_DROPPED = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "So", "Sk", "Sc"})
_REFUSED = frozenset("※•^&'\"\\$¥￥")
_SIGNATURE = re.compile(r"^【[^】]*】")


class NoTemplateError(LookupError):
    """Nothing approved says this; the next way may."""


@dataclass(frozen=True, slots=True)
class Template:
    """One approved text. `fields` fill its variables in order: `"field"`, `"variable=field"`."""

    id: str
    fields: tuple[str, ...] = ()

    def variables(self) -> Iterator[tuple[str, str]]:
        """Yield each variable with the field that fills it."""
        for written in self.fields:
            variable, _, field = written.partition("=")
            yield variable, field or variable


@dataclass(frozen=True, slots=True)
class Filled:
    """A template and what stands in each of its variables, in order."""

    id: str
    values: tuple[tuple[str, str], ...]


def fill(templates: Mapping[str, Template], message: Message, longest: int) -> Filled:
    """Fill the template for this kind of message, each value at most `longest` characters.

    Raises `NoTemplateError`: there is none, it asks for what no message has, or for nothing that
    this one has.
    """
    template = templates.get(message.template)
    if template is None:
        raise NoTemplateError(f"no template for {message.template or 'this text'}")
    variables = list(template.variables())
    if unknown := sorted({field for _, field in variables} - FIELDS):
        raise NoTemplateError(f"unknown field {unknown[0]}")
    values = {field: clean(message.fields.get(field, "")) for _, field in variables}
    if values and not any(values.values()):
        raise NoTemplateError(f"the message has none of the fields of {message.template}")
    return Filled(
        template.id,
        tuple((name, _fitting(field, values[field], longest)) for name, field in variables),
    )


def clean(value: str) -> str:
    """Drop what a provider refuses or a phone shows wrongly; spaces become one.

    >>> clean("南岭村【3】栋 ★ www.example.com 1203")
    '南岭村(3)栋 1203'
    """
    plain = "".join(map(_plain, value.translate(_BRACKETS)))
    return " ".join(_WEB.sub(" ", plain).split())


def _plain(character: str) -> str:
    if character.isascii() and character not in _REFUSED and character.isprintable():
        return character
    category = unicodedata.category(character)
    if category[0] == "Z" or character in "\t\r\n":
        return " "
    if category in _DROPPED or character in _REFUSED:
        return ""
    if category == "No":  # ①, ² and ¼
        digits = unicodedata.normalize("NFKC", character)
        return "" if digits == character else "".join(map(_plain, digits))
    return "-" if category == "Sm" else character  # arrows and the like


def _fitting(field: str, value: str, longest: int) -> str:
    if not value:
        return NOTHING
    return (value[-longest:] if field in _ENDS_COUNT else value[:longest]).strip()


def parts_of(sign_name: str, text: str) -> int:
    """Estimate the parts of a text that the provider signs with `sign_name`.

    The approved wording is not known here: our own wording of the same is counted.
    """
    length = len(sign_name) + 2 + len(_SIGNATURE.sub("", text))
    return 1 if length <= WHOLE else -(-length // PART)
