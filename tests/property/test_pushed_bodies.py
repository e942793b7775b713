"""Whatever is pushed, it is read or refused; what is read can be kept, and reads the same again."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.channels.aliyun.pushed import DIALECT as ALIYUN
from alerts.channels.base import IncomingText, Message, Outcome
from alerts.channels.pushed import BadPushError, Dialect, Pushed
from alerts.channels.template import Template, clean, fill
from alerts.channels.tencent.pushed import DIALECT as TENCENT

DIALECTS = {"tencent": TENCENT, "aliyun": ALIYUN}
KEYS = [
    *("mobile", "nationcode", "sid", "report_status", "errmsg", "text", "time"),
    *("phone_number", "biz_id", "success", "err_code", "content", "send_time"),
]
values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    st.text(),
    st.sampled_from(["SUCCESS", "FAIL", "86", "13912345678", "2026-11-21 14:31:08", "0000-00-00"]),
    st.lists(st.integers(), max_size=2),
)
items = st.dictionaries(st.sampled_from(KEYS), values)
bodies = st.one_of(
    st.binary(),
    st.one_of(items, st.lists(items, max_size=3)).map(lambda said: json.dumps(said).encode()),
)


def read(dialect: Dialect, body: bytes) -> Sequence[Pushed] | None:
    try:
        return dialect.read("channel", body)
    except BadPushError:
        return None


@pytest.mark.parametrize("name", DIALECTS)
@given(body=bodies)
def test_any_body_is_read_or_refused(name: str, body: bytes) -> None:
    found = read(DIALECTS[name], body)
    assert found == read(DIALECTS[name], body)
    for item in found or ():
        if isinstance(item, IncomingText):
            item.text.encode()
            item.sender.encode()
            assert item.sent_at is None or item.sent_at.isoformat()
        else:
            assert item.outcome in {Outcome.DELIVERED, Outcome.FAILED_PERMANENT}
            assert item.reason.replace("_", "").isalnum()
            assert item.reason.isascii()


@given(value=st.text(), longest=st.integers(4, 40))
def test_any_value_fits_a_variable_and_is_never_empty(value: str, longest: int) -> None:
    templates = {"alarm": Template("1", ("place", "number"))}
    message = Message("", "alarm", {"place": value, "number": "4821"})
    (_, place), (_, number) = fill(templates, message, longest).values
    assert 1 <= len(place) <= longest
    assert number == "4821"
    assert not set(place) & set("【】{}\n\0")
    place.encode()


@given(value=st.text())
def test_cleaning_twice_is_cleaning_once(value: str) -> None:
    assert clean(clean(value)) == clean(value)
