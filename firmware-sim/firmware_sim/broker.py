"""Where the broker is: one address, written `mqtt://[user[:password]@]host[:port]`."""

from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

DEFAULT_PORT = 1883


@dataclass(frozen=True, slots=True)
class Broker:
    """A broker's address, and the credentials every client uses unless it has its own."""

    host: str
    port: int = DEFAULT_PORT
    username: str | None = None
    password: str | None = None


def parse(url: str, *, username: str | None = None, password: str | None = None) -> Broker:
    """Return the broker an address names; ValueError says what is wrong with the address."""
    parts = urlsplit(url)
    if parts.scheme != "mqtt" or not parts.hostname:
        raise ValueError(f"{url!r} is no broker address; write mqtt://127.0.0.1:1883")
    try:
        port = parts.port or DEFAULT_PORT
    except ValueError as error:
        raise ValueError(f"{url!r} has no valid port: {error}") from error
    return Broker(
        host=parts.hostname,
        port=port,
        username=username or (unquote(parts.username) if parts.username else None),
        password=password or (unquote(parts.password) if parts.password else None),
    )
