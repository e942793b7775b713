"""The measure of all rates: a paho subscriber as anybody would write it, that only counts.

`bare PORT COUNT`: counts to COUNT, says when it got there, and counts anew, until nobody listens.
"""

from __future__ import annotations

import sys
import time
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from benchmarks.roles.wire import tell


def main(port: int, count: int) -> None:
    """Count."""
    heard = 0

    def on_message(_client: paho.Client, _data: Any, _message: paho.MQTTMessage) -> None:
        nonlocal heard
        heard += 1
        if heard % count == 0:
            tell(counted_at=time.monotonic())

    client = paho.Client(CallbackAPIVersion.VERSION2, client_id="bare")
    client.on_message = on_message
    client.on_subscribe = lambda *_: tell(ready=True)
    client.connect("127.0.0.1", port)
    client.subscribe("menshen/v1/#", 1)
    client.loop_forever()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
