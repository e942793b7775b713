"""Tencent Cloud SMS as a channel, by its SDK: SendSms, signed with TC3-HMAC-SHA256.

Its answer names each text by a SerialNo, which receipts repeat as `sid`, and says as `Fee` how many
parts it charges. One request may carry 200 phones; here it carries one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from alerts.channels.meaning import Meaning
from alerts.channels.provider import Patience, ProviderChannel, RefusedError, Taken, Texts
from alerts.channels.template import Filled
from alerts.channels.tencent.codes import meaning_of

EXTRA, NEEDED = "menshen[tencent]", "tencentcloud"
"""What to install, and the package that is missing without it."""


@dataclass(frozen=True, slots=True)
class TencentSettings:
    """Whom to ask, and as whom. `endpoint`: the provider's own where empty."""

    secret_id: str = field(repr=False)
    secret_key: str = field(repr=False)
    sdk_app_id: str
    texts: Texts
    region: str = "ap-guangzhou"
    endpoint: str = ""
    patience: Patience = field(default_factory=Patience)


def tencent_channel(name: str, settings: TencentSettings) -> ProviderChannel:
    """Make the channel; nothing is imported and nobody asked yet."""
    return ProviderChannel(name, settings.texts, _TencentWire(settings), patience=settings.patience)


class _TencentWire:
    def __init__(self, settings: TencentSettings) -> None:
        self._settings = settings

    def load(self) -> None:
        from tencentcloud.sms.v20210111 import models, sms_client  # type: ignore[import-untyped] # noqa: F401

    def ask(self, number: str, filled: Filled) -> Taken:
        from tencentcloud.common.exception import (  # type: ignore[import-untyped]
            TencentCloudSDKException,
        )
        from tencentcloud.sms.v20210111 import models

        request = models.SendSmsRequest()
        request.PhoneNumberSet = [number]
        request.SmsSdkAppId = self._settings.sdk_app_id
        request.SignName = self._settings.texts.sign_name
        request.TemplateId = filled.id
        request.TemplateParamSet = [value for _, value in filled.values]
        request.headers = {"Connection": "close"}  # one that was kept open may be dead by now
        try:
            answer = self._client().SendSms(request)
        except TencentCloudSDKException as error:
            if error.get_request_id():  # else it is the SDK's own word for what went wrong here
                raise RefusedError(str(error.get_code())) from error
            raise
        return _taken(answer)

    def meaning_of(self, code: str) -> Meaning:
        return meaning_of(code)

    def _client(self) -> Any:
        from tencentcloud.common.credential import Credential  # type: ignore[import-untyped]
        from tencentcloud.common.profile.client_profile import (  # type: ignore[import-untyped]
            ClientProfile,
        )
        from tencentcloud.common.profile.http_profile import (  # type: ignore[import-untyped]
            HttpProfile,
        )
        from tencentcloud.sms.v20210111.sms_client import (  # type: ignore[import-untyped]
            SmsClient,
        )

        settings = self._settings
        scheme, _, host = settings.endpoint.rpartition("://")
        http = HttpProfile(
            protocol=scheme or "https",
            endpoint=host or None,
            reqTimeout=(settings.patience.connect_s, settings.patience.read_s),
        )
        profile = ClientProfile(httpProfile=http)  # without a retryer: it asks once
        return SmsClient(
            Credential(settings.secret_id, settings.secret_key), settings.region, profile
        )


def _taken(answer: Any) -> Taken:
    """Read the status of the one phone that was asked for."""
    status = answer.SendStatusSet[0]
    if status.Code != "Ok":
        raise RefusedError(str(status.Code))
    return Taken(str(status.SerialNo), int(status.Fee) if status.Fee else None)
