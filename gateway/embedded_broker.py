"""amqtt as a process of its own, for trying Menshen out where no mosquitto is installed.

Not for real use: it keeps no message for a consumer that died.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Iterator
from typing import Any


class Subscriptions(dict[str, Any]):
    """What amqtt walks through, awaiting in between, while others subscribe.

    It would fail, and drop whoever is just connecting without an answer (amqtt 0.12.1,
    `_handle_client_session`): it walks through a copy instead.
    """

    def __iter__(self) -> Iterator[str]:
        return iter(list(super().keys()))

    def items(self) -> Any:
        """Return a copy of the items."""
        return list(super().items())


MISSING = "the embedded broker is not installed: pip install 'menshen[embedded]'"


async def serve(port: int) -> None:
    """Serve MQTT 3.1.1 on loopback until cancelled."""
    from amqtt.broker import Broker

    broker = Broker(
        {
            "listeners": {"default": {"type": "tcp", "bind": f"127.0.0.1:{port}"}},
            "plugins": {
                "amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}
            },
        }
    )
    broker._subscriptions = Subscriptions(broker._subscriptions)  # see there
    await broker.start()
    try:
        await asyncio.Event().wait()
    finally:
        await broker.shutdown()


def main(port: int) -> None:
    """Run until stopped."""
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(port))


if __name__ == "__main__":
    try:
        main(int(sys.argv[1]))
    except ImportError:
        sys.exit(MISSING)
