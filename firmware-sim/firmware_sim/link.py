"""One MQTT connection for one endpoint: connects, keeps trying, sends in order, never dies.

Waiting grows from a fifth of a second to five between tries. A connection breaks without a word
(the broker then speaks the last will) or ends as wanted, as its endpoint asks.
"""

import asyncio
import logging
import random
import socket
from collections import Counter

import aiomqtt

from firmware_sim.broker import Broker
from firmware_sim.clock import StreetClock
from firmware_sim.port import Endpoint
from firmware_sim.wire import Outgoing

FIRST_WAIT_S = 0.2
LONGEST_WAIT_S = 5.0
PUBLISH_TIMEOUT_S = 5.0
KEEPALIVE_S = 30
QUEUE_HOLDS = 10_000
NO_DELAY = ((socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),)

_log = logging.getLogger("firmware_sim.mqtt")


class Link:
    """The port of one endpoint. `gate` bounds how many connect at once."""

    def __init__(
        self,
        endpoint: Endpoint,
        broker: Broker,
        clock: StreetClock,
        gate: asyncio.Semaphore,
        counts: Counter[str],
    ) -> None:
        self._endpoint = endpoint
        self._broker = broker
        self._clock = clock
        self._gate = gate
        self._counts = counts
        self._client: aiomqtt.Client | None = None
        self._queue: asyncio.Queue[Outgoing | None] = asyncio.Queue(QUEUE_HOLDS)
        self._is_wanted = asyncio.Event()
        self._is_wanted.set()
        self._left = asyncio.Event()
        self._failures = 0
        self.has_connected = asyncio.Event()
        self.is_away = asyncio.Event()
        self.is_away.set()

    def post(self, message: Outgoing) -> bool:
        """Send a message in its turn; False without a connection or with a full queue."""
        if self._client is None or not self._is_wanted.is_set():
            self._counts["unsent"] += 1
            return False
        return self._put(message)

    def drop(self) -> None:
        """Close the socket under the connection, so that the broker speaks the last will."""
        if self._client is None:
            return
        # aiomqtt has no public way to end a connection without DISCONNECT; a test on a real
        # broker watches over this one.
        sock = self._client._client.socket()
        if isinstance(sock, socket.socket):
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                _log.debug("%s: already closed", self._endpoint.id)

    def vanish(self) -> None:
        """Break the connection and stay away."""
        self._is_wanted.clear()
        self.drop()

    def leave(self) -> None:
        """Disconnect once everything posted is sent, and stay away."""
        self._is_wanted.clear()
        if self._client is not None:
            self._put(None)

    def come_back(self) -> None:
        """Connect again."""
        self._is_wanted.set()

    async def run(self) -> None:
        """Hold the connection for ever: until cancelled."""
        while True:
            await self._is_wanted.wait()
            try:
                await self._hold()
            except aiomqtt.MqttError as error:
                _log.debug("%s: %s", self._endpoint.id, error)
                wait_s = min(FIRST_WAIT_S * 2**self._failures, LONGEST_WAIT_S)
                self._failures += 1
                await asyncio.sleep(wait_s * random.uniform(0.5, 1.0))

    async def _hold(self) -> None:
        client = self._new_client()
        async with self._gate:
            await client.__aenter__()
        try:
            if self._endpoint.subscriptions:
                await client.subscribe([(topic, 1) for topic in self._endpoint.subscriptions])
            if self._is_wanted.is_set():
                await self._talk(client)
        finally:
            self._client = None
            try:
                await client.__aexit__(None, None, None)
            finally:
                self.is_away.set()

    async def _talk(self, client: aiomqtt.Client) -> None:
        self._queue = asyncio.Queue(QUEUE_HOLDS)
        self._left.clear()
        self._client = client
        self._failures = 0
        self._counts["connects"] += 1
        self.has_connected.set()
        self.is_away.clear()
        self._endpoint.came_online(self._clock.now_s())
        listening = asyncio.create_task(self._listen(client))
        sending = asyncio.create_task(self._send(client))
        leaving = asyncio.create_task(self._left.wait())
        try:
            await asyncio.wait({listening, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if listening.done():
                listening.result()
        finally:
            tasks = (listening, sending, leaving)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _listen(self, client: aiomqtt.Client) -> None:
        async for message in client.messages:
            payload = message.payload if isinstance(message.payload, bytes) else b""
            self._endpoint.hear(str(message.topic), payload, self._clock.now_s())

    async def _send(self, client: aiomqtt.Client) -> None:
        while (message := await self._queue.get()) is not None:
            try:
                await client.publish(
                    message.topic,
                    message.payload,
                    qos=message.qos,
                    retain=message.retain,
                    timeout=PUBLISH_TIMEOUT_S,
                )
            except aiomqtt.MqttError as error:
                _log.debug("%s: not confirmed: %s", self._endpoint.id, error)
                self.drop()  # the listener then ends, and says why
                return
            self._counts["published"] += 1
        self._left.set()

    def _put(self, message: Outgoing | None) -> bool:
        try:
            self._queue.put_nowait(message)
        except asyncio.QueueFull:
            self._counts["unsent"] += 1
            return False
        return True

    def _new_client(self) -> aiomqtt.Client:
        will = self._endpoint.will
        return aiomqtt.Client(
            self._broker.host,
            self._broker.port,
            identifier=self._endpoint.id,
            username=self._broker.username or self._endpoint.id,
            password=self._broker.password,
            will=aiomqtt.Will(will.topic, will.payload, will.qos, will.retain),
            keepalive=KEEPALIVE_S,
            timeout=PUBLISH_TIMEOUT_S,
            socket_options=NO_DELAY,
            logger=_log,
        )
