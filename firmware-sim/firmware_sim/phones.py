"""People with phones: what they read, what they answer, after how long.

A scenario says it in TOML (all keys but `number` may be left out):

    [[phones]]
    name = "Worker Li"
    number = "+8613900000001"
    answers = [
        {after_s = 8, verb = 1},
        {after_s = 40, verb = 2, on = "封条"},
        {after_s = 90, verb = 3, text = "回复３　{number} 处理完"},
    ]

A verb is answered with the four digits found in the text, `1 4821`. A phone without answers
belongs to somebody who never replies.
"""

import re
import tomllib
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from firmware_sim.sms_pdu import Submit, join_text

_ASKED_FOR = re.compile(r"回复\s*\d\s*(\d{4})(?!\d)")
_FOUR_DIGITS = re.compile(r"(?<!\d)\d{4}(?!\d)")
_OF_THE_STREET = {"role", "teams", "shift"}
"""Keys of a phone that say who its owner is; the network does not care."""
_SCENARIOS = Path(__file__).parent / "scenarios"


class PhonesError(ValueError):
    """The phones of a scenario cannot be read; the message says which key and what is near."""


def number_in(text: str) -> str | None:
    """The four digits to answer with: those after 回复 and a verb, else the last there are."""
    text = unicodedata.normalize("NFKC", text)
    asked_for = _ASKED_FOR.search(text)
    if asked_for:
        return asked_for[1]
    numbers = _FOUR_DIGITS.findall(text)
    return numbers[-1] if numbers else None


def line_of(number: str) -> str:
    """One spelling for one line: `+86…` for Chinese mobiles, anything else as dialled."""
    digits = number.removeprefix("+").removeprefix("00")
    if re.fullmatch(r"(86)?1[3-9]\d{9}", digits):
        return "+86" + digits[-11:]
    return number


@dataclass(frozen=True)
class Answer:
    """One habit of answering. `text` may use `{number}` and `{verb}`; `repeat` answers always."""

    after_s: float = 5.0
    verb: int | None = None
    text: str | None = None
    on: str = ""
    repeat: bool = False

    def words(self, received: str) -> str | None:
        """What is typed in answer to this text; None where it calls for no answer."""
        number = number_in(received)
        template = self.text or "{verb} {number}"
        if self.on not in received or (number is None and "{number}" in template):
            return None
        return template.format(number=number, verb=self.verb)


@dataclass
class Phone:
    """A phone and its owner. `sends_as` is how the network writes its number: `international`
    (+86…), `national` or `unknown` (the bare digits with either type of address)."""

    number: str
    name: str = ""
    answers: tuple[Answer, ...] = ()
    switched_off: bool = False
    on_after_s: float | None = None
    sends_as: str = "international"
    _parts: dict[tuple[int, int], dict[int, Submit]] = field(default_factory=dict)
    _answered: set[tuple[str | None, str]] = field(default_factory=set)

    def receive(self, part: Submit) -> str | None:
        """Take one part; the whole text once its last part is here."""
        where = part.concatenation
        if where is None:
            return join_text([part])
        key = (where.reference, where.total)
        parts = self._parts.setdefault(key, {})
        parts[where.index] = part
        if len(parts) < where.total:
            return None
        return join_text(self._parts.pop(key).values())

    def replies(self, text: str) -> list[tuple[float, str]]:
        """What the owner will type, and after how many seconds: once per number and verb."""
        replies = []
        for answer in self.answers:
            words = answer.words(text)
            key = (number_in(text), str(answer.verb or answer.text))
            if words is None or (key in self._answered and not answer.repeat):
                continue
            self._answered.add(key)
            replies.append((answer.after_s, words))
        return replies


def read_phones(scenario: str) -> list[Phone]:
    """The phones of a scenario: a TOML file, or a built-in one's name. Raises `PhonesError`."""
    path = Path(scenario)
    if not path.is_file():
        path = _SCENARIOS / f"{scenario}.toml"
    if not path.is_file():
        built_in = sorted(each.stem for each in _SCENARIOS.glob("*.toml"))
        raise PhonesError(f"no scenario {scenario!r}: neither a file nor one of {built_in}")
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise PhonesError(f"{path}: {error}") from error
    return phones_from(content.get("phones", []))


def phones_from(tables: Iterable[dict[str, Any]]) -> list[Phone]:
    """Phones out of `[[phones]]` tables. Raises `PhonesError`."""
    phones = []
    for table in tables:
        answers = tuple(_answer(each) for each in table.get("answers", []))
        known = {each.name for each in fields(Phone) if not each.name.startswith("_")}
        _refuse_unknown(table, known | _OF_THE_STREET, "phone")
        if "number" not in table:
            raise PhonesError(f"a phone without a number: {table}")
        if table.get("sends_as", "international") not in ("international", "national", "unknown"):
            raise PhonesError(f"sends_as = {table['sends_as']!r} is no way to write a number")
        own = {key: value for key, value in table.items() if key in known}
        phones.append(Phone(**{**own, "answers": answers}))
    return phones


def _answer(table: dict[str, Any]) -> Answer:
    _refuse_unknown(table, {each.name for each in fields(Answer)}, "answer")
    if table.get("verb", 1) not in (1, 2, 3):
        raise PhonesError(f"verb = {table['verb']!r} is none of 1, 2, 3")
    if "verb" not in table and "text" not in table:
        raise PhonesError("an answer needs a verb or a text")
    return Answer(**table)


def _refuse_unknown(table: dict[str, Any], known: set[str], what: str) -> None:
    for key in table.keys() - known:
        nearest = get_close_matches(key, known, n=1)
        hint = f"; did you mean {nearest[0]!r}?" if nearest else ""
        raise PhonesError(f"a {what} has no {key!r}{hint}")
