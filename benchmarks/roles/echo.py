"""The measure of all delays: a paho subscriber that says when each message reached its callback.

`echo PORT`.
"""

from __future__ import annotations

import sys
import time
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from benchmarks.roles.wire import tell

PROBES = "menshen/v1/seal-"


def main(port: int) -> None:
    """Listen to everything, as the gateway does; tell of the seals."""

    def on_message(_client: paho.Client, _data: Any, message: paho.MQTTMessage) -> None:
        if message.topic.startswith(PROBES):
            tell(device=message.topic.split("/")[2], at=time.monotonic())

    client = paho.Client(CallbackAPIVersion.VERSION2, client_id="echo")
    client.on_message = on_message
    client.on_subscribe = lambda *_: tell(ready=True)
    client.connect("127.0.0.1", port)
    client.subscribe("menshen/v1/#", 1)
    client.loop_forever()


if __name__ == "__main__":
    main(int(sys.argv[1]))
