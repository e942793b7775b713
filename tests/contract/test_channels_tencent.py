"""Texts over Tencent Cloud SMS: its SDK against a stand-in that checks what the service checks."""

from __future__ import annotations

import time
from typing import ClassVar

import pytest

from alerts.channels import meaning
from alerts.channels.base import DeliveryReport, IncomingText, Message, Outcome
from alerts.channels.provider import Patience, ProviderChannel, Texts
from alerts.channels.template import Template
from alerts.channels.tencent import codes
from alerts.channels.tencent.channel import TencentSettings, tencent_channel
from alerts.channels.tencent.pushed import read
from tests.fakes import tencent
from tests.fakes.provider_contract import ALARM, BRISK, FIELDS, PHONE, ProviderContract

NO, LATER, PERHAPS = Outcome.FAILED_PERMANENT, Outcome.FAILED_TEMPORARY, Outcome.UNCONFIRMED

OUTCOMES = [
    ("AuthFailure.SignatureFailure", NO, "credentials_refused", False),
    ("AuthFailure.UnauthorizedOperation", NO, "permission_refused", False),
    ("FailedOperation.SignatureIncorrectOrUnapproved", NO, "signature_refused", False),
    ("FailedOperation.InsufficientBalanceInSmsPackage", NO, "balance_empty", False),
    ("UnauthorizedOperation.ServiceSuspendDueToArrears", NO, "balance_empty", False),
    ("UnauthorizedOperation.RequestIpNotInWhitelist", NO, "our_address_refused", False),
    ("FailedOperation.ContainSensitiveWord", NO, "text_refused", True),
    ("LimitExceeded.AppDailyLimit", LATER, "limit_used_up", False),
    ("LimitExceeded.SomethingNew", LATER, "rate_limited", True),
    ("RequestLimitExceeded.UinLimitExceeded", LATER, "provider_busy", True),
    ("InternalError.Timeout", PERHAPS, "provider_unsure", True),
    ("SomethingNew", LATER, "refused", True),
]
TO_ONE_PHONE = [
    ("FailedOperation.PhoneNumberInBlacklist", Outcome.FAILED_PERMANENT, "number_blacklisted"),
    ("InvalidParameterValue.IncorrectPhoneNumber", Outcome.FAILED_PERMANENT, "number_invalid"),
    ("LimitExceeded.PhoneNumberDailyLimit", Outcome.FAILED_TEMPORARY, "rate_limited"),
]


