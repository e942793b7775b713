"""The message commands of 3GPP TS 27.005, PDU mode only: send, list, read, delete, route."""

from collections.abc import Callable

from firmware_sim.modem_grammar import Call, Form
from firmware_sim.modem_state import ModemState, Prompt, Refused
from firmware_sim.modem_storage import Status, Store, Stored
from firmware_sim.sms_pdu import PduError, Submit, decode_submit, tpdu_length

Answer = list[str] | Prompt


def _demand_ready(state: ModemState) -> None:
    if state.sim.is_locked:
        raise Refused("CMS", 311 if state.sim.tries_left else 316)


def _demand_pdu_mode(state: ModemState) -> None:
    _demand_ready(state)
    if state.registers.cmgf != 0:
        raise Refused("CMS", 303)  # text mode is not simulated


def _send(state: ModemState, call: Call) -> Answer:
    if call.form is Form.TEST:
        return []
    _demand_pdu_mode(state)
    length = call.number(0)
    if length is None or not 8 <= length <= 164:
        raise Refused("CMS", 304)
    return Prompt(length)


def read_submit(state: ModemState, prompt: Prompt, text: str) -> Submit:
    """The part that was typed at the prompt. Raises `Refused`."""
    try:
        pdu = bytes.fromhex(text) if text == text.strip() and " " not in text else b""
        part = decode_submit(pdu, prompt.tpdu_length)
    except (PduError, ValueError) as error:
        raise Refused("CMS", 304) from error
    if pdu[0] == 0 and not state.sim.service_centre:
        raise Refused("CMS", 330)
    if not state.is_registered:
        raise Refused("CMS", 331)
    return part


def _format(state: ModemState, call: Call) -> Answer:
    if call.form is Form.TEST:
        return ["+CMGF: (0,1)"]
    if call.form is Form.READ:
        return [f"+CMGF: {state.registers.cmgf}"]
    mode = call.number(0, 0)
    if mode not in (0, 1):
        raise Refused("CMS", 303)
    state.registers.cmgf = mode
    return []


def _stores(state: ModemState, call: Call) -> Answer:
    _demand_ready(state)
    everywhere = [name for name in state.stores if name != "SR"]
    if call.form is Form.TEST:
        first, others = (
            "(" + ",".join(f'"{n}"' for n in names) + ")" for names in (state.stores, everywhere)
        )
        return [f"+CPMS: {first},{others},{others}"]
    if call.form is Form.READ:
        triples = (f'"{name}",{_usage(state, name)}' for name in state.registers.stores)
        return ["+CPMS: " + ",".join(triples)]
    for position, name in enumerate(call.arguments):
        allowed = list(state.stores) if position == 0 else everywhere
        if name not in allowed or position > 2:
            raise Refused("CMS", 302)
    for position, name in enumerate(call.arguments):
        state.registers.stores[position] = name
    return ["+CPMS: " + ",".join(_usage(state, name) for name in state.registers.stores)]


def _usage(state: ModemState, name: str) -> str:
    store = state.stores[name]
    used = store.used(state.agenda.now_s, state.family.count_lags_s)
    return f"{used},{store.capacity}"


def _current(state: ModemState) -> Store:
    return state.stores[state.registers.stores[0]]


def _list(state: ModemState, call: Call) -> Answer:
    if call.form is Form.TEST:
        return ["+CMGL: (0-4)"]
    _demand_pdu_mode(state)
    wanted = call.number(0, 0)
    if wanted not in range(5):
        raise Refused("CMS", 302)
    if wanted == 4 and state.faults.take("cmgl-303"):
        raise Refused("CMS", 303)
    if state.faults.take("cmgl-nothing"):
        return []
    lines: list[str] = []
    for index, stored in sorted(_current(state).slots.items()):
        if wanted in (4, stored.status):
            lines += _lines_of(state, f"+CMGL: {index},", stored)
    return lines


