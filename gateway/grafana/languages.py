"""The languages of the dashboards, by their tags."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from gateway.grafana.chinese import CHINESE
from gateway.grafana.english import ENGLISH
from gateway.grafana.words import Words

LANGUAGES: Final[Mapping[str, Words]] = MappingProxyType({"zh": CHINESE, "en": ENGLISH})
