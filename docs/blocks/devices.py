"""Which makes are read, from the registry and the recorded payloads of the tests."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

from devices.registry import standard
from docs.blocks.markdown import table

RECORDED = Path(__file__).parents[2] / "tests" / "fixtures" / "payloads"

WHAT = {
    "native": "devices built for Menshen, and the simulator's: [topics.md](topics.md)",
    "zigbee2mqtt": "Zigbee sensors and buttons behind a Zigbee2MQTT bridge",
    "ha.discovery": "announcements for Home Assistant: recognised, and ignored",
}


def makes() -> str:
    """Every make, what the gateway subscribes to, and what it is."""
    rows = [
        (
            f"`{profile.name}`",
            f"`{profile.prefix}`",
            "<br>".join(f"`{each}`" for each in profile.subscriptions) or "nothing",
            WHAT[profile.name],
        )
        for profile in standard().profiles
    ]
    return table(("make", "topics begin with", "subscribed to", "what it is"), rows)


def recordings() -> str:
    """How many recorded payloads hold each sort of message."""
    counted: Counter[str] = Counter()
    for path in sorted(RECORDED.glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            counted[json.loads(line)["profile"]] += 1
    rows = [(f"`{name}`", str(count)) for name, count in sorted(counted.items())]
    return table(("sort of message", "recorded payloads"), rows)
