"""The words of the pages of installing, by language."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.web.install_chinese import CHINESE
from gateway.web.install_english import ENGLISH
from gateway.web.install_terms import InstallWords

LANGUAGES: Mapping[str, InstallWords] = {"zh": CHINESE, "en": ENGLISH}
"""What the pages of installing have words for."""
