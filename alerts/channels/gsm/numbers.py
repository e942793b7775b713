"""One person, one number: the ways in which +86 mobiles are written, and what must stay as it is.

The network delivers the same phone as `+8613912345678` or `13912345678`; both are one sender here.
Short codes (10086, 106…) are addresses of services and are never expanded.
"""

from __future__ import annotations

import re
import unicodedata

_MOBILE = re.compile(r"1[3-9]\d{9}", re.ASCII)
_CHINESE_MOBILE = re.compile(r"(?:\+86|0086|86)?(1[3-9]\d{9})", re.ASCII)
_INTERNATIONAL = re.compile(r"(?:\+|00)([1-9]\d{6,14})", re.ASCII)
_E164 = re.compile(r"\+[1-9]\d{6,14}", re.ASCII)
_SEPARATORS = re.compile(r"[\s().-]+")


def normalise(number: str) -> str:
    """Return a phone number as E.164 where it surely is one, anything else without separators."""
    written = unicodedata.normalize("NFKC", number).strip()
    bare = _SEPARATORS.sub("", written)
    if mobile := _CHINESE_MOBILE.fullmatch(bare):
        return "+86" + mobile[1]
    if foreign := _INTERNATIONAL.fullmatch(bare):
        return "+" + foreign[1]
    return bare if bare.lstrip("+").isdecimal() else written


def is_phone(number: str) -> bool:
    """Whether a normalised number is a subscriber's: no short code, no sender's name."""
    return _E164.fullmatch(number) is not None


def is_national_mobile(number: str) -> bool:
    """Whether a number is a mainland mobile written without its country."""
    return _MOBILE.fullmatch(number) is not None
