"""A native device: senses, remembers, and speaks the wire contract over its own connection.

It never waits: what it sends goes to its port at once or not at all, and what the air or a fault
takes on the way is taken here.
"""

import json
from collections import Counter
from collections.abc import Callable

from firmware_sim import payloads
from firmware_sim.battery import Battery
from firmware_sim.clock import DeviceClock
from firmware_sim.faults import Stream
from firmware_sim.firmware import Firmware
from firmware_sim.payloads import Fields
from firmware_sim.port import NoPort, Port, post_all
from firmware_sim.radio import EVENT_TRIES, Radio
from firmware_sim.scenario import Device, DeviceKind
from firmware_sim.wire import Outgoing

FIRMWARE = "sim-1.0"
FIRST_STATES = {
    DeviceKind.MAGNET: (("door", "closed"), ("tamper", "off")),
    DeviceKind.SEAL: (("seal", "applied"), ("tamper", "off")),
    DeviceKind.CAMERA: (("camera", "uncovered"),),
    DeviceKind.BUTTON: (),
}
"""What a device finds when it starts, for each of its parts."""

Emit = Callable[[dict[str, object]], None]


class NativeDevice:
    """One device; attach a port, then tell it what it senses and when time has passed."""

    def __init__(
        self,
        spec: Device,
        *,
        firmware: Firmware,
        clock: DeviceClock,
        battery: Battery,
        radio: Radio,
        stream: Stream,
        emit: Emit,
        counts: Counter[str],
    ) -> None:
        self.id = spec.id
        self.home = spec.home
        self.interval_s = spec.model.interval_s
        self.port: Port = NoPort()
        self.will = payloads.status(spec.id, "offline")
        self.subscriptions = tuple(payloads.topic(spec.id, t) for t in ("received", "command"))
        self.firmware = firmware
        self.stream = stream
        self._clock = clock
        self._battery = battery
        self._radio = radio
        self._emit = emit
        self._counts = counts
        self._has_power = True

    def sense(
        self,
        now_s: float,
        kind: str,
        state: str,
        part: str = "main",
        *,
        persons: int | None = None,
        confidence: float | None = None,
        is_repeat: bool = False,
    ) -> None:
        """Make an event of what was sensed, keep it and send it; nothing without power."""
        if not self._has_power:
            return
        fields = self.firmware.observe(
            now_s,
            kind,
            state,
            part,
            persons=persons,
            confidence=confidence,
            **self._readings(now_s),
        )
        self._counts["repeats" if is_repeat else "events"] += 1
        sent = self._transmit(payloads.event(self.id, fields), now_s, EVENT_TRIES)
        line = {"at_s": round(now_s, 3), "device": self.id, "home": self.home, "sent": fields}
        self._emit(
            line | ({"repeat": True} if is_repeat else {}) | ({} if sent else {"unsent": True})
        )
        self._warn_of_battery(now_s)

    def repeat(self, now_s: float) -> None:
        """Report each present state once more, as firmware does that trusts no network."""
        for (kind, part), state in list(self.firmware.states.items()):
            if kind in ("door", "seal"):
                self.sense(now_s, kind, state, part, is_repeat=True)

    def heartbeat(self, now_s: float) -> None:
        """Send a heartbeat, unless a fault makes the device start anew instead."""
        if not self._has_power:
            return
        if self.stream.reboots(now_s):
            self.reboot(now_s)
            return
        self._counts["heartbeats"] += 1
        self._transmit(payloads.heartbeat(self.id, self._heartbeat_fields(now_s)), now_s)
        self._warn_of_battery(now_s)

    def reboot(self, now_s: float) -> None:
        """Start anew: a new boot, and the connection breaks and comes back."""
        self._counts["reboots"] += 1
        self._begin_boot(now_s)
        self.port.drop()

    def vanish(self, *, loses_power: bool) -> None:
        """Go off the air; without power nothing is sensed either."""
        self._has_power = not loses_power
        self.port.vanish()

    def power_up(self, now_s: float) -> None:
        """Come back from a loss of power: a new boot."""
        self._has_power = True
        self._begin_boot(now_s)
        self.port.come_back()

    def set_low_battery(self) -> None:
        """Leave the battery at its warning level."""
        self._battery.percent = 15.0

    def came_online(self, now_s: float) -> None:
        """Say so, send again what nobody confirmed, and report the present states."""
        self.port.post(payloads.status(self.id, "online"))
        for fields in self.firmware.unconfirmed(now_s):
            self._counts["resent"] += 1
            self._transmit(payloads.event(self.id, fields), now_s, EVENT_TRIES)
        self.heartbeat(now_s)

    def say_goodbye(self) -> None:
        """Announce the wanted disconnect, then leave."""
        self.port.post(payloads.status(self.id, "sleeping"))
        self.port.leave()

    def hear(self, topic: str, payload: bytes, now_s: float) -> None:
        """Take a confirmation, or answer a command; what can't be read is counted."""
        try:
            fields = json.loads(payload)
            if topic.endswith("/received"):
                self.firmware.confirm(str(fields["boot"]), int(fields["seq"]))
                self._counts["received"] += 1
            else:
                self._answer(fields, now_s)
        except (ValueError, KeyError, TypeError):
            self._counts["unreadable"] += 1

    def _answer(self, command: Fields, now_s: float) -> None:
        command_id, do = str(command["id"]), command["do"]
        error = None
        if self._has_expired(command, now_s):
            error = "expired"
        elif do == "config":
            self.interval_s = float(str(command.get("interval_s", self.interval_s)))
        elif do == "sync":
            self.heartbeat(now_s)
        elif do != "identify":
            error = "unknown command"
        self._counts["commands"] += 1
        self.port.post(payloads.result(self.id, command_id, error))

    def _has_expired(self, command: Fields, now_s: float) -> bool:
        at = self._clock.reading(now_s)
        expires_at = command.get("expires_at")
        return at is not None and isinstance(expires_at, int | float) and at > expires_at

    def _transmit(self, message: Outgoing, now_s: float, tries: int = 1) -> bool:
        self._battery.drain(now_s, messages=1)
        if self._battery.is_flat or not self._radio.carries(tries):
            self._counts["lost_in_the_air"] += 1
            return False
        return post_all(self.port, self.stream.pass_on(message, now_s))

    def _warn_of_battery(self, now_s: float) -> None:
        if self._battery.warns():
            self.sense(now_s, "power", "low")

    def _begin_boot(self, now_s: float) -> None:
        self._clock.started_at_s = now_s
        self.firmware.restart(now_s)

    def _readings(self, now_s: float) -> dict[str, float | str | None]:
        return {
            "at": self._clock.reading(now_s),
            "clock": self._clock.says(),
            "battery": self._battery.reading,
            "rssi": self._radio.reading(),
        }

    def _heartbeat_fields(self, now_s: float) -> Fields:
        return payloads.heartbeat_fields(
            seq=self.firmware.seq,
            boot=self.firmware.boot,
            uptime_s=max(0.0, now_s - self.firmware.started_at_s),
            interval_s=self.interval_s,
            states=self.firmware.states,
            at=self._clock.reading(now_s),
            clock=self._clock.says(),
            battery=self._battery.reading,
            rssi=self._radio.reading(),
            firmware=FIRMWARE,
        )
