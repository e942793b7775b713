"""The words of the pages of accounts and of the audit, by language."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.web.account_chinese import CHINESE
from gateway.web.account_english import ENGLISH
from gateway.web.account_terms import AccountWords

__all__ = ["CHINESE", "ENGLISH", "LANGUAGES", "AccountWords"]

LANGUAGES: Mapping[str, AccountWords] = {"zh": CHINESE, "en": ENGLISH}