class TestTencent(ProviderContract):
    templates: ClassVar = {
        "alarm": Template("1110", ("place", "what", "when", "number", "ask")),
        "test": Template("1111", ("number",)),
        "nonsense": Template("1111", ("nonsense",)),
    }
    longest = 12
    phone_there = PHONE
    account_code = "AuthFailure.SecretIdNotFound"
    template_code = "FailedOperation.TemplateIncorrectOrUnapproved"
    sdk = "tencentcloud.sms.v20210111"

    def service_made(self) -> tencent.Tencent:
        return tencent.Tencent()

    def channel_made(
        self,
        url: str,
        texts: Texts,
        patience: Patience,
        *,
        key: str = tencent.SECRET_KEY,
        app: str = tencent.APP_ID,
    ) -> ProviderChannel:
        settings = TencentSettings(
            tencent.SECRET_ID, key, app, texts, endpoint=url, patience=patience
        )
        return tencent_channel("tencent", settings)

    @pytest.mark.parametrize(("code", "outcome", "reason", "is_up"), OUTCOMES)
    async def test_each_code_has_its_outcome(
        self,
        channel: ProviderChannel,
        service: tencent.Tencent,
        code: str,
        outcome: Outcome,
        reason: str,
        is_up: bool,
    ) -> None:
        service.no = code
        attempt = await channel.send(PHONE, ALARM)
        assert (attempt.outcome, attempt.reason, attempt.detail) == (outcome, reason, code)
        assert channel.health().is_up is is_up

    @pytest.mark.parametrize(("code", "outcome", "reason"), TO_ONE_PHONE)
    async def test_what_is_said_of_one_phone_leaves_the_channel_up(
        self,
        channel: ProviderChannel,
        service: tencent.Tencent,
        code: str,
        outcome: Outcome,
        reason: str,
    ) -> None:
        service.no_to_phone = code
        attempt = await channel.send(PHONE, ALARM)
        assert (attempt.outcome, attempt.reason, attempt.parts) == (outcome, reason, 0)
        assert channel.health().is_up

    async def test_a_phone_that_got_too_many_is_tried_again_in_half_a_minute(
        self, channel: ProviderChannel, service: tencent.Tencent
    ) -> None:
        service.per_half_minute = 1
        await channel.send(PHONE, ALARM)
        attempt = await channel.send(PHONE, ALARM)
        assert (attempt.reason, attempt.retry_after_s) == ("rate_limited", 30.0)

    async def test_a_wrong_secret_is_refused_and_said(self, service: tencent.Tencent) -> None:
        with service.serve() as wire:
            texts = Texts(tencent.SIGN, self.templates, self.longest)
            channel = self.channel_made(wire.url, texts, BRISK, key="wrong")
            await channel.open()
            assert (await channel.send(PHONE, ALARM)).detail == "AuthFailure.SignatureFailure"

    async def test_a_gateway_whose_clock_is_wrong_tries_again_soon(
        self, channel: ProviderChannel, service: tencent.Tencent
    ) -> None:
        service.now = lambda: time.time() + 301.0
        attempt = await channel.send(PHONE, ALARM)
        assert (attempt.outcome, attempt.reason) == (Outcome.FAILED_TEMPORARY, "clock_wrong")
        channel._clock.now += 31.0  # type: ignore[attr-defined]
        assert channel.health().is_up

    @pytest.mark.parametrize(
        ("sign", "app", "reason"),
        [
            ("另一签名", tencent.APP_ID, "signature_refused"),
            (tencent.SIGN, "14", "account_unusable"),
        ],
    )
    async def test_what_is_not_registered_there_is_refused(
        self, service: tencent.Tencent, sign: str, app: str, reason: str
    ) -> None:
        with service.serve() as wire:
            texts = Texts(sign, self.templates, self.longest)
            channel = self.channel_made(wire.url, texts, BRISK, app=app)
            await channel.open()
            assert (await channel.send(PHONE, ALARM)).reason == reason

    async def test_the_parts_are_those_that_are_charged(
        self, channel: ProviderChannel, service: tencent.Tencent
    ) -> None:
        service.templates["1111"] = "长" * 70 + "{1}"
        attempt = await channel.send(PHONE, Message("short", "test", FIELDS))
        assert attempt.parts == 2

    async def test_a_variable_longer_than_agreed_is_the_templates_fault(
        self, channel: ProviderChannel, service: tencent.Tencent
    ) -> None:
        service.longest = 4
        assert (await channel.send(PHONE, ALARM)).reason == "template_refused"


def test_every_code_of_the_sdk_for_sending_has_a_meaning() -> None:
    from tencentcloud.sms.v20210111 import errorcodes  # type: ignore[import-untyped]

    known = [value for name, value in vars(errorcodes).items() if name.isupper()]
    assert len(known) > 80
    families = {"FailedOperation"}  # what is not in the table there concerns registering
    unknown = [code for code in known if codes.meaning_of(code) is meaning.REFUSED]
    assert not [code for code in unknown if code.partition(".")[0] not in families]


def test_a_receipt_names_its_text_and_says_what_became_of_it() -> None:
    (delivered,) = read("t", tencent.receipt("5000:1", PHONE))
    assert delivered == DeliveryReport("t", "5000:1", PHONE, Outcome.DELIVERED, "handset_has_it")
    (failed,) = read("t", tencent.receipt("5000:1", PHONE, failed="MK:0001"))
    assert failed == DeliveryReport(
        "t", "5000:1", PHONE, Outcome.FAILED_PERMANENT, "undelivered_mk_0001"
    )


def test_a_reply_is_read_with_its_sender_and_time() -> None:
    (text,) = read("t", tencent.reply(PHONE, "1 4821", at=1795242668))
    assert isinstance(text, IncomingText)
    assert (text.sender, text.text) == (PHONE, "1 4821")
    assert text.sent_at is not None
    assert text.sent_at.isoformat() == "2026-11-21T06:31:08+00:00"


@pytest.mark.parametrize("at", [253402300800, -62135596801, 10**300, -(10**18)])
def test_a_reply_from_no_time_there_is_is_kept_without_it(at: int) -> None:
    (text,) = read("t", tencent.reply(PHONE, "1 4821", at=at))
    assert isinstance(text, IncomingText)
    assert (text.text, text.sent_at) == ("1 4821", None)
