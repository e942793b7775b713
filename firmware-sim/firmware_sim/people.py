"""What people do, as what devices then sense: a step becomes timed acts.

A resident who leaves is a door that opens, a camera that sees somebody go, and a door that closes;
how long each takes is written here. Pure: the same step always makes the same acts.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from firmware_sim.scenario import Device, DeviceKind, Scenario, Step, What

BRIEF_S = 20.0
"""A door opened for a parcel or the rubbish, where the step says nothing else."""
WALK_S = 3.0
"""From the open door to the camera outside it, and from there to the door falling shut."""
FLAP_S = 0.4
"""Between two flaps of a bouncing contact."""
RESTART_S = 15.0
"""A bridge's restart, where the step says nothing else."""
COME_BACK_S = 0.5
"""Between one device and the next as the power of a building comes back."""


class Order(StrEnum):
    """What is done to a device or a bridge, rather than sensed by it."""

    REBOOT = "reboot"
    SLEEP = "sleep"
    WAKE = "wake"
    VANISH = "vanish"
    APPEAR = "appear"
    POWER_UP = "power_up"
    REPEAT = "repeat"
    RETAINED_COPY = "retained_copy"
    LOW_BATTERY = "low_battery"


@dataclass(frozen=True, slots=True)
class Sense:
    """A device senses something at a scenario second."""

    at_s: float
    device: str
    kind: str
    state: str
    part: str = "main"
    persons: int | None = None
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class Ordered:
    """Something is done to a device or bridge at a scenario second."""

    at_s: float
    target: str
    order: Order


Act = Sense | Ordered


def acts(step: Step, scenario: Scenario) -> list[Act]:
    """Return what the devices sense and suffer of a step, in order of time.

    LookupError names the home, device, building or bridge that the step needs and doesn't have.
    """
    return sorted(_PLAYS[step.what](step, scenario), key=lambda act: act.at_s)


def _open(step: Step, scenario: Scenario) -> list[Act]:
    if step.announced_s is None:
        opened_s, announced = step.at_s, []
    elif step.announced_s >= 0:
        opened_s = step.at_s + step.announced_s
        announced = [_press(step.at_s, step, scenario, "announce")]
    else:
        opened_s = step.at_s
        announced = [_press(step.at_s - step.announced_s, step, scenario, "announce")]
    door = [_door(opened_s, step, scenario, "open")]
    if step.for_s is not None:
        door.append(_door(opened_s + step.for_s, step, scenario, "closed"))
    return [*announced, *door]


def _close(step: Step, scenario: Scenario) -> list[Act]:
    return [_door(step.at_s, step, scenario, "closed")]


def _leave(step: Step, scenario: Scenario) -> list[Act]:
    return [
        _door(step.at_s, step, scenario, "open"),
        *_seen(step.at_s + WALK_S, step, scenario, "exit"),
        _door(step.at_s + 2 * WALK_S, step, scenario, "closed"),
    ]


def _return(step: Step, scenario: Scenario) -> list[Act]:
    return [
        *_seen(step.at_s, step, scenario, "entry"),
        _door(step.at_s + WALK_S, step, scenario, "open"),
        _door(step.at_s + 2 * WALK_S, step, scenario, "closed"),
    ]


def _announce(step: Step, scenario: Scenario) -> list[Act]:
    return [_press(step.at_s, step, scenario, "announce")]


def _help(step: Step, scenario: Scenario) -> list[Act]:
    return [_press(step.at_s, step, scenario, "help")]


def _bounce(step: Step, scenario: Scenario) -> list[Act]:
    flaps = ("open", "closed") * step.times
    return [_door(step.at_s + n * FLAP_S, step, scenario, state) for n, state in enumerate(flaps)]


def _seal(state: str) -> Callable[[Step, Scenario], list[Act]]:
    def play(step: Step, scenario: Scenario) -> list[Act]:
        seal = _device(step, scenario, DeviceKind.SEAL)
        return [Sense(step.at_s, seal.id, "seal", state, step.part)]

    return play


def _tamper(step: Step, scenario: Scenario) -> list[Act]:
    device = _device(step, scenario, DeviceKind.MAGNET)
    on: list[Act] = [Sense(step.at_s, device.id, "tamper", "on", step.part)]
    if step.for_s is None:
        return on
    return [*on, Sense(step.at_s + step.for_s, device.id, "tamper", "off", step.part)]


def _camera(step: Step, scenario: Scenario) -> list[Act]:
    camera = _device(step, scenario, DeviceKind.CAMERA)
    state = step.state or "motion"
    return [Sense(step.at_s, camera.id, "camera", state, step.part, step.persons, 0.9)]


