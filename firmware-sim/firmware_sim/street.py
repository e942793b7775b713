"""The street put together: every device and bridge of a scenario, and what happens to them when.

One seed and one epoch make one street: each device has dice of its own. The epoch goes into them
too, so that a second evening's boots have names of their own.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterable
from functools import partial

from firmware_sim import people
from firmware_sim.battery import Battery
from firmware_sim.bridge import Bridge
from firmware_sim.clock import DeviceClock
from firmware_sim.device import FIRST_STATES, Emit, NativeDevice
from firmware_sim.faults import Fault, Stream, stream_for
from firmware_sim.firmware import Firmware
from firmware_sim.people import Act, Order, Ordered, Sense
from firmware_sim.port import Endpoint
from firmware_sim.radio import Radio
from firmware_sim.scenario import Device, Scenario, Step
from firmware_sim.timeline import Timeline

EARLIEST_BEAT = 0.85
"""A heartbeat comes after 85 to 100% of its interval, which is the longest pause promised."""


class Street:
    """Devices and bridges by id, and the timeline that moves them."""

    def __init__(
        self,
        scenario: Scenario,
        *,
        epoch: float,
        emit: Emit,
        seed: int | None = None,
        faults: Iterable[Fault] = (),
    ) -> None:
        self.scenario = scenario
        self.timeline = Timeline()
        self.counts: Counter[str] = Counter()
        self.devices: dict[str, NativeDevice] = {}
        self.bridges: dict[str, Bridge] = {}
        self._emit = emit
        self._epoch = epoch
        self._seed = scenario.seed if seed is None else seed
        self._faults = (*scenario.faults, *faults)
        for spec in scenario.bridges.values():
            self.bridges[spec.id] = Bridge(spec, emit, self.counts)
        for device in scenario.devices.values():
            self._add(device)
        for n, step in enumerate(scenario.steps):
            self._put_step(n, step)

    @property
    def endpoints(self) -> list[Endpoint]:
        """Everything that has an MQTT connection of its own."""
        return [*self.bridges.values(), *self.devices.values()]

    def fault_counts(self) -> dict[str, int]:
        """Return how often each fault struck a native device."""
        total: Counter[str] = Counter()
        for device in self.devices.values():
            total.update(device.stream.counts)
        return dict(total)

    def _add(self, spec: Device) -> None:
        dice = self._dice(spec.id, "rhythm")
        if spec.bridge is None:
            device = self._native(spec)
            self.devices[spec.id] = device
            beat: Callable[[float], None] = device.heartbeat
            repeat: Callable[[float], None] = device.repeat
            pause_s = partial(_pause_s, dice, lambda: device.interval_s)
        else:
            bridge = self.bridges[spec.bridge]
            bridge.add(spec, self._stream(spec.id), self._dice(spec.id, "radio"))
            beat = repeat = partial(bridge.repeat, spec.id)
            pause_s = partial(_pause_s, dice, lambda: spec.model.interval_s)
        self.timeline.every(dice.uniform(0.0, spec.model.interval_s), pause_s, beat)
        repeat_s = spec.model.repeat_s
        if repeat_s is not None:
            pause_s = partial(_pause_s, dice, lambda: repeat_s)
            self.timeline.every(dice.uniform(0.0, repeat_s), pause_s, repeat)

    def _native(self, spec: Device) -> NativeDevice:
        model = spec.model
        states = [
            ((kind, part), state) for kind, state in FIRST_STATES[spec.kind] for part in model.parts
        ]
        if model.supply == "mains":
            states.append((("power", "main"), "mains"))
        return NativeDevice(
            spec,
            firmware=Firmware(self._dice(spec.id, "boot"), states, listens=model.listens),
            clock=DeviceClock(
                self._epoch, model.clock, model.drift_ppm, self.scenario.utc_offset_h
            ),
            battery=Battery(model.battery, model.drain_per_day),
            radio=Radio(self._dice(spec.id, "radio"), model.rssi, model.loss),
            stream=self._stream(spec.id),
            emit=self._emit,
            counts=self.counts,
        )

    def _stream(self, device_id: str) -> Stream:
        return stream_for(device_id, self._faults, self._dice(device_id, "faults"))

    def _dice(self, device_id: str, purpose: str) -> random.Random:
        return random.Random(f"{self._seed}/{self._epoch}/{device_id}/{purpose}")

    def _put_step(self, n: int, step: Step) -> None:
        if step.truth is not None:
            self.timeline.at(step.at_s, partial(self._tell_truth, n, step))
        for act in people.acts(step, self.scenario):
            self.timeline.at(act.at_s, partial(self._play, act))

    def _tell_truth(self, n: int, step: Step, now_s: float) -> None:
        self.counts["truths"] += 1
        home = step.home
        if home is None and step.device is not None:
            home = self.scenario.devices[step.device].home
        demand = step.demand.as_json() if step.demand is not None else None
        line: dict[str, object] = {
            "at_s": round(now_s, 3),
            "step": n,
            "truth": step.truth,
            "home": home,
            "demand": demand,
        }
        places = {"device": step.device, "building": step.building, "bridge": step.bridge}
        self._emit(line | {name: place for name, place in places.items() if place is not None})

    def _play(self, act: Act, now_s: float) -> None:
        if isinstance(act, Sense):
            self._sense(act, now_s)
        elif act.target in self.bridges:
            self._order_bridge(act, self.bridges[act.target])
        elif act.target in self.devices:
            self._order_device(act, self.devices[act.target], now_s)
        else:
            self._order_sensor(act, now_s)

    def _sense(self, act: Sense, now_s: float) -> None:
        if act.device in self.devices:
            self.devices[act.device].sense(
                now_s,
                act.kind,
                act.state,
                act.part,
                persons=act.persons,
                confidence=act.confidence,
            )
        else:
            self._bridge_of(act.device).sense(act.device, now_s, act.kind, act.state)

    def _order_bridge(self, act: Ordered, bridge: Bridge) -> None:
        match act.order:
            case Order.SLEEP:
                bridge.say_goodbye()
            case Order.VANISH:
                bridge.vanish()
            case _:
                bridge.start()

    def _order_device(self, act: Ordered, device: NativeDevice, now_s: float) -> None:
        match act.order:
            case Order.REBOOT:
                device.reboot(now_s)
            case Order.SLEEP:
                device.say_goodbye()
            case Order.VANISH:
                supply = self.scenario.devices[device.id].model.supply
                device.vanish(loses_power=supply == "mains")
            case Order.POWER_UP:
                device.power_up(now_s)
            case Order.WAKE | Order.APPEAR:
                device.port.come_back()
            case Order.LOW_BATTERY:
                device.set_low_battery()
                device.heartbeat(now_s)
            case Order.REPEAT | Order.RETAINED_COPY:
                device.repeat(now_s)

    def _order_sensor(self, act: Ordered, now_s: float) -> None:
        bridge = self._bridge_of(act.target)
        match act.order:
            case Order.RETAINED_COPY:
                bridge.retained_copy(act.target, now_s)
            case Order.LOW_BATTERY:
                bridge.set_low_battery(act.target)
                bridge.repeat(act.target, now_s)
            case _:
                bridge.repeat(act.target, now_s)

    def _bridge_of(self, sensor: str) -> Bridge:
        name = self.scenario.devices[sensor].bridge
        assert name is not None
        return self.bridges[name]


def _pause_s(dice: random.Random, interval_s: Callable[[], float]) -> float:
    return interval_s() * dice.uniform(EARLIEST_BEAT, 1.0)
