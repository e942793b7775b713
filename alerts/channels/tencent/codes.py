"""What Tencent's error codes mean, by table: its documentation of SendSms and of common errors.

A code is a family and a case, `Family.Case`; the case counts where it is known, else the family.
"""

from __future__ import annotations

from alerts.channels import meaning
from alerts.channels.meaning import Meaning

_HALF_A_MINUTE, _HOUR = 30.0, 3600.0

CASES: dict[str, Meaning] = {
    # what a person must mend
    "AuthFailure.SignatureExpire": meaning.CLOCK,  # more than 5 minutes from Tencent's clock
    "InternalError.RequestTimeException": meaning.CLOCK,
    "AuthFailure.UnauthorizedOperation": meaning.PERMISSION,
    "UnauthorizedOperation.RequestPermissionDeny": meaning.PERMISSION,
    "FailedOperation.ProhibitSubAccountUse": meaning.PERMISSION,
    "UnauthorizedOperation.RequestIpNotInWhitelist": meaning.OUR_ADDRESS,
    "FailedOperation.InsufficientBalanceInSmsPackage": meaning.BALANCE,
    "UnauthorizedOperation.ServiceSuspendDueToArrears": meaning.BALANCE,
    "InvalidParameterValue.SdkAppIdNotExist": meaning.ACCOUNT,
    "UnauthorizedOperation.SdkAppIdIsDisabled": meaning.ACCOUNT,
    "UnauthorizedOperation.SmsSdkAppIdVerifyFail": meaning.ACCOUNT,
    "UnsupportedOperation.UnsupportedRegion": meaning.ACCOUNT,
    "FailedOperation.SignatureIncorrectOrUnapproved": meaning.SIGNATURE,
    "FailedOperation.MissingSignature": meaning.SIGNATURE,
    "InternalError.SigFieldMissing": meaning.CREDENTIALS,
    "InternalError.SigVerificationFail": meaning.CREDENTIALS,
    "FailedOperation.TemplateIncorrectOrUnapproved": meaning.TEMPLATE,
    "FailedOperation.TemplateUnapprovedOrNotExist": meaning.TEMPLATE,
    "FailedOperation.TemplateIdNotExist": meaning.TEMPLATE,
    "FailedOperation.TemplateParamSetNotMatchApprovedTemplate": meaning.TEMPLATE,
    "InvalidParameterValue.TemplateParameterFormatError": meaning.TEMPLATE,
    "InvalidParameterValue.TemplateParameterLengthLimit": meaning.TEMPLATE,
    "UnauthorizedOperation.IndividualUserMarketingSmsPermissionDeny": meaning.TEMPLATE,
    "FailedOperation.MarketingSendTimeConstraint": meaning.TEMPLATE,  # of the wrong kind
    # this text
    "FailedOperation.ContainSensitiveWord": meaning.TEXT,
    "InvalidParameterValue.ContentLengthLimit": meaning.TEXT,
    "InvalidParameterValue.ProhibitedUseUrlInTemplateParameter": meaning.TEXT,
    # this phone
    "FailedOperation.PhoneNumberInBlacklist": meaning.BLACKLISTED,
    "FailedOperation.PhoneNumberParseFail": meaning.NUMBER,
    "InvalidParameterValue.IncorrectPhoneNumber": meaning.NUMBER,
    "LimitExceeded.AppCountryOrRegionInBlacklist": meaning.NUMBER,
    "MissingParameter.EmptyPhoneNumberSet": meaning.NUMBER,
    "UnsupportedOperation.ChineseMainlandTemplateToGlobalPhone": meaning.NUMBER,
    "UnsupportedOperation.GlobalTemplateToChineseMainlandPhone": meaning.TEMPLATE,
    # too many
    "LimitExceeded.DeliveryFrequencyLimit": meaning.limited(_HALF_A_MINUTE),
    "LimitExceeded.PhoneNumberThirtySecondLimit": meaning.limited(_HALF_A_MINUTE),
    "LimitExceeded.PhoneNumberOneHourLimit": meaning.limited(_HOUR),
    "LimitExceeded.PhoneNumberDailyLimit": meaning.limited(_HOUR),
    "LimitExceeded.PhoneNumberSameContentDailyLimit": meaning.limited(_HOUR),
    "LimitExceeded.AppDailyLimit": meaning.used_up(_HOUR),
    "LimitExceeded.AppGlobalDailyLimit": meaning.used_up(_HOUR),
    "LimitExceeded.AppMainlandChinaDailyLimit": meaning.used_up(_HOUR),
    "LimitExceeded.AppCountryOrRegionDailyLimit": meaning.used_up(_HOUR),
    "LimitExceeded.DailyLimit": meaning.used_up(_HOUR),
}

FAMILIES: dict[str, Meaning] = {
    "AuthFailure": meaning.CREDENTIALS,
    "UnauthorizedOperation": meaning.PERMISSION,
    "IpInBlacklist": meaning.OUR_ADDRESS,
    "IpNotInWhitelist": meaning.OUR_ADDRESS,
    "LimitExceeded": meaning.limited(_HALF_A_MINUTE),
    "RequestLimitExceeded": meaning.BUSY,
    "ResourceUnavailable": meaning.BUSY,
    "InternalError": meaning.PERHAPS,  # among them Timeout and SendAndRecvFail
    "UnsupportedOperation": meaning.TEXT,
    "InvalidParameter": meaning.TEXT,
    "InvalidParameterValue": meaning.TEXT,
    "MissingParameter": meaning.TEXT,
}


def meaning_of(code: str) -> Meaning:
    """Look up what a no of Tencent's means."""
    return CASES.get(code) or FAMILIES.get(code.partition(".")[0], meaning.REFUSED)