def _order(order: Order, then: Order | None = None) -> Callable[[Step, Scenario], list[Act]]:
    def play(step: Step, scenario: Scenario) -> list[Act]:
        target = _device(step, scenario, DeviceKind.MAGNET).id
        first: list[Act] = [Ordered(step.at_s, target, order)]
        if then is None or step.for_s is None:
            return first
        return [*first, Ordered(step.at_s + step.for_s, target, then)]

    return play


def _bridge_restart(step: Step, scenario: Scenario) -> list[Act]:
    if step.bridge is None or step.bridge not in scenario.bridges:
        raise LookupError(f"there is no bridge {step.bridge!r}")
    back_s = step.at_s + (RESTART_S if step.for_s is None else step.for_s)
    return [
        Ordered(step.at_s, step.bridge, Order.SLEEP),
        Ordered(back_s, step.bridge, Order.WAKE),
    ]


def _power_cut(step: Step, scenario: Scenario) -> list[Act]:
    """Everything in the building leaves the air: mains devices die, the others lose the router."""
    if step.building is None or step.building not in scenario.buildings:
        raise LookupError(f"there is no building {step.building!r}")
    native = [device for device in scenario.devices_in(step.building) if device.is_native]
    bridges = [b.id for b in scenario.bridges.values() if b.building == step.building]
    returns = [
        (device.id, Order.POWER_UP if device.model.supply == "mains" else Order.APPEAR)
        for device in native
    ] + [(bridge, Order.APPEAR) for bridge in bridges]
    cut: list[Act] = [Ordered(step.at_s, target, Order.VANISH) for target, _ in returns]
    if step.for_s is None:
        return cut
    back_s = step.at_s + step.for_s
    return cut + [
        Ordered(back_s + n * COME_BACK_S, target, order)
        for n, (target, order) in enumerate(returns)
    ]


def _witness(_step: Step, _scenario: Scenario) -> list[Act]:
    return []


def _door(at_s: float, step: Step, scenario: Scenario, state: str) -> Act:
    magnet = _device(step, scenario, DeviceKind.MAGNET)
    return Sense(at_s, magnet.id, "door", state, step.part)


def _press(at_s: float, step: Step, scenario: Scenario, state: str) -> Act:
    button = _device(step, scenario, DeviceKind.BUTTON)
    return Sense(at_s, button.id, "button", state)


def _seen(at_s: float, step: Step, scenario: Scenario, state: str) -> list[Act]:
    camera = scenario.device_of(step.home, DeviceKind.CAMERA) if step.home else None
    if camera is None:
        return []
    return [Sense(at_s, camera.id, "camera", state, persons=step.persons or 1, confidence=0.92)]


def _device(step: Step, scenario: Scenario, kind: DeviceKind) -> Device:
    """Return the device a step names, else its home's device of that kind."""
    if step.device is not None:
        if step.device not in scenario.devices:
            raise LookupError(f"there is no device {step.device!r}")
        return scenario.devices[step.device]
    if step.home is None:
        raise LookupError(f"'{step.what}' needs a home or a device")
    if step.home not in scenario.homes:
        raise LookupError(f"there is no home {step.home!r}")
    device = scenario.device_of(step.home, kind)
    if device is None:
        raise LookupError(f"home {step.home!r} has no {kind}")
    return device


_PLAYS: Mapping[What, Callable[[Step, Scenario], list[Act]]] = {
    What.OPEN: _open,
    What.CLOSE: _close,
    What.LEAVE: _leave,
    What.RETURN: _return,
    What.ANNOUNCE: _announce,
    What.HELP: _help,
    What.BOUNCE: _bounce,
    What.BREAK_SEAL: _seal("broken"),
    What.REMOVE_SEAL: _seal("removed"),
    What.APPLY_SEAL: _seal("applied"),
    What.TAMPER: _tamper,
    What.CAMERA: _camera,
    What.LOW_BATTERY: _order(Order.LOW_BATTERY),
    What.REPEAT: _order(Order.REPEAT),
    What.REBOOT: _order(Order.REBOOT),
    What.SLEEP: _order(Order.SLEEP, then=Order.WAKE),
    What.VANISH: _order(Order.VANISH, then=Order.APPEAR),
    What.RETAINED_COPY: _order(Order.RETAINED_COPY),
    What.BRIDGE_RESTART: _bridge_restart,
    What.POWER_CUT: _power_cut,
    What.WITNESS: _witness,
}
