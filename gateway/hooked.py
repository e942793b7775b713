"""Who may push to this gateway: each provider that has a secret, by the configuration.

A push is believed for its secret, the end of an address that only the provider was given.
"""

from __future__ import annotations

import ipaddress
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field

from alerts.channels.aliyun import pushed as aliyun
from alerts.channels.pushed import Dialect
from alerts.channels.tencent import pushed as tencent
from gateway.channel_config import AliyunChannel, ProviderConfig, TencentChannel
from gateway.config import Config, read_secret
from gateway.settings import SettingsError

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_SECRET = re.compile(r"[0-9a-fA-F]{32,256}")
_DIALECTS = {TencentChannel: tencent.DIALECT, AliyunChannel: aliyun.DIALECT}


@dataclass(frozen=True, slots=True)
class Hook:
    """Where one provider may push."""

    channel: str
    dialect: Dialect
    secret: str = field(repr=False)
    networks: tuple[Network, ...] = ()  # none: from anywhere

    def admits(self, secret: str, peer: str) -> bool:
        """Whether a push with this secret, from this address, is the provider's."""
        is_it = secrets.compare_digest(secret.encode(), self.secret.encode())
        return is_it and (not self.networks or _is_within(peer, self.networks))


NOBODY = Hook("", Dialect(lambda _channel, _body: (), b"", b""), secrets.token_hex(32))
"""Is asked where there is no such channel, so that the answer takes as long."""


def make_hooks(config: Config) -> list[Hook]:
    """Return a hook for each provider that has a secret. Raises `SettingsError`."""
    return [
        Hook(one.name, _DIALECTS[type(one)], _secret(config, one), tuple(_networks(one)))
        for one in config.channels
        if isinstance(one, TencentChannel | AliyunChannel) and one.hook_secret_file
    ]


def _secret(config: Config, one: ProviderConfig) -> str:
    path = config.path(one.hook_secret_file)
    secret = read_secret(path)
    if not _SECRET.fullmatch(secret):
        raise SettingsError(
            f"{path}: must hold 32 hexadecimal digits or more; `openssl rand -hex 32` makes them"
        )
    return secret


def _networks(one: ProviderConfig) -> Iterable[Network]:
    for place, written in enumerate(one.hook_networks, start=1):
        try:
            yield ipaddress.ip_network(written)
        except ValueError:
            raise SettingsError(
                f'channels: "{one.name}": hook_networks[{place}]: must be a network such as'
                ' "192.0.2.0/24"'
            ) from None


def _is_within(peer: str, networks: Iterable[Network]) -> bool:
    try:
        address = ipaddress.ip_address(peer)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)  # ::ffff:192.0.2.1
    return any((mapped or address) in network for network in networks)
