"""A Zigbee2MQTT bridge and the contact sensors behind it, over one connection.

It has the habits that make such bridges hard to watch: every message is the whole cached state, a
start publishes all cached states again as if they were new, what happens while the connection is
away is never sent, and what happens while the bridge is down is not even heard.
"""

import random
from collections import Counter
from dataclasses import dataclass

from firmware_sim import zigbee
from firmware_sim.battery import Battery
from firmware_sim.device import Emit
from firmware_sim.faults import Stream
from firmware_sim.port import NoPort, Port, post_all
from firmware_sim.radio import Radio
from firmware_sim.scenario import Bridge as BridgeSpec
from firmware_sim.scenario import Device
from firmware_sim.wire import Outgoing
from firmware_sim.zigbee import ContactState


@dataclass(slots=True)
class Sensor:
    """One contact sensor: what is so at the door, and what the bridge last heard of it."""

    spec: Device
    cached: ContactState
    battery: Battery
    radio: Radio
    stream: Stream
    is_open: bool = False
    is_tampered: bool = False


class Bridge:
    """One bridge; attach a port, then tell it what its sensors sense."""

    def __init__(self, spec: BridgeSpec, emit: Emit, counts: Counter[str]) -> None:
        self.id = spec.id
        self.port: Port = NoPort()
        self.will = zigbee.bridge_state(spec.base, is_online=False)
        self.subscriptions: tuple[str, ...] = ()
        self._base = spec.base
        self._emit = emit
        self._counts = counts
        self._sensors: dict[str, Sensor] = {}
        self._is_running = True
        self._is_starting = True

    def add(self, spec: Device, stream: Stream, rng: random.Random) -> None:
        """Pair a sensor, closed and charged as its model says."""
        model = spec.model
        self._sensors[spec.id] = Sensor(
            spec,
            ContactState(model.contact_model, battery=int(model.battery)),
            Battery(model.battery, model.drain_per_day),
            Radio(rng, model.rssi, model.loss),
            stream,
        )

    def sense(self, name: str, now_s: float, kind: str, state: str) -> None:
        """Let a sensor notice its door or its tamper switch, and report it."""
        sensor = self._sensors[name]
        if kind == "tamper":
            sensor.is_tampered = state == "on"
        else:
            sensor.is_open = state == "open"
        self._counts["events"] += 1
        sent = self._report(sensor, now_s)
        line: dict[str, object] = {
            "at_s": round(now_s, 3),
            "device": name,
            "home": sensor.spec.home,
        }
        line["sent"] = {"kind": kind, "state": state, **sensor.cached.fields()}
        self._emit(line if sent else line | {"unsent": True})

    def repeat(self, name: str, now_s: float) -> None:
        """Let a sensor report without news, as it does every hour or so."""
        self._counts["repeats"] += 1
        self._report(self._sensors[name], now_s)

    def retained_copy(self, name: str, now_s: float) -> None:
        """Publish a sensor's cached state retained, as with its `retain` option on."""
        message = zigbee.state(self._base, name, self._sensors[name].cached, retain=True)
        self._counts["repeats"] += 1
        self._send(self._sensors[name], message, now_s)

    def set_low_battery(self, name: str) -> None:
        """Leave a sensor's battery at the level where its model warns."""
        self._sensors[name].battery.percent = 8.0

    def vanish(self) -> None:
        """Lose power: the last will speaks, and the sensors are no longer heard."""
        self._is_running = False
        self.port.vanish()

    def start(self) -> None:
        """Start anew, with the states cached before."""
        self._is_running = self._is_starting = True
        self.port.come_back()

    def say_goodbye(self) -> None:
        """Stop as Zigbee2MQTT does when asked: say offline, then disconnect."""
        self._is_running = False
        self.port.post(self.will)
        self.port.leave()

    def came_online(self, now_s: float) -> None:
        """Say so; after a start also the inventory and every cached state."""
        self.port.post(zigbee.bridge_state(self._base, is_online=True))
        if not self._is_starting:
            return
        self._is_starting = False
        self._counts["bridge_starts"] += 1
        models = {name: sensor.spec.model.contact_model for name, sensor in self._sensors.items()}
        self.port.post(zigbee.bridge_devices(self._base, models))
        for name, sensor in self._sensors.items():
            self.port.post(zigbee.availability(self._base, name, is_online=True))
            self._send(sensor, zigbee.state(self._base, name, sensor.cached), now_s)

    def hear(self, topic: str, payload: bytes, now_s: float) -> None:
        """Nothing is subscribed, so nothing can arrive."""

    def _report(self, sensor: Sensor, now_s: float) -> bool:
        sensor.battery.drain(now_s, messages=1)
        if not self._is_running or sensor.battery.is_flat or not sensor.radio.carries():
            self._counts["lost_in_the_air"] += 1
            return False
        cached = sensor.cached
        cached.trigger_count += cached.is_open != sensor.is_open
        cached.is_open, cached.is_tampered = sensor.is_open, sensor.is_tampered
        cached.battery = sensor.battery.reading
        cached.linkquality = sensor.radio.linkquality()
        return self._send(sensor, zigbee.state(self._base, sensor.spec.id, cached), now_s)

    def _send(self, sensor: Sensor, message: Outgoing, now_s: float) -> bool:
        return post_all(self.port, sensor.stream.pass_on(message, now_s))
