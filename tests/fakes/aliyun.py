"""Aliyun SMS on loopback: checks what the real one checks, from its documentation alone.

The signature is ACS3-HMAC-SHA256 over the request as it came; nothing of the SDK is used.
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
from datetime import datetime
from urllib.parse import parse_qsl, quote, urlsplit

from tests.fakes.loopback import Asked, Loopback

KEY_ID, KEY_SECRET = "LTAI5tEXAMPLEEXAMPLEEXAM", "yourAccessKeySecretEXAMPLE0000"
SIGN = "门神社区"
_AUTHORIZATION = re.compile(
    r"ACS3-HMAC-SHA256 Credential=(?P<id>[^,]+),\s*SignedHeaders=(?P<signed>[\w;-]+),"
    r"\s*Signature=(?P<signature>[0-9a-f]{64})"
)
_PHONE = re.compile(r"(?:\+86|0086|86)?1[3-9]\d{9}|[1-9]\d{6,14}")


class RefusalError(Exception):
    """An error code; `status` is 200 for what the SMS service itself says."""

    def __init__(self, code: str, status: int = 200) -> None:
        super().__init__(code)
        self.code, self.status = code, status


@dataclass
class Aliyun:
    """The service behind a `Loopback`. `no` is what it says to all, with `no_status`."""

    templates: dict[str, str] = field(
        default_factory=lambda: {
            "SMS_1": "${place}告警，${what}，${when}，编号${number}，请${ask}",
            "SMS_2": "测试${text}",
        }
    )
    longest: int = 35
    per_day: int = 50
    no: str = ""
    no_status: int = 200
    now: Callable[[], float] = time.time
    sent: list[tuple[str, str]] = field(default_factory=list)  # phone and text
    bizids: list[str] = field(default_factory=list)
    nonces: set[str] = field(default_factory=set)

    def answer(self, asked: Asked) -> tuple[int, bytes]:
        """Answer one request."""
        try:
            status, said = 200, {"Code": "OK", "Message": "OK", "BizId": self._send(asked)}
        except RefusalError as refusal:
            # the real one repeats the phone in its message
            message = "13900000000invalid"
            status, said = refusal.status, {"Code": refusal.code, "Message": message}
        return status, json.dumps({**said, "RequestId": "819BE656-D2E0"}).encode()

    def serve(self) -> Loopback:
        """Return the server, not yet started."""
        return Loopback(self.answer)

    def _send(self, asked: Asked) -> str:
        self._check_signature(asked)
        if asked.headers.get("x-acs-action") != "SendSms":
            raise RefusalError("InvalidAction.NotFound", 404)
        if asked.headers.get("x-acs-version") != "2017-05-25":
            raise RefusalError("InvalidVersion", 404)
        if self.no:
            raise RefusalError(self.no, self.no_status)
        wanted = dict(parse_qsl(urlsplit(asked.path).query, keep_blank_values=True))
        phone = wanted["PhoneNumbers"]
        if not _PHONE.fullmatch(phone):
            raise RefusalError("isv.MOBILE_NUMBER_ILLEGAL")
        if wanted["SignName"] != SIGN:
            raise RefusalError("isv.SMS_SIGNATURE_ILLEGAL")
        text = self._text(wanted["TemplateCode"], wanted.get("TemplateParam", "{}"))
        if Counter(phone for phone, _ in self.sent)[phone] >= self.per_day:
            raise RefusalError("isv.BUSINESS_LIMIT_CONTROL")
        self.sent.append((phone, text))
        self.bizids.append(f"{900619746936498440 + len(self.sent)}^0")
        return self.bizids[-1]

    def _text(self, template: str, given: str) -> str:
        approved = self.templates.get(template)
        if approved is None:
            raise RefusalError("isv.SMS_TEMPLATE_ILLEGAL")
        try:
            values = json.loads(given)
        except ValueError:
            raise RefusalError("isv.INVALID_JSON_PARAM") from None
        for name in re.findall(r"\$\{(\w+)\}", approved):
            if name not in values:
                raise RefusalError("isv.TEMPLATE_MISSING_PARAMETERS")
            if not isinstance(values[name], str) or not 1 <= len(values[name]) <= self.longest:
                raise RefusalError("isv.TEMPLATE_PARAMS_ILLEGAL")
            approved = approved.replace(f"${{{name}}}", values[name])
        return f"【{SIGN}】{approved}"

    def _check_signature(self, asked: Asked) -> None:
        said = _AUTHORIZATION.fullmatch(asked.headers.get("authorization", ""))
        if said is None:
            raise RefusalError("IncompleteSignature", 400)
        if said["id"] != KEY_ID:
            raise RefusalError("InvalidAccessKeyId.NotFound", 404)
        at = datetime.fromisoformat(asked.headers["x-acs-date"]).timestamp()
        if abs(self.now() - at) > 900:
            raise RefusalError("InvalidTimeStamp.Expired", 400)
        if asked.headers["x-acs-signature-nonce"] in self.nonces:
            raise RefusalError("SignatureNonceUsed", 400)
        self.nonces.add(asked.headers["x-acs-signature-nonce"])
        if hashlib.sha256(asked.body).hexdigest() != asked.headers["x-acs-content-sha256"]:
            raise RefusalError("SignatureDoesNotMatch", 400)
        if not hmac.compare_digest(_signature(asked, said["signed"]), said["signature"]):
            raise RefusalError("SignatureDoesNotMatch", 400)


def _signature(asked: Asked, signed: str) -> str:
    parts = urlsplit(asked.path)
    query = "&".join(
        f"{quote(name, safe='~')}={quote(value, safe='~')}"
        for name, value in sorted(parse_qsl(parts.query, keep_blank_values=True))
    )
    lines = "".join(f"{name}:{asked.headers[name].strip()}\n" for name in signed.split(";"))
    payload = asked.headers["x-acs-content-sha256"]
    canonical = "\n".join([asked.method, parts.path or "/", query, lines, signed, payload])
    text = "ACS3-HMAC-SHA256\n" + hashlib.sha256(canonical.encode()).hexdigest()
    return hmac.digest(KEY_SECRET.encode(), text.encode(), "sha256").hex()


def receipt(bizid: str, phone: str, *, failed: str = "") -> bytes:
    """Return what it pushes once a phone has a text, or never will."""
    status = {
        "phone_number": phone.removeprefix("+86"),
        "send_time": "2026-11-21 14:31:00",
        "report_time": "2026-11-21 14:31:08",
        "success": not failed,
        "err_code": failed or "DELIVERED",
        "err_msg": "用户接收成功",
        "sms_size": "1",
        "biz_id": bizid,
        "out_id": "",
    }
    return json.dumps([status], ensure_ascii=False).encode()


def reply(phone: str, text: str, at: str = "2026-11-21 14:31:08") -> bytes:
    """Return what it pushes when somebody answers; `at` in Chinese time."""
    said = {
        "phone_number": phone.removeprefix("+86"),
        "send_time": at,
        "content": text,
        "sign_name": SIGN,
        "dest_code": "1234",
        "sequence_id": 1234567890,
    }
    return json.dumps([said], ensure_ascii=False).encode()
