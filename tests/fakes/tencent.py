"""Tencent Cloud SMS on loopback: checks what the real one checks, from its documentation alone.

The signature is TC3-HMAC-SHA256 over the request as it came; nothing of the SDK is used.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tests.fakes.loopback import Asked, Loopback

SECRET_ID, SECRET_KEY = "AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE", "Gu5t9xGARNpq86cd98joQYCN3EXAMPLE"
APP_ID, SIGN = "1400006666", "门神社区"
_AUTHORIZATION = re.compile(
    r"TC3-HMAC-SHA256 Credential=(?P<id>[^/]+)/(?P<date>[\d-]+)/(?P<service>\w+)/tc3_request, "
    r"SignedHeaders=(?P<signed>[\w;-]+), Signature=(?P<signature>[0-9a-f]{64})"
)
_PHONE = re.compile(r"(?:\+86|0086|86)?1[3-9]\d{9}|\+[1-9]\d{6,14}")
_WEB = re.compile(r"https?://|www\.", re.IGNORECASE)


class RefusalError(Exception):
    """An error code of the service."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass
class Tencent:
    """The service behind a `Loopback`. `no` is what it says to all, `no_to_phone` to one phone."""

    templates: dict[str, str] = field(
        default_factory=lambda: {"1110": "{1}告警，{2}，{3}，编号{4}，请{5}", "1111": "测试{1}"}
    )
    longest: int = 12
    per_half_minute: int = 100
    no: str = ""
    no_to_phone: str = ""
    now: Callable[[], float] = time.time
    sent: list[tuple[str, str]] = field(default_factory=list)  # phone and text
    serials: list[str] = field(default_factory=list)

    def answer(self, asked: Asked) -> tuple[int, bytes]:
        """Answer one request; every answer has status 200."""
        try:
            said = self._send(asked)
        except RefusalError as refusal:
            said = {"Error": {"Code": refusal.code, "Message": "in words"}}
        body = {"Response": {**said, "RequestId": f"request-{len(self.serials)}"}}
        return 200, json.dumps(body).encode()

    def serve(self) -> Loopback:
        """Return the server, not yet started."""
        return Loopback(self.answer)

    def _send(self, asked: Asked) -> dict[str, Any]:
        self._check_signature(asked)
        if asked.headers.get("x-tc-action") != "SendSms":
            raise RefusalError("InvalidAction")
        if asked.headers.get("x-tc-version") != "2021-01-11":
            raise RefusalError("NoSuchVersion")
        if asked.headers.get("x-tc-region") not in {"ap-guangzhou", "ap-beijing", "ap-nanjing"}:
            raise RefusalError("UnsupportedOperation.UnsupportedRegion")
        if self.no:
            raise RefusalError(self.no)
        wanted = json.loads(asked.body)
        if wanted["SmsSdkAppId"] != APP_ID:
            raise RefusalError("InvalidParameterValue.SdkAppIdNotExist")
        if wanted["SignName"] != SIGN:
            raise RefusalError("FailedOperation.SignatureIncorrectOrUnapproved")
        text = self._text(wanted["TemplateId"], wanted.get("TemplateParamSet") or [])
        return {"SendStatusSet": [self._to(phone, text) for phone in wanted["PhoneNumberSet"]]}

    def _text(self, template: str, values: list[str]) -> str:
        approved = self.templates.get(template)
        if approved is None or len(re.findall(r"\{\d+\}", approved)) != len(values):
            raise RefusalError("FailedOperation.TemplateIncorrectOrUnapproved")
        if any(len(value) > self.longest for value in values):
            raise RefusalError("InvalidParameterValue.TemplateParameterLengthLimit")
        if any(_WEB.search(value) for value in values):
            raise RefusalError("InvalidParameterValue.ProhibitedUseUrlInTemplateParameter")
        for place, value in enumerate(values, start=1):
            approved = approved.replace(f"{{{place}}}", value)
        return f"【{SIGN}】{approved}"

    def _to(self, phone: str, text: str) -> dict[str, Any]:
        code = self.no_to_phone
        if not _PHONE.fullmatch(phone):
            code = "InvalidParameterValue.IncorrectPhoneNumber"
        elif Counter(phone for phone, _ in self.sent)[phone] >= self.per_half_minute:
            code = "LimitExceeded.PhoneNumberThirtySecondLimit"
        status = {"PhoneNumber": phone, "SessionContext": "", "IsoCode": "CN"}
        if code:
            return {**status, "SerialNo": "", "Fee": 0, "Code": code, "Message": "in words"}
        self.sent.append((phone, text))
        self.serials.append(f"5000:{len(self.sent):010d}")
        fee = 1 if len(text) <= 70 else -(-len(text) // 67)
        serial = self.serials[-1]
        return {**status, "SerialNo": serial, "Fee": fee, "Code": "Ok", "Message": "send success"}

    def _check_signature(self, asked: Asked) -> None:
        said = _AUTHORIZATION.fullmatch(asked.headers.get("authorization", ""))
        if said is None or not {"content-type", "host"} <= set(said["signed"].split(";")):
            raise RefusalError("AuthFailure.InvalidAuthorization")
        if said["id"] != SECRET_ID:
            raise RefusalError("AuthFailure.SecretIdNotFound")
        stamp = int(asked.headers["x-tc-timestamp"])
        day = datetime.fromtimestamp(stamp, UTC).strftime("%Y-%m-%d")
        if abs(self.now() - stamp) > 300 or said["date"] != day:
            raise RefusalError("AuthFailure.SignatureExpire")
        if not hmac.compare_digest(
            _signature(asked, said["signed"], stamp, day), said["signature"]
        ):
            raise RefusalError("AuthFailure.SignatureFailure")


def _signature(asked: Asked, signed: str, stamp: int, day: str) -> str:
    lines = "".join(f"{name}:{asked.headers[name].strip().lower()}\n" for name in signed.split(";"))
    payload = hashlib.sha256(asked.body).hexdigest()
    canonical = f"{asked.method}\n{asked.path}\n\n{lines}\n{signed}\n{payload}"
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    text = f"TC3-HMAC-SHA256\n{stamp}\n{day}/sms/tc3_request\n{digest}"
    key = ("TC3" + SECRET_KEY).encode()
    for part in (day, "sms", "tc3_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.digest(key, text.encode(), "sha256").hex()


def receipt(serial: str, phone: str, *, failed: str = "") -> bytes:
    """Return what it pushes once a phone has a text, or never will."""
    status = {
        "user_receive_time": "2026-11-21 14:31:08",
        "nationcode": "86",
        "mobile": phone.removeprefix("+86"),
        "report_status": "FAIL" if failed else "SUCCESS",
        "errmsg": failed or "DELIVRD",
        "description": "用户短信送达成功",
        "sid": serial,
    }
    return json.dumps([status], ensure_ascii=False).encode()


def reply(phone: str, text: str, at: int = 1795242668) -> bytes:
    """Return what it pushes when somebody answers; `at` in seconds since 1970."""
    said = {
        "extend": "",
        "mobile": phone.removeprefix("+86"),
        "nationcode": "86",
        "sign": SIGN,
        "text": text,
        "time": at,
    }
    return json.dumps(said, ensure_ascii=False).encode()
