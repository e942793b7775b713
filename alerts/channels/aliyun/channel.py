"""Aliyun SMS as a channel, by its SDK: SendSms of Dysmsapi, signed with ACS3-HMAC-SHA256.

Its answer names a text by a BizId, which receipts repeat; how many parts were charged only the
receipt says. Variables have names, and are sent as one JSON object of texts.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from alerts.channels import meaning
from alerts.channels.aliyun.codes import meaning_of
from alerts.channels.meaning import Meaning
from alerts.channels.provider import Patience, ProviderChannel, RefusedError, Taken, Texts
from alerts.channels.template import Filled

EXTRA, NEEDED = "menshen[aliyun]", "alibabacloud_dysmsapi20170525"
"""What to install, and the package that is missing without it."""
ENDPOINT = "dysmsapi.aliyuncs.com"


@dataclass(frozen=True, slots=True)
class AliyunSettings:
    """Whom to ask, and as whom. `endpoint`: the provider's own where empty."""

    access_key_id: str = field(repr=False)
    access_key_secret: str = field(repr=False)
    texts: Texts
    endpoint: str = ""
    patience: Patience = field(default_factory=Patience)


def aliyun_channel(name: str, settings: AliyunSettings) -> ProviderChannel:
    """Make the channel; nothing is imported and nobody asked yet."""
    return ProviderChannel(name, settings.texts, _AliyunWire(settings), patience=settings.patience)


class _AliyunWire:
    def __init__(self, settings: AliyunSettings) -> None:
        self._settings = settings
        self._client: Any = None

    def load(self) -> None:
        import alibabacloud_dysmsapi20170525.client  # type: ignore[import-untyped] # noqa: F401

    def ask(self, number: str, filled: Filled) -> Taken:
        from alibabacloud_dysmsapi20170525.models import (  # type: ignore[import-untyped]
            SendSmsRequest,
        )
        from darabonba.exceptions import ResponseException  # type: ignore[import-untyped]
        from darabonba.runtime import RuntimeOptions  # type: ignore[import-untyped]

        request = SendSmsRequest(
            phone_numbers=number.removeprefix("+86").removeprefix("+"),
            sign_name=self._settings.texts.sign_name,
            template_code=filled.id,
            template_param=json.dumps(dict(filled.values), ensure_ascii=False),
        )
        if self._client is None:
            self._client = self._made()
        try:
            # without retry options: it asks once
            answer = self._client.send_sms_with_options(request, RuntimeOptions())
        except ResponseException as error:
            code = str(error.code)
            if (error.status_code or 0) >= 500 and meaning_of(code) is meaning.REFUSED:
                raise  # it broke down half-way: no answer was had
            raise RefusedError(code) from error
        return _taken(answer.body)

    def meaning_of(self, code: str) -> Meaning:
        return meaning_of(code)

    def _made(self) -> Any:
        from alibabacloud_dysmsapi20170525.client import Client
        from alibabacloud_tea_openapi.utils_models import Config  # type: ignore[import-untyped]

        settings = self._settings
        scheme, _, host = settings.endpoint.rpartition("://")
        return Client(
            Config(
                access_key_id=settings.access_key_id,
                access_key_secret=settings.access_key_secret,
                protocol=scheme or "https",
                endpoint=host or ENDPOINT,
                connect_timeout=int(settings.patience.connect_s * 1000),
                read_timeout=int(settings.patience.read_s * 1000),
            )
        )


def _taken(body: Any) -> Taken:
    if body.code != "OK":
        raise RefusedError(str(body.code))
    return Taken(str(body.biz_id))
