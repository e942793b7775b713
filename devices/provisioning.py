"""What a new device gets: user name, password, access by its own name alone, and a label. Pure.

A device's user name is its id; while its password is being changed it has a second one, the id
with `~2`, `~3`, … behind it. `~` and `.` stand in no device id, so neither such a name nor a
bridge's can be the id of a device: access rules go by user name, and lead to nobody else's topics.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, NamedTuple
from urllib.parse import parse_qsl, urlencode

from devices import topic

PASSWORD_BYTES = 16
"""128 random bits: nobody guesses them, however fast the broker's check is (NIST SP 800-63B)."""

RESERVED = "menshen-"
"""Client ids of the gateway and its tools begin so; no account may be called that."""

MOST_BYTES_OF_BASE = 128
_BRIDGE = "bridge."
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: no I, L, O, U
_MISREAD = str.maketrans({"I": "1", "L": "1", "O": "0", "U": "V", "-": None, " ": None})
_CODE_DIGITS = 8  # 40 bits: one pair in twelve cities of 300,000 devices

_match_bridge = re.compile("[A-Za-z0-9_-]{1,48}").fullmatch
_match_user = re.compile(r"([A-Za-z0-9_-]{4,64})(?:~[0-9]{1,6})?").fullmatch

Access = Literal["read", "write", "readwrite", "deny"]


class NameRefusedError(ValueError):
    """A name or topic that might lead to somebody else's; the message says what is wanted."""


class Rule(NamedTuple):
    """One thing a user may do; `topic` is a filter."""

    access: Access
    topic: str


# ---- names ----


def require_device(device: str) -> str:
    """Return a device id that may have an account. Raises `NameRefusedError`."""
    if not topic.is_device_id(device):
        raise NameRefusedError(f"{device!r} is no device id: 4 to 64 of A-Z a-z 0-9 _ -")
    if device.lower().startswith(RESERVED):
        raise NameRefusedError(f'{device!r}: ids that begin with "{RESERVED}" are the gateway\'s')
    return device


def user_of_device(device: str, generation: int) -> str:
    """Return a device's user name: its id, and `id~2`, `id~3`, … where that one is not free."""
    return device if generation == 1 else f"{device}~{generation}"


def device_of_user(user: str) -> str | None:
    """Return the device that a user name is for, None where it is no device's."""
    match = _match_user(user)
    return match[1] if match else None


def user_of_bridge(bridge: str) -> str:
    """Return the user name of a bridge. Raises `NameRefusedError`."""
    if not _match_bridge(bridge):
        raise NameRefusedError(f"{bridge!r} names no bridge: 1 to 48 of A-Z a-z 0-9 _ -")
    return f"{_BRIDGE}{bridge}"


def require_base(base: str) -> str:
    """Return a base topic that a bridge may have. Raises `NameRefusedError`."""
    levels = base.split("/")
    is_plain = base.isprintable() and not any(sign in base for sign in " #+%") and all(levels)
    if not is_plain or base.startswith("$") or len(base.encode()) > MOST_BYTES_OF_BASE:
        raise NameRefusedError(
            f"{base!r} is no base topic: like `zigbee2mqtt` or `a/b`, no wildcard, no space, no $,"
            f" at most {MOST_BYTES_OF_BASE} bytes"
        )
    if overlap(base, topic.ROOT.partition("/")[0]):
        raise NameRefusedError(f"{base!r}: that is where the gateway's own devices speak")
    return base


def overlap(one: str, other: str) -> bool:
    """Say whether one base topic lies within the other, or is it."""
    return one == other or one.startswith(f"{other}/") or other.startswith(f"{one}/")


# ---- what each may do ----


def pattern_rules() -> tuple[Rule, ...]:
    """Return what every device may do below its own user name, which stands as `%u`."""
    return _device_rules("%u")


def device_rules(device: str) -> tuple[Rule, ...]:
    """Return what a second user name of a device may do: the same, below the device's id."""
    return _device_rules(require_device(device))


def bridge_rules(bases: Iterable[str]) -> tuple[Rule, ...]:
    """Return what a bridge may do: below its bases all, and nothing where native devices speak."""
    own = (Rule("readwrite", f"{require_base(base)}/#") for base in bases)
    return (Rule("deny", f"{topic.ROOT}#"), *own)


