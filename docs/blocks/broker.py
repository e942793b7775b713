"""The broker's settings that matter, from the doctor's own rules."""

from __future__ import annotations

from docs.blocks.markdown import table
from gateway.doctor.mosquitto import RULES


def settings() -> str:
    """Each setting the doctor looks at, mosquitto's default, and what the default costs."""
    rows = [(f"`{rule.want}`", f"`{rule.default}`", rule.why) for rule in RULES]
    return table(("setting", "mosquitto's default", "otherwise"), rows)
