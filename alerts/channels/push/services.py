"""Makes a push service of its address: an Apprise URL, with everything of Apprise's own turned off.

No retry, no pause, no file, no picture, no redirect: the outbox tries again, and nothing is fetched
from or told to anybody but the service. An address is a secret, and stands in no log and no error.
"""

from __future__ import annotations

import logging
import warnings
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote, unquote

from alerts.channels.push.answers import Heard, hearing

if TYPE_CHECKING:
    from apprise import AppriseAsset
    from apprise.plugins.base import NotifyBase

OWN_PART = "{to}"
"""Where a person's own part goes into the address of a channel."""
IO_WITHIN_S = 8.0
"""How long a service may take to connect, and between two pieces of its answer (ours)."""

_EXTRA = "needs Apprise: run `pip install 'menshen[push]'`"
_NO_ADDRESS = (
    "is no address of a push service; write it as Apprise does, such as wecombot://KEY,"
    " dingtalk://SECRET@TOKEN, feishu://TOKEN, ntfys://HOST/TOPIC"
    " or mailtos://USER:PASSWORD@HOST?to=ADDRESS"
)
_NOT_WECOM = "is Pushplus, as Apprise names it; write wecombot://KEY for the bot of a WeCom group"


class PushAddressError(ValueError):
    """An address that cannot be used; the message says what is wanted, and never the address."""


class Service(NamedTuple):
    """A service that can be asked."""

    name: str  # as Apprise's addresses begin: "wecombot"
    plugin: NotifyBase

    def ask(self, text: str) -> Heard:
        """Send a text and return all that was heard of it. Blocks, `IO_WITHIN_S` for each step."""
        from apprise import Apprise, NotifyFormat

        one = Apprise(self.plugin, asset=_asset())
        # A mail without a subject looks like spam; every other service shows the text at once.
        title = text if self.name.startswith("mail") else ""
        with hearing() as answers:
            result = one.notify(
                body=text, title=title, body_format=NotifyFormat.TEXT, log_level=logging.DEBUG
            )
        said = tuple(entry.message for entry in result.logs())
        return Heard(bool(result), tuple(answers), said)


def load() -> None:
    """Load Apprise, which takes seconds on a small machine. Raises `PushAddressError` without."""
    try:
        _asset()
    except ImportError:
        raise PushAddressError(_EXTRA) from None


def check(address: str) -> str:
    """Return what service an address is of; it may have `{to}` for a person's own part.

    Raises `PushAddressError` where it is of none.
    """
    return make(address.replace(OWN_PART, "someone")).name


def filled(address: str, own: str) -> str:
    """Return where a person is reached: their own address, or their part in the channel's.

    Raises `PushAddressError` where neither leads anywhere.
    """
    if "://" in own:
        return own
    if own and OWN_PART not in address:
        raise PushAddressError(
            f"is a part of an address, but the channel's has no {OWN_PART} to put it in: write it"
            " there, or write a whole address here"
        )
    if not address or (not own and OWN_PART in address):
        raise PushAddressError("is missing: the channel has no address of a group")
    return address.replace(OWN_PART, quote(own, safe=""))


def make(address: str) -> Service:
    """Make the service of an address. Raises `PushAddressError`."""
    name = address.partition("://")[0].strip().lower()
    if name == "wecom":
        raise PushAddressError(_NOT_WECOM)
    load()
    from apprise import Apprise, OverflowMode

    plugin = Apprise.instantiate(address, asset=_asset())
    if plugin is None or not len(plugin):
        raise PushAddressError(_NO_ADDRESS)
    plugin.request_rate_per_sec = 0
    plugin.retry = 0
    plugin.overflow_mode = OverflowMode.UPSTREAM
    plugin.socket_connect_timeout = plugin.socket_read_timeout = IO_WITHIN_S
    plugin.redirects = False
    secure, plain = plugin.secure_protocol, plugin.protocol
    named = _first(plain) or _first(secure)
    if named == "dingtalk":
        _sign_as_dingtalk_wants(plugin)
    return Service(named, plugin)


def _first(names: str | tuple[str, ...] | None) -> str:
    return names if isinstance(names, str) else names[0] if names else ""


def _sign_as_dingtalk_wants(plugin: Any) -> None:
    """Undo a quoting of the signature: Apprise 2.2 quotes it, and has `requests` do so again.

    DingTalk would refuse each text with 310000. Base64 has no `%`, so a mended Apprise may stay.
    """
    sign = plugin.get_signature

    def get_signature() -> tuple[str, str]:
        timestamp, signature = sign()
        return timestamp, unquote(signature)

    plugin.get_signature = get_signature


@cache
def _asset() -> AppriseAsset:
    """Load Apprise, and return what all services share. Raises `ImportError` without it."""
    with warnings.catch_warnings():
        # Of its 170 services, which are all loaded, some use what Python is about to give up.
        warnings.simplefilter("ignore", DeprecationWarning)
        from apprise import Apprise, AppriseAsset

        _say_nothing()
        Apprise.instantiate("json://localhost")
    return AppriseAsset(
        app_id="Menshen",
        app_desc="Menshen",
        app_url="",
        image_url_mask="",
        image_url_logo="",
        image_path_mask="",
        interpret_emojis=False,
        http_redirects=False,
        pgp_autogen=False,
        pem_autogen=False,
        allow_templates=False,
        storage_mode="memory",
        service_timeout=0,
    )


def _say_nothing() -> None:
    """Keep addresses out of the log: Apprise and what it uses write them there when they fail.

    Apprise's own account of a call still has everything, for the meaning of a failure.
    """
    apprise = logging.getLogger("apprise")
    apprise.addHandler(logging.NullHandler())
    apprise.setLevel(logging.DEBUG)
    apprise.propagate = False
    logging.getLogger("urllib3").setLevel(logging.ERROR)