def gateway_rules(bases: Iterable[str]) -> tuple[Rule, ...]:
    """Return what the gateway may do: hear everybody, and write only what devices are to hear."""
    return (
        Rule("read", f"{topic.ROOT}#"),
        *(Rule("write", f"{topic.ROOT}+/{leaf}") for leaf in topic.GATEWAY_LEAVES),
        *(Rule("read", f"{base}/#") for base in bases),
        Rule("read", "$SYS/broker/version"),
    )


def _device_rules(name: str) -> tuple[Rule, ...]:
    return (
        *(Rule("write", f"{topic.ROOT}{name}/{leaf}") for leaf in topic.DEVICE_LEAVES),
        *(Rule("read", f"{topic.ROOT}{name}/{leaf}") for leaf in topic.GATEWAY_LEAVES),
    )


# ---- password, short code, label ----


def password(drawn: bytes) -> str:
    """Write random bytes as a password that can be typed: 26 digits and letters, none ambiguous.

    ValueError for fewer than `PASSWORD_BYTES`.
    """
    if len(drawn) < PASSWORD_BYTES:
        raise ValueError(f"a password wants {PASSWORD_BYTES} random bytes")
    return _base32(int.from_bytes(drawn[:PASSWORD_BYTES]), -(-PASSWORD_BYTES * 8 // 5))


def short_code(device: str) -> str:
    """Return what is typed where no camera reads the label, such as `K7F3-Q9XC-M`.

    It is derived from the id and no secret; its last digit tells a mistyped one.
    """
    digest = hashlib.sha256(device.encode()).digest()[: _CODE_DIGITS * 5 // 8]
    digits = _base32(int.from_bytes(digest), _CODE_DIGITS)
    return f"{digits[:4]}-{digits[4:]}-{_check_digit(digits)}"


def read_short_code(typed: str) -> str | None:
    """Return a short code as it is printed, None for what is none or mistyped."""
    digits = typed.upper().translate(_MISREAD)
    if len(digits) != _CODE_DIGITS + 1 or not set(digits) <= set(_ALPHABET):
        return None
    digits, check = digits[:-1], digits[-1]
    return f"{digits[:4]}-{digits[4:]}-{check}" if _check_digit(digits) == check else None


def digest_of_code(code: str) -> bytes:
    """Return how the SHA-256 of every id begins that has this short code, as it is printed.

    Comparing digests finds one of 300,000 devices in a quarter of the time of writing codes.
    """
    number = 0
    for digit in code.replace("-", "")[:_CODE_DIGITS]:
        number = number << 5 | _ALPHABET.index(digit)
    return number.to_bytes(_CODE_DIGITS * 5 // 8)


@dataclass(frozen=True, slots=True)
class Label:
    """What a device's QR code says. One with a password is for whoever sets the device up."""

    device: str
    user: str = ""
    password: str = ""
    broker: str = ""  # host:port
    authority: str = ""  # SHA-256 of the authority's certificate, base64url without padding

    def uri(self) -> str:
        """Return what the code says; what is empty, or follows from the id, is left out."""
        fields = {
            "i": self.device,
            "u": self.user if self.user != self.device else "",
            "p": self.password,
            "b": self.broker,
            "f": self.authority,
        }
        said = urlencode({key: value for key, value in fields.items() if value}, safe="~:[]")
        return f"{_SCHEME}{said}"


_SCHEME = "menshen:1?"


def read_label(text: str) -> Label | None:
    """Read a scanned QR code; None where it is no label of ours."""
    if not text.startswith(_SCHEME) or len(text) > 1024:
        return None
    said = dict(parse_qsl(text.removeprefix(_SCHEME)))
    device = said.get("i", "")
    if not topic.is_device_id(device):
        return None
    secret = said.get("p", "")
    user = said.get("u", device if secret else "")
    return Label(device, user, secret, said.get("b", ""), said.get("f", ""))


def _base32(number: int, digits: int) -> str:
    return "".join(_ALPHABET[number >> 5 * place & 31] for place in reversed(range(digits)))


def _check_digit(digits: str) -> str:
    """Odd weights: any single wrong digit shows, and all neighbours swapped but those 16 apart."""
    summed = sum((2 * at + 1) * _ALPHABET.index(digit) for at, digit in enumerate(digits))
    return _ALPHABET[summed % 32]
