"""By which ways each person is told: over their own channels, in their order, or over all.

Texts come first, phone by phone; push comes last, whatever the order it is named in: what a push
service takes is no proof that anybody has it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from alerts.channels.push.services import OWN_PART, PushAddressError, check, filled
from alerts.ways import Way
from gateway.channel_config import AliyunChannel, GsmChannel, PushChannel, TencentChannel
from gateway.config import Config, read_secret
from gateway.homes.street import MemberRow
from gateway.settings import SettingsError, nearest


@dataclass(frozen=True, slots=True, repr=False)
class Means:
    """One configured channel, by what ways must know of it. It has no `repr`: no log holds it."""

    name: str
    is_push: bool = False
    is_modem: bool = False
    is_provider: bool = False  # it says what it approved before, and nothing else
    address: str = ""  # of a push channel: of its group, or with `{to}` for a person's own part

    @property
    def has_group(self) -> bool:
        """Say whether it reaches somebody without an address of a person's own."""
        return bool(self.address) and OWN_PART not in self.address


@dataclass(frozen=True, slots=True, repr=False)
class Reach:
    """Where one person can be told. It has no `repr`: no log holds a phone or an address."""

    phones: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()  # by name; none: all that are configured
    addresses: Mapping[str, str] = field(default_factory=dict)  # by channel


def means_of(config: Config) -> tuple[Means, ...]:
    """Return the configured channels, the first tried first.

    Raises `SettingsError` where the file of an address cannot be read, or holds none.
    """
    return tuple(
        Means(
            one.name,
            is_push=isinstance(one, PushChannel),
            is_modem=isinstance(one, GsmChannel),
            is_provider=isinstance(one, TencentChannel | AliyunChannel),
            address=_address(config, one) if isinstance(one, PushChannel) else "",
        )
        for one in config.channels
    )


def _address(config: Config, one: PushChannel) -> str:
    if not one.url_file:
        return ""
    address = read_secret(config.path(one.url_file))
    try:
        check(address)
    except PushAddressError as error:
        where = f'channels (name "{one.name}").url_file'
        raise SettingsError(f"{where}: what the file holds {error}") from None
    return address


def ways_of(reach: Reach, means: Sequence[Means]) -> tuple[Way, ...]:
    """Return each phone over each channel for texts, then each channel for push, best first.

    A channel that is configured no more is passed over; where none is left, all are taken: a person
    is rather told by another way than not at all.
    """
    by_name = {one.name: one for one in means}
    named = [by_name[name] for name in reach.channels if name in by_name]
    return tuple(_ways(reach, named or means))


def ways_in_own_words(phones: Sequence[str], means: Sequence[Means]) -> tuple[Way, ...]:
    """Return the ways by which a phone can be sent any words: to who is on no team, once."""
    free = [one for one in means if not one.is_push and not one.is_provider]
    return tuple(Way(one.name, phone) for phone in phones for one in free)


def _ways(reach: Reach, means: Sequence[Means]) -> Iterator[Way]:
    for phone in reach.phones:
        for one in means:
            if not one.is_push:
                yield Way(one.name, phone)
    for one in means:
        address = reach.addresses.get(one.name, "")
        if one.is_push and (address or one.has_group):
            yield Way(one.name, address)


# ---- what is wrong with it ----


def problems(member: MemberRow, means: Sequence[Means], where: str) -> Iterator[str]:
    """Yield what is wrong with a person's channels and addresses, and never an address."""
    by_name = {one.name: one for one in means}
    for name in member.channels:
        if name not in by_name:
            yield f"{where}.channels: {_not_configured(name, by_name)}"
        elif member.channels.count(name) > 1:
            yield f'{where}.channels: "{name}" stands twice; once is enough'
    for name, address in member.addresses.items():
        here = f"{where}.addresses"
        if name not in by_name:
            yield f"{here}: {_not_configured(name, by_name)}"
        elif not by_name[name].is_push:
            yield f'{here}: "{name}" is no push channel and takes none; write phones in `phones`'
        elif member.channels and name not in member.channels:
            yield f'{here}: "{name}" is not among this person\'s channels; add it there'
        else:
            yield from _wrong(f"{here}.{name}", by_name[name], address)


def _wrong(where: str, one: Means, address: str) -> Iterator[str]:
    try:
        check(filled(one.address, address))
    except PushAddressError as error:
        yield f"{where}: {error}"


def _not_configured(name: str, configured: Mapping[str, Means]) -> str:
    hint = nearest(name, configured) if configured else " (none is)"
    return f'no channel "{name}" is configured{hint}'
