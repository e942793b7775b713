"""What can be set of a channel: one table for each means of telling people.

Secrets stand in files of their own, each readable by the gateway's user only.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from alerts.channels.template import FIELDS
from alerts.model import NoticeKind

Positive = Annotated[int, Meta(ge=1)]
Fen = Annotated[float, Meta(ge=0, le=10_000)]
Written = Annotated[str, Meta(min_length=1)]
FieldName = Annotated[str, Meta(pattern=rf"^(\w+=)?({'|'.join(sorted(FIELDS))})$")]

SeverityName = Literal["health", "minor", "major", "critical", "help"]


class _Channel(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind"
):
    from_severity: SeverityName = "health"
    """It carries only what is at least so severe."""
    price_fen: Fen = 0
    """Price of one part in fen, for the ledger; 0: not known."""


class GsmChannel(_Channel, frozen=True, kw_only=True, tag="gsm"):
    """A GSM modem on a serial port."""

    name: str = "gsm"
    """Its name in records and on screens."""
    port: str = "/dev/ttyUSB0"
    """Serial port; a path below /dev/serial/by-id stays the same after replugging."""
    baud: Positive = 115200
    """Bits per second."""
    pin_file: str = ""
    """A file that holds the SIM's PIN alone; empty where the SIM asks for none."""
    own_number: str = ""
    """The SIM's own number, to which the daily test text goes; empty: to the maintainer on call."""
    is_lte_only: bool = False
    """Refuse 2G, where a false base station can send texts in anybody's name; needs a modem that
    can (SIM7600, A7670, EC2x)."""
    power_cycle: tuple[Written, ...] = ()
    """Program and arguments that switch the modem's power off and on (`uhubctl`, `gpioset`), run
    as the last step to revive it; empty: it can't be done."""
    is_paced: bool = True
    """Whether texts are held back before a carrier suspends the SIM for sending too many."""
    parts_per_hour: Positive = 30
    """Parts of texts that the SIM may send in an hour (far below the 200 of the operators'
    agreement of 2009: today's thresholds are undisclosed)."""
    parts_per_day: Positive = 150
    """Parts of texts that the SIM may send in a day (that agreement: 1,000)."""


class ConsoleChannel(_Channel, frozen=True, kw_only=True, tag="console"):
    """Texts are printed where the gateway runs. For trying out."""

    name: str = "console"
    """Its name in records and on screens."""


class Template(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One text that a provider has approved, and what fills its variables."""

    id: Written
    """The provider's id of the approved template, such as "1234567" or "SMS_123456789"."""
    fields: tuple[FieldName, ...] = ()
    """What fills its variables, in their order: `number`, `place`, `what`, `when`, `level`, `ask`,
    `lead`, `others`. Where a variable of Aliyun is named otherwise: `"variable=field"`."""


class _Provider(_Channel, frozen=True, kw_only=True):
    sign_name: Written
    """The registered signature, without its brackets."""
    endpoint: str = ""
    """Where the provider is asked; empty: the provider's own address. With "http://" in front no
    TLS is used: for a stand-in on this machine only."""
    hook_secret_file: str = ""
    """A file with at least 32 hexadecimal digits, the secret end of the address to which delivery
    receipts and replies are pushed; empty: none are taken."""
    hook_networks: tuple[Written, ...] = ()
    """Networks ("192.0.2.0/24") from which pushes are taken; empty: any that knows the secret.
    Behind a reverse proxy every push comes from the proxy: let the proxy check."""


class TencentChannel(_Provider, frozen=True, kw_only=True, tag="tencent"):
    """Texts over Tencent Cloud SMS. Needs `pip install 'menshen[tencent]'`."""

    name: str = "tencent"
    """Its name in records and on screens."""
    variable_chars: Positive = 12
    """Characters that one variable may hold: 12 for a person's account; the console says how many
    for an enterprise's."""
    secret_id_file: Written
    """A file that holds the SecretId of a sub-account that may send texts and nothing else."""
    secret_key_file: Written
    """A file that holds its SecretKey."""
    region: Written = "ap-guangzhou"
    """The region that is asked: "ap-guangzhou", "ap-beijing" or "ap-nanjing"."""
    sdk_app_id: Written
    """The SMS application (SdkAppId), such as "1400006666"."""
    templates: dict[NoticeKind, Template] = {}
    """The approved template for each kind of text; one without is told by the next way."""


class AliyunChannel(_Provider, frozen=True, kw_only=True, tag="aliyun"):
    """Texts over Aliyun SMS. Needs `pip install 'menshen[aliyun]'`."""

    name: str = "aliyun"
    """Its name in records and on screens."""
    variable_chars: Positive = 35
    """Characters that one variable may hold (Aliyun: 1 to 35)."""
    access_key_id_file: Written
    """A file that holds the AccessKey ID of a RAM user that may send texts and nothing else."""
    access_key_secret_file: Written
    """A file that holds its AccessKey secret."""
    templates: dict[NoticeKind, Template] = {}
    """The approved template for each kind of text; one without is told by the next way."""


class PushChannel(_Channel, frozen=True, kw_only=True, tag="push"):
    """A push service outside (WeCom, DingTalk, Feishu, ntfy, mail): it is told a number and a link,
    never a house. Needs `pip install 'menshen[push]'`."""

    name: str = "push"
    """Its name in records and on screens."""
    url_file: str = ""
    """A file that holds the Apprise address of a group alone; empty where each person has an
    address of their own."""


ProviderConfig = TencentChannel | AliyunChannel
ChannelConfig = GsmChannel | ConsoleChannel | TencentChannel | AliyunChannel | PushChannel
