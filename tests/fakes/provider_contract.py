"""What every SMS provider's channel must do, tried against a stand-in at the wire.

A test file inherits from `ProviderContract` and says how its own channel and service are made.
"""

from __future__ import annotations

import asyncio
import socket
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Any, ClassVar

import pytest
import pytest_asyncio

from alerts.channels.base import Message, Outcome
from alerts.channels.provider import Patience, ProviderChannel, Texts
from alerts.channels.template import Template
from tests.fakes.loopback import Loopback, Mood

PHONE = "+8613912345678"
FIELDS = {
    "number": "4821",
    "place": "南岭村3栋1203",
    "what": "未报备开门",
    "when": "14:31",
    "level": "证据3级",
    "ask": "回复1 4821",
    "lead": "",
    "others": "",
}
ALARM = Message("【门神】南岭村3栋1203 未报备开门 14:31 证据3级 回复1 4821", "alarm", FIELDS)
TEST = Message("【门神】测试 4821", "test", {"number": "4821"})
BRISK = Patience(connect_s=1.0, read_s=0.3, whole_s=5.0)


class Clock:
    """Seconds that pass when told."""

    now = 1000.0

    def __call__(self) -> float:
        """Tell the time."""
        return self.now


class ProviderContract:
    """Tests that hold for all of them."""

    templates: ClassVar[dict[str, Template]]
    longest: ClassVar[int]
    phone_there: ClassVar[str]
    account_code: ClassVar[str]  # a no that only a person can mend
    template_code: ClassVar[str]
    sdk: ClassVar[str]  # a module of it

    def service_made(self) -> Any:
        """Make the stand-in."""
        raise NotImplementedError

    def channel_made(self, url: str, texts: Texts, patience: Patience) -> ProviderChannel:
        """Make the channel that asks at `url`."""
        raise NotImplementedError

    @pytest.fixture(autouse=True)
    def no_proxy(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("http_proxy", "https_proxy", "all_proxy"):
            monkeypatch.delenv(name, raising=False)
            monkeypatch.delenv(name.upper(), raising=False)

    @pytest.fixture
    def service(self) -> Any:
        return self.service_made()

    @pytest.fixture
    def wire(self, service: Any) -> Iterator[Loopback]:
        with service.serve() as loopback:
            yield loopback

    @pytest_asyncio.fixture
    async def channel(self, wire: Loopback) -> AsyncIterator[ProviderChannel]:
        made = self._channel(wire.url)
        await made.open()
        yield made
        await made.close()

    def _channel(
        self, url: str, *, sign: str = "门神社区", patience: Patience = BRISK
    ) -> ProviderChannel:
        made = self.channel_made(url, Texts(sign, self.templates, self.longest), patience)
        made._clock = Clock()
        return made

    # ---- what goes well ----

    async def test_a_text_goes_out_as_the_template_says(
        self, channel: ProviderChannel, service: Any
    ) -> None:
        attempt = await channel.send(PHONE, ALARM)
        assert (attempt.outcome, attempt.reason) == (Outcome.SENT, "provider_took_it")
        wanted = "【门神社区】南岭村3栋1203告警，未报备开门，14:31，编号4821，请回复1 4821"
        assert service.sent == [(self.phone_there, wanted)]
        assert attempt.parts == 1

    async def test_the_reference_is_noted_before_the_attempt_ends(
        self, channel: ProviderChannel
    ) -> None:
        noted: list[tuple[str, bool]] = []
        main = threading.current_thread()
        attempt = await channel.send(
            PHONE, ALARM, lambda each: noted.append((each, threading.current_thread() is main))
        )
        assert noted == [(attempt.references[0], False)]

    async def test_texts_sent_one_after_the_other_all_go_out(
        self, channel: ProviderChannel, service: Any
    ) -> None:
        attempts = [await channel.send(PHONE, ALARM) for _ in range(3)]
        assert {each.outcome for each in attempts} == {Outcome.SENT}
        assert len({each.references for each in attempts}) == 3

    async def test_values_are_cut_to_what_the_provider_allows(
        self, channel: ProviderChannel, service: Any
    ) -> None:
        fields = FIELDS | {"place": "很长的小区名称" * 9 + "3栋1203", "what": "未报备开门" * 9}
        attempt = await channel.send(PHONE, Message("…", "alarm", fields))
        assert attempt.outcome is Outcome.SENT
        place, what = service.sent[0][1].removeprefix("【门神社区】").split("，")[:2]
        assert place.endswith("3栋1203告警")
        assert len(place.removesuffix("告警")) == len(what) == self.longest

    async def test_what_providers_refuse_in_a_value_is_left_out(
        self, channel: ProviderChannel, service: Any
    ) -> None:
        fields = FIELDS | {"place": "【3】栋★\n1203", "what": "", "when": "http://example.com/x"}
        attempt = await channel.send(PHONE, Message("…", "alarm", fields))
        assert attempt.outcome is Outcome.SENT
        assert service.sent[0][1].startswith("【门神社区】(3)栋 1203告警，无，无，")

    # ---- what does not ----

    @pytest.mark.parametrize("template", ["digest", "", "nonsense"])
    async def test_a_text_without_a_template_is_left_to_the_next_way(
        self, channel: ProviderChannel, wire: Loopback, template: str
    ) -> None:
        attempt = await channel.send(PHONE, Message("…", template, FIELDS))
        assert (attempt.outcome, attempt.reason) == (Outcome.FAILED_PERMANENT, "no_template")
        assert (attempt.parts, wire.asked) == (0, [])

    async def test_a_message_that_has_nothing_to_fill_in_is_left_to_the_next_way(
        self, channel: ProviderChannel, wire: Loopback
    ) -> None:
        attempt = await channel.send(PHONE, Message("in full", "alarm", {}))
        assert (attempt.outcome, attempt.reason) == (Outcome.FAILED_PERMANENT, "no_template")
        assert wire.asked == []

    @pytest.mark.parametrize("to", ["10086", "wecom://key", "", "+86"])
    async def test_what_is_no_phone_is_not_asked_for(
        self, channel: ProviderChannel, wire: Loopback, to: str
    ) -> None:
        attempt = await channel.send(to, ALARM)
        assert (attempt.outcome, attempt.reason) == (Outcome.FAILED_PERMANENT, "number_invalid")
        assert wire.asked == []

    @pytest.mark.parametrize("mood", [Mood.HANGS, Mood.CUTS, Mood.BREAKS, Mood.MUMBLES])
    async def test_a_text_that_may_have_gone_out_is_unconfirmed_and_asked_for_once(
        self, channel: ProviderChannel, wire: Loopback, mood: Mood
    ) -> None:
        wire.mood = mood
        attempt = await channel.send(PHONE, ALARM)
        assert (attempt.outcome, attempt.reason) == (Outcome.UNCONFIRMED, "no_answer")
        assert (attempt.parts, len(wire.asked)) == (1, 1)
        assert channel.health().facts["unconfirmed"] == "1"

    async def test_where_nobody_listens_nothing_was_tried_and_the_channel_is_down_a_while(
        self,
    ) -> None:
        with socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))
            channel = self._channel(f"http://127.0.0.1:{closed.getsockname()[1]}")
            await channel.open()
            attempt = await channel.send(PHONE, ALARM)
        assert (attempt.outcome, attempt.reason) == (Outcome.NOT_TRIED, "unreachable")
        assert attempt.parts == 0
        health = channel.health()
        assert (health.is_up, health.reason) == (False, "unreachable")

    async def test_a_name_that_nothing_answers_to_was_not_tried(self) -> None:
        channel = self._channel("http://sms.invalid")
        await channel.open()
        attempt = await channel.send(PHONE, ALARM)
        assert (attempt.outcome, attempt.reason) == (Outcome.NOT_TRIED, "unreachable")

    async def test_a_call_that_never_ends_is_given_up_and_its_late_answer_still_noted(
        self, wire: Loopback
    ) -> None:
        channel = self._channel(wire.url, patience=Patience(1.0, 5.0, whole_s=0.2))
        await channel.open()
        may_answer, noted = threading.Event(), asyncio.Event()
        answer, loop = wire.answer, asyncio.get_running_loop()

        def late(asked: Any) -> tuple[int, bytes]:
            may_answer.wait(5.0)
            return answer(asked)

        wire.answer = late
        attempt = await channel.send(
            PHONE, ALARM, lambda _: loop.call_soon_threadsafe(noted.set) and None
        )
        assert (attempt.outcome, attempt.reason) == (Outcome.UNCONFIRMED, "no_answer")
        may_answer.set()
        async with asyncio.timeout(5.0):
            await noted.wait()

    async def test_an_sdk_that_cannot_be_loaded_is_said(
        self, monkeypatch: pytest.MonkeyPatch, wire: Loopback
    ) -> None:
        monkeypatch.setitem(sys.modules, self.sdk, None)
        channel = self._channel(wire.url)
        await channel.open()
        attempt = await channel.send(PHONE, ALARM)
        assert (attempt.outcome, attempt.reason) == (Outcome.FAILED_PERMANENT, "sdk_broken")
        assert (channel.health().reason, wire.asked) == ("sdk_broken", [])

    async def test_without_http_in_front_of_an_address_nothing_goes_out_unencrypted(
        self, wire: Loopback
    ) -> None:
        channel = self._channel(wire.url.removeprefix("http://"))
        await channel.open()
        attempt = await channel.send(PHONE, ALARM)
        assert attempt.outcome is not Outcome.SENT
        assert wire.asked == []

    # ---- what the channel says of itself ----

    async def test_what_a_person_must_mend_takes_the_channel_down_until_a_text_goes_out(
        self, channel: ProviderChannel, service: Any, wire: Loopback
    ) -> None:
        service.no = self.account_code
        attempt = await channel.send(PHONE, ALARM)
        assert attempt.outcome is Outcome.FAILED_PERMANENT
        health = channel.health()
        assert (health.is_up, health.reason) == (False, attempt.reason)
        assert (await channel.send(PHONE, ALARM)).outcome is Outcome.NOT_TRIED
        assert len(wire.asked) == 1

        service.no = ""
        channel._clock.now += 601.0  # type: ignore[attr-defined]
        assert channel.health().reason == "trying_again"
        assert (await channel.send(PHONE, ALARM)).outcome is Outcome.SENT
        assert channel.health().reason == "ready"

    async def test_a_refused_template_that_is_not_the_alarms_leaves_the_channel_up(
        self, channel: ProviderChannel, service: Any
    ) -> None:
        service.no = self.template_code
        attempt = await channel.send(PHONE, TEST)
        assert (attempt.outcome, attempt.reason) == (
            Outcome.FAILED_PERMANENT,
            "template_refused",
        )
        health = channel.health()
        assert (health.is_up, health.facts["refused_templates"]) == (True, "test")
        await channel.send(PHONE, ALARM)
        assert not channel.health().is_up

    async def test_a_channel_without_a_template_for_alarms_is_down(self) -> None:
        channel = self.channel_made("http://127.0.0.1:9", Texts("门神", {}, 12), BRISK)
        await channel.open()
        health = channel.health()
        assert (health.is_up, health.reason) == (False, "no_template")

    async def test_a_closed_channel_sends_nothing(
        self, channel: ProviderChannel, wire: Loopback
    ) -> None:
        await channel.close()
        attempt = await channel.send(PHONE, ALARM)
        assert (attempt.outcome, attempt.reason, wire.asked) == (Outcome.NOT_TRIED, "stopped", [])

    async def test_nothing_that_is_said_of_a_failure_holds_a_phone_or_a_secret(
        self, channel: ProviderChannel, service: Any
    ) -> None:
        service.no = self.account_code
        said = repr(await channel.send(PHONE, ALARM)) + repr(channel.health())
        assert "139" not in said
        assert "EXAMPLE" not in said
