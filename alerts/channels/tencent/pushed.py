"""What Tencent pushes: receipts as a list, at most 100 at once, and each reply by itself.

A receipt names its text by `sid` (the SerialNo), and says SUCCESS or FAIL. Either is taken by an
answer with `result` 0; another one makes Tencent push twice more.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from alerts.channels import pushed
from alerts.channels.pushed import Dialect, Pushed


class _Item(msgspec.Struct, frozen=True):
    mobile: str
    nationcode: str = ""
    # a receipt
    sid: str = ""
    report_status: str = ""
    errmsg: str = ""
    # a reply
    text: str | None = None
    time: float | None = None


def read(channel: str, body: bytes) -> Sequence[Pushed]:
    """Read one push. Raises `BadPushError`."""
    return pushed.each(pushed.items_of(body, _Item), lambda item: _read(channel, item))


def _read(channel: str, item: _Item) -> Pushed | None:
    has_country = item.nationcode.isascii() and item.nationcode.isdecimal()
    phone = f"+{item.nationcode}{item.mobile}" if has_country else item.mobile
    if item.sid and item.report_status in {"SUCCESS", "FAIL"}:
        is_delivered = item.report_status == "SUCCESS"
        return pushed.receipt(channel, item.sid, phone, item.errmsg, is_delivered=is_delivered)
    if item.text is not None:
        return pushed.reply(channel, phone, item.text, pushed.unix_time(item.time))
    return None


DIALECT = Dialect(
    read, taken=b'{"result":0,"errmsg":"OK"}', refused=b'{"result":1,"errmsg":"refused"}'
)
