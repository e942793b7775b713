"""Texts over Aliyun SMS: its SDK against a stand-in that checks what the service checks."""

from __future__ import annotations

import time
from typing import ClassVar

import pytest

from alerts.channels.aliyun.channel import AliyunSettings, aliyun_channel
from alerts.channels.aliyun.pushed import read
from alerts.channels.base import DeliveryReport, IncomingText, Outcome
from alerts.channels.provider import Patience, ProviderChannel, Texts
from alerts.channels.template import Template
from tests.fakes import aliyun
from tests.fakes.provider_contract import ALARM, BRISK, PHONE, TEST, ProviderContract

OUTCOMES = [
    ("SignatureDoesNotMatch", 400, Outcome.FAILED_PERMANENT, "credentials_refused", False),
    ("isp.RAM_PERMISSION_DENY", 200, Outcome.FAILED_PERMANENT, "permission_refused", False),
    ("isv.SMS_SIGNATURE_ILLEGAL", 200, Outcome.FAILED_PERMANENT, "signature_refused", False),
    ("isv.AMOUNT_NOT_ENOUGH", 200, Outcome.FAILED_PERMANENT, "balance_empty", False),
    ("isv.OUT_OF_SERVICE", 200, Outcome.FAILED_PERMANENT, "balance_empty", False),
    ("isv.PRODUCT_UN_SUBSCRIPT", 200, Outcome.FAILED_PERMANENT, "account_unusable", False),
    ("isv.DENY_IP_RANGE", 200, Outcome.FAILED_PERMANENT, "our_address_refused", False),
    ("isv.BLACK_KEY_CONTROL_LIMIT", 200, Outcome.FAILED_PERMANENT, "text_refused", True),
    ("isv.MOBILE_NUMBER_ILLEGAL", 200, Outcome.FAILED_PERMANENT, "number_invalid", True),
    ("isv.BLACK_LIST", 200, Outcome.FAILED_PERMANENT, "number_blacklisted", True),
    ("isv.BUSINESS_LIMIT_CONTROL", 200, Outcome.FAILED_TEMPORARY, "rate_limited", True),
    ("isv.DAY_LIMIT_CONTROL", 200, Outcome.FAILED_TEMPORARY, "limit_used_up", False),
    ("Throttling.User", 400, Outcome.FAILED_TEMPORARY, "provider_busy", True),
    ("ServiceUnavailable", 503, Outcome.FAILED_TEMPORARY, "provider_busy", True),
    ("isp.SYSTEM_ERROR", 200, Outcome.UNCONFIRMED, "provider_unsure", True),
    ("InternalError", 500, Outcome.UNCONFIRMED, "provider_unsure", True),
    ("SomethingNew", 200, Outcome.FAILED_TEMPORARY, "refused", True),
    ("SomethingNew", 404, Outcome.FAILED_TEMPORARY, "refused", True),
    ("SomethingNew", 500, Outcome.UNCONFIRMED, "no_answer", True),
]


class TestAliyun(ProviderContract):
    templates: ClassVar = {
        "alarm": Template("SMS_1", ("place", "what", "when", "number", "ask")),
        "test": Template("SMS_2", ("text=number",)),
        "nonsense": Template("SMS_2", ("text=nonsense",)),
    }
    longest = 35
    phone_there = "13912345678"
    account_code = "isv.ACCOUNT_ABNORMAL"
    template_code = "isv.SMS_TEMPLATE_ILLEGAL"
    sdk = "alibabacloud_dysmsapi20170525.models"

    def service_made(self) -> aliyun.Aliyun:
        return aliyun.Aliyun()

    def channel_made(
        self, url: str, texts: Texts, patience: Patience, *, key: str = aliyun.KEY_SECRET
    ) -> ProviderChannel:
        settings = AliyunSettings(aliyun.KEY_ID, key, texts, endpoint=url, patience=patience)
        return aliyun_channel("aliyun", settings)

    @pytest.mark.parametrize(("code", "status", "outcome", "reason", "is_up"), OUTCOMES)
    async def test_each_code_has_its_outcome(
        self,
        channel: ProviderChannel,
        service: aliyun.Aliyun,
        code: str,
        status: int,
        outcome: Outcome,
        reason: str,
        is_up: bool,
    ) -> None:
        service.no, service.no_status = code, status
        attempt = await channel.send(PHONE, ALARM)
        assert (attempt.outcome, attempt.reason) == (outcome, reason)
        assert channel.health().is_up is is_up

    async def test_a_variable_may_have_a_name_of_its_own(
        self, channel: ProviderChannel, service: aliyun.Aliyun
    ) -> None:
        await channel.send(PHONE, TEST)
        assert service.sent == [("13912345678", "【门神社区】测试4821")]

    async def test_a_wrong_secret_is_refused_and_said(self, service: aliyun.Aliyun) -> None:
        with service.serve() as wire:
            texts = Texts(aliyun.SIGN, self.templates, self.longest)
            channel = self.channel_made(wire.url, texts, BRISK, key="wrong")
            await channel.open()
            assert (await channel.send(PHONE, ALARM)).detail == "SignatureDoesNotMatch"

    async def test_a_gateway_whose_clock_is_wrong_tries_again_soon(
        self, channel: ProviderChannel, service: aliyun.Aliyun
    ) -> None:
        service.now = lambda: time.time() + 901.0
        attempt = await channel.send(PHONE, ALARM)
        assert (attempt.outcome, attempt.reason) == (Outcome.FAILED_TEMPORARY, "clock_wrong")
        channel._clock.now += 31.0  # type: ignore[attr-defined]
        assert channel.health().is_up

    async def test_a_phone_that_got_its_fifty_a_day_is_left_alone_for_a_while(
        self, channel: ProviderChannel, service: aliyun.Aliyun
    ) -> None:
        service.per_day = 1
        await channel.send(PHONE, ALARM)
        attempt = await channel.send(PHONE, ALARM)
        assert (attempt.outcome, attempt.retry_after_s) == (Outcome.FAILED_TEMPORARY, 60.0)


def test_a_receipt_names_its_text_and_says_what_became_of_it() -> None:
    (delivered,) = read("a", aliyun.receipt("9006^0", PHONE))
    assert delivered == DeliveryReport("a", "9006^0", PHONE, Outcome.DELIVERED, "handset_has_it")
    (failed,) = read("a", aliyun.receipt("9006^0", PHONE, failed="MOBILE_NOT_ON_SERVICE"))
    assert failed == DeliveryReport(
        "a", "9006^0", PHONE, Outcome.FAILED_PERMANENT, "undelivered_mobile_not_on_service"
    )


@pytest.mark.parametrize("at", ["2026-11-21 14:31:08", "20261121143108"])
def test_a_reply_is_read_with_its_sender_and_time(at: str) -> None:
    (text,) = read("a", aliyun.reply(PHONE, "1 4821", at=at))
    assert isinstance(text, IncomingText)
    assert (text.sender, text.text) == (PHONE, "1 4821")
    assert text.sent_at is not None
    assert text.sent_at.isoformat() == "2026-11-21T06:31:08+00:00"
