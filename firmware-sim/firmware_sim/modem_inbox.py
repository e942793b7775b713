"""How texts and status reports that come in reach the program: stored and announced, or direct.

What AT+CNMI decides, and what each family does with it.
"""

from firmware_sim.modem_state import ModemState
from firmware_sim.modem_storage import Store
from firmware_sim.sms_pdu import tpdu_length

ACKNOWLEDGE_WITHIN_S = 15.0
"""With AT+CSMS=1 a direct text needs AT+CNMA within the network's timer (RP-ACK, about 15 s)."""


def take_text(state: ModemState, pdu: bytes) -> bool:
    """Take a DELIVER from the network; False where it must be brought again later."""
    if not state.is_registered:
        return False
    if state.faults.take("cmti-nowhere"):
        state.announce("+CMTI: ,-1")
        return False
    mode, target, *_ = state.registers.cnmi
    if mode and target == 2:
        return _hand_over(state, pdu)
    name = state.registers.stores[2]
    store = state.stores[name]
    if not store.has_room() or state.faults.take("storage-full"):
        _tell_full(state)
        return False
    twice = state.family.stores_twice or state.faults.take("duplicate-store")
    for _ in range(2 if twice else 1):
        index = store.put(pdu, state.agenda.now_s)
        if index is not None and mode and target == 1 and _may_announce(state):
            state.announce(f'+CMTI: "{name}",{index}')
    if not store.has_room():
        _tell_full(state)
    return True


def _hand_over(state: ModemState, pdu: bytes) -> bool:
    state.announce(f"+CMT: ,{tpdu_length(pdu)}\r\n{pdu.hex().upper()}")
    if state.registers.csms == 1:
        state.unacknowledged = pdu
        state.agenda.after(ACKNOWLEDGE_WITHIN_S, lambda: _check_acknowledged(state, pdu))
    return True


def _check_acknowledged(state: ModemState, pdu: bytes) -> None:
    if state.unacknowledged is not pdu:
        return
    state.unacknowledged = None
    mode, _, broadcast, _, buffer = state.registers.cnmi
    state.registers.cnmi = (mode, 0, broadcast, 0, buffer)
    state.air.hold(pdu)


def _tell_full(state: ModemState) -> None:
    if state.family.full_urc and not state.was_full:
        state.announce(state.family.full_urc)
    state.was_full = True


def _may_announce(state: ModemState) -> bool:
    if state.faults.take("cmti-lost"):
        return False
    return not (state.was_full and state.family.quiet_once_full)


def take_report(state: ModemState, pdu: bytes) -> bool:
    """Take a STATUS-REPORT from the network; False where it must be brought again later."""
    if not state.is_registered:
        return False
    mode, _, _, reports, _ = state.registers.cnmi
    if mode and reports == 1:
        state.announce(f"+CDS: {tpdu_length(pdu)}\r\n{pdu.hex().upper()}")
    if mode and reports == 2:
        name, store = _report_store(state)
        index = store.put(pdu, state.agenda.now_s)
        if index is None:
            return False
        state.announce(f'+CDSI: "{state.family.report_claims_store or name}",{index}')
    return True


def _report_store(state: ModemState) -> tuple[str, Store]:
    name = "SR" if "SR" in state.stores else state.registers.stores[2]
    return name, state.stores[name]
