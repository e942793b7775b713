"""How a modem is kept to LTE, each make by its own command; the setting lies in its flash.

From memory of the makers' manuals, not verified at a modem.
"""

from collections.abc import Callable

from firmware_sim.modem_grammar import Call, Form
from firmware_sim.modem_state import ModemState, Refused


def _mode_of_simcom(state: ModemState, call: Call) -> list[str]:
    if call.form is Form.READ:
        return [f"+CNMP: {38 if state.is_lte_only else 2}"]
    return _keep_to_lte(state, is_wanted=call.number(0) == 38)


def _mode_of_quectel(state: ModemState, call: Call) -> list[str]:
    if call.arguments[:1] != ("nwscanmode",):
        raise Refused("CME", 50)
    if len(call.arguments) == 1:
        return [f'+QCFG: "nwscanmode",{3 if state.is_lte_only else 0}']
    return _keep_to_lte(state, is_wanted=call.number(1) == 3)


def _keep_to_lte(state: ModemState, *, is_wanted: bool) -> list[str]:
    if state.faults.take("lte-refused"):
        raise Refused("CME", 3)
    state.is_lte_only = is_wanted
    return []


LTE_COMMANDS: dict[str, Callable[[ModemState, Call], list[str]]] = {
    "+CNMP": _mode_of_simcom,
    "+QCFG": _mode_of_quectel,
}
