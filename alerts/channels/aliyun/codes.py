"""What Aliyun's error codes mean, by table: its documentation of SendSms and of common errors.

`isv.` is said of the caller, `isp.` of the service; codes without either come from the gateway in
front of it, where `Throttling.User` and the like belong to the family `Throttling`.
"""

from __future__ import annotations

from alerts.channels import meaning
from alerts.channels.meaning import Meaning

_MINUTE, _HOUR = 60.0, 3600.0

CODES: dict[str, Meaning] = {
    # what a person must mend
    "SignatureDoesNotMatch": meaning.CREDENTIALS,
    "IncompleteSignature": meaning.CREDENTIALS,
    "MissingAccessKeyId": meaning.CREDENTIALS,
    "InvalidTimeStamp": meaning.CLOCK,  # more than 15 minutes from Aliyun's clock
    "NoPermission": meaning.PERMISSION,
    "isp.RAM_PERMISSION_DENY": meaning.PERMISSION,
    "isv.DENY_IP_RANGE": meaning.OUR_ADDRESS,
    "isv.AMOUNT_NOT_ENOUGH": meaning.BALANCE,
    "isv.OUT_OF_SERVICE": meaning.BALANCE,
    "isv.PRODUCT_UN_SUBSCRIPT": meaning.ACCOUNT,
    "isv.PRODUCT_UNSUBSCRIBE": meaning.ACCOUNT,
    "isv.ACCOUNT_NOT_EXISTS": meaning.ACCOUNT,
    "isv.ACCOUNT_ABNORMAL": meaning.ACCOUNT,
    "isv.CUSTOMER_REFUSED": meaning.ACCOUNT,
    "isv.SMS_SIGNATURE_ILLEGAL": meaning.SIGNATURE,
    "isv.SMS_SIGN_ILLEGAL": meaning.SIGNATURE,
    "isv.SIGN_NAME_ILLEGAL": meaning.SIGNATURE,
    "isv.SIGN_STATE_ILLEGAL": meaning.SIGNATURE,
    "isv.SIGN_FILE_LIMIT": meaning.SIGNATURE,
    "isv.SMS_SIGNATURE_SCENE_ILLEGAL": meaning.SIGNATURE,
    "isv.SMS_TEMPLATE_ILLEGAL": meaning.TEMPLATE,
    "isv.TEMPLATE_MISSING_PARAMETERS": meaning.TEMPLATE,
    "isv.TEMPLATE_PARAMS_ILLEGAL": meaning.TEMPLATE,
    "isv.TEMPLATE_COUNT_OVER_LIMIT": meaning.TEMPLATE,
    "isv.PARAM_LENGTH_LIMIT": meaning.TEMPLATE,
    "isv.INVALID_JSON_PARAM": meaning.TEMPLATE,
    # this text
    "isv.BLACK_KEY_CONTROL_LIMIT": meaning.TEXT,
    "isv.PARAM_NOT_SUPPORT_URL": meaning.TEXT,
    "isv.SMS_CONTENT_ILLEGAL": meaning.TEXT,
    "isv.INVALID_PARAMETERS": meaning.TEXT,
    # this phone
    "isv.MOBILE_NUMBER_ILLEGAL": meaning.NUMBER,
    "isv.MOBILE_COUNT_OVER_LIMIT": meaning.NUMBER,
    "isv.DOMESTIC_NUMBER_NOT_SUPPORTED": meaning.TEMPLATE,  # one for other countries
    "isv.BLACK_LIST": meaning.BLACKLISTED,
    # too many
    "isv.BUSINESS_LIMIT_CONTROL": meaning.limited(_MINUTE),  # to this phone: minute, hour or day
    "isv.DAY_LIMIT_CONTROL": meaning.used_up(_HOUR),
    "isv.MONTH_LIMIT_CONTROL": meaning.used_up(_HOUR),
    "ServiceUnavailable": meaning.BUSY,
    # it does not know either
    "isp.SYSTEM_ERROR": meaning.PERHAPS,
    "isp.GATEWAY_ERROR": meaning.PERHAPS,
    "InternalError": meaning.PERHAPS,
}

FAMILIES: dict[str, Meaning] = {
    "InvalidAccessKeyId": meaning.CREDENTIALS,
    "InvalidTimeStamp": meaning.CLOCK,
    "Forbidden": meaning.PERMISSION,
    "Throttling": meaning.BUSY,
}


def meaning_of(code: str) -> Meaning:
    """Look up what a no of Aliyun's means."""
    return CODES.get(code) or FAMILIES.get(code.partition(".")[0], meaning.REFUSED)
