"""The console channel: one line a text, whatever the text."""

from __future__ import annotations

import io
from datetime import UTC, datetime

from alerts.channels.base import Channel, Message, Outcome
from alerts.channels.console import ConsoleChannel

AT = datetime(2025, 3, 9, 14, 32, 5, tzinfo=UTC)


async def test_a_text_is_one_line_with_time_and_number_in_full() -> None:
    stream = io.StringIO()
    channel: Channel = ConsoleChannel(stream, now=lambda: AT)

    attempt = await channel.send(
        "+8613912345678", Message("【门神】南岭村3栋1203 门开\n回复 1 4821\x1b[2J")
    )

    assert attempt.outcome is Outcome.DELIVERED
    (line,) = stream.getvalue().splitlines()
    assert line.endswith("  +8613912345678  【门神】南岭村3栋1203 门开 回复 1 4821 [2J")
    assert line[:8] == f"{AT.astimezone():%H:%M:%S}"


async def test_a_closed_stream_is_a_channel_that_is_down() -> None:
    stream = io.StringIO()
    stream.close()
    channel = ConsoleChannel(stream)

    assert (await channel.send("+8613912345678", Message("x"))).outcome is Outcome.FAILED_TEMPORARY
    assert not channel.health().is_up
