"""What Aliyun pushes: receipts (SmsReport) and replies (SmsUp), each as a list.

A receipt names its text by `biz_id`. Taken is what is answered with status 200 and a number as
`code`; else it is pushed again after 1, 5 and 10 minutes. The same may come twice either way.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from alerts.channels import pushed
from alerts.channels.pushed import Dialect, Pushed


class _Item(msgspec.Struct, frozen=True):
    phone_number: str
    # a receipt
    biz_id: str = ""
    success: bool | None = None
    err_code: str = ""
    # a reply
    content: str | None = None
    send_time: str = ""


def read(channel: str, body: bytes) -> Sequence[Pushed]:
    """Read one push. Raises `BadPushError`."""
    return pushed.each(pushed.items_of(body, _Item), lambda item: _read(channel, item))


def _read(channel: str, item: _Item) -> Pushed | None:
    if item.biz_id and item.success is not None:
        return pushed.receipt(
            channel, item.biz_id, item.phone_number, item.err_code, is_delivered=item.success
        )
    if item.content is not None:
        sent_at = pushed.china_time(item.send_time)
        return pushed.reply(channel, item.phone_number, item.content, sent_at)
    return None


DIALECT = Dialect(read, taken=b'{"code":0,"msg":"OK"}', refused=b'{"code":1,"msg":"refused"}')
