"""Orders to a running simulation: `{"do": …}` in, one answer out.

The same orders come over the control socket and from tests in process.
"""

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Any

from firmware_sim.modem_faults import parse_fault
from firmware_sim.modem_world import World
from firmware_sim.phones_network import Event
from firmware_sim.sms_pdu import tpdu_length

Order = Mapping[str, Any]


class OrderError(ValueError):
    """The order cannot be carried out; the message says why."""


def obey(world: World, order: object) -> Event:
    """Carry out one order; `{"event": "done", …}`. Raises `OrderError`."""
    if not isinstance(order, dict):
        raise OrderError("an order is a JSON object")
    verb = str(order.get("do"))
    act = _ORDERS.get(verb)
    if act is None:
        nearest = get_close_matches(verb, _ORDERS, n=1)
        hint = f"; did you mean {nearest[0]!r}?" if nearest else f"; known: {', '.join(_ORDERS)}"
        raise OrderError(f"nothing is called {verb!r}{hint}")
    try:
        found = act(world, order)
    except KeyError as error:
        raise OrderError(f"{verb} needs {error.args[0]!r}") from error
    except (TypeError, ValueError, AttributeError) as error:
        raise OrderError(f"{verb}: {error}") from error
    return {"event": "done", "do": verb, **(found or {})}


def _text(world: World, order: Order) -> None:
    options = {key: order[key] for key in ("message_class", "wide_reference") if key in order}
    world.network.text_from(order["from"], order["text"], **options)


def _pdu(world: World, order: Order) -> None:
    pdu = bytes.fromhex(order["pdu"])
    if not pdu or tpdu_length(pdu) < 0:
        raise OrderError("a PDU begins with its service centre's length")
    world.network.bring(pdu)


def _fault(world: World, order: Order) -> None:
    world.add_fault(parse_fault(order["fault"]))


def _clear(world: World, order: Order) -> None:
    world.faults.clear(order.get("fault"))


def _unplug(world: World, order: Order) -> None:
    seconds = order.get("for_s")
    world.unplug(None if seconds is None else float(seconds))


def _plug(world: World, _order: Order) -> None:
    world.plug()


def _reset(world: World, _order: Order) -> None:
    world.modem.restart()


def _urc(world: World, order: Order) -> None:
    world.modem.announce(str(order["line"]))


def _raw(world: World, order: Order) -> None:
    world.cable.write(bytes.fromhex(order["bytes"]))


def _phone(world: World, order: Order) -> None:
    world.network.switch(order["number"], off=bool(order["switched_off"]))


def _set(world: World, order: Order) -> None:
    state = world.state
    if "signal" in order:
        state.signal = int(order["signal"])
    if "own_number" in order:
        state.sim.own_number = str(order["own_number"])
    if "service_centre" in order:
        state.sim.service_centre = str(order["service_centre"])
    if "registration" in order:
        state.network_registration = int(order["registration"])
        state.announce_registration()


def _state(world: World, _order: Order) -> Event:
    state = world.state
    return {
        "family": state.family.name,
        "plugged": world.is_plugged,
        "registration": state.registration,
        "signal": state.signal,
        "cnmi": list(state.registers.cnmi),
        "cmgf": state.registers.cmgf,
        "echo": state.registers.echo,
        "pin": state.sim.status,
        "pin_tries_left": state.sim.tries_left,
        "lte_only": state.is_lte_only,
        "stores": {name: len(store.slots) for name, store in state.stores.items()},
    }


_ORDERS: dict[str, Callable[[World, Order], Event | None]] = {
    "text": _text,
    "pdu": _pdu,
    "fault": _fault,
    "clear": _clear,
    "unplug": _unplug,
    "plug": _plug,
    "reset": _reset,
    "urc": _urc,
    "raw": _raw,
    "phone": _phone,
    "set": _set,
    "state": _state,
}