def _read(state: ModemState, call: Call) -> Answer:
    if call.form is Form.TEST:
        return []
    _demand_pdu_mode(state)
    index, store = call.number(0), _current(state)
    if index not in store.indices:
        raise Refused("CMS", 321)
    stored = store.slots.get(index) if index is not None else None
    if stored is None:
        if state.family.empty_slot is None:
            return []
        raise Refused("CMS", state.family.empty_slot)
    fault = state.faults.take("empty-cmgr")
    if fault and fault.value:
        raise Refused("CMS", int(fault.value))
    if fault:
        return []
    return _lines_of(state, "+CMGR: ", stored)


def _lines_of(state: ModemState, head: str, stored: Stored) -> list[str]:
    alpha = "" if state.faults.take("no-alpha-comma") else ","
    header = f"{head}{stored.status.value},{alpha}{tpdu_length(stored.pdu)}"
    stored.status = Status.READ
    return [header, stored.pdu.hex().upper()]


def _delete(state: ModemState, call: Call) -> Answer:
    store = _current(state)
    if call.form is Form.TEST:
        indices = ",".join(str(index) for index in sorted(store.slots))
        return [f"+CMGD: ({indices}),(0-4)"]
    _demand_ready(state)
    if state.faults.take("cmgd-fails"):
        raise Refused("CMS", 500)
    index, flag = call.number(0), call.number(1, 0)
    if index not in store.indices or flag not in range(5):
        raise Refused("CMS", 321)
    if flag == 0:
        store.slots.pop(index or 0, None)
    elif flag == 4:
        store.slots.clear()
    else:  # 1-3: what has been read (and sent, unsent: never stored here)
        for each in [i for i, stored in store.slots.items() if stored.status is Status.READ]:
            del store.slots[each]
    if not state.family.quiet_once_full:
        state.was_full = not store.has_room()
    return []


def _route(state: ModemState, call: Call) -> Answer:
    if call.form is Form.TEST:
        ranges = (",".join(map(str, values)) for values in state.family.cnmi)
        return ["+CNMI: " + ",".join(f"({values})" for values in ranges)]
    if call.form is Form.READ:
        return ["+CNMI: " + ",".join(map(str, state.registers.cnmi))]
    values = list(state.registers.cnmi)
    for position in range(len(call.arguments)):
        value = call.number(position, values[position]) if position < 5 else None
        if value is None or value not in state.family.cnmi[position]:
            raise Refused("CMS", 303)
        values[position] = value
    mode, texts, broadcast, reports, buffer = values
    state.registers.cnmi = (mode, texts, broadcast, reports, buffer)
    return []


def _service(state: ModemState, call: Call) -> Answer:
    if call.form is Form.TEST:
        return ["+CSMS: (0,1)"]
    if call.form is Form.READ:
        return [f"+CSMS: {state.registers.csms},1,1,1"]
    mode = call.number(0, 0)
    if mode not in (0, 1):
        raise Refused("CMS", 303)
    state.registers.csms = mode
    return ["+CSMS: 1,1,1"]


def _acknowledge(state: ModemState, call: Call) -> Answer:
    if call.form is Form.TEST:
        return ["+CNMA: (0-2)"]
    if state.unacknowledged is None:
        raise Refused("CMS", 340)
    state.unacknowledged = None
    return []


def _service_centre(state: ModemState, call: Call) -> Answer:
    if call.form is Form.TEST:
        return []
    _demand_ready(state)
    number = "" if state.faults.take("service-centre-lost") else state.sim.service_centre
    if call.form is Form.READ:
        return [f'+CSCA: "{number}",{145 if number.startswith("+") else 129}']
    state.sim.service_centre = call.arguments[0] if call.arguments else ""
    return []


SMS_COMMANDS: dict[str, Callable[[ModemState, Call], Answer]] = {
    "+CMGS": _send,
    "+CMGF": _format,
    "+CPMS": _stores,
    "+CMGL": _list,
    "+CMGR": _read,
    "+CMGD": _delete,
    "+CNMI": _route,
    "+CSMS": _service,
    "+CNMA": _acknowledge,
    "+CSCA": _service_centre,
}
