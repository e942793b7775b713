"""Every other command: who the modem is, its SIM, its signal and registration, its settings."""

from collections.abc import Callable

from firmware_sim.modem_families import Family
from firmware_sim.modem_grammar import Call, Form
from firmware_sim.modem_lte import LTE_COMMANDS
from firmware_sim.modem_sms_commands import SMS_COMMANDS, Answer
from firmware_sim.modem_state import ModemState, Refused, Registers

Command = Callable[[ModemState, Call], Answer]
OPERATOR = "CHINA MOBILE"
USSD_S = 1.0
"""Until a USSD answer comes."""


def answer(state: ModemState, call: Call) -> Answer | None:
    """Carry out one command: its information lines, or None where it is unknown.

    Raises `Refused`.
    """
    command = SMS_COMMANDS.get(call.name) or _COMMANDS.get(call.name)
    command = command or _own_commands(state.family).get(call.name)
    if command:
        try:
            return command(state, call)
        except ValueError as error:  # an argument that is no number
            raise Refused("CME", 50) from error
    fixed = _FIXED.get(call.name)
    if fixed is not None and call.form in fixed:
        return [fixed[call.form]]
    if fixed is not None or call.name in _TAKEN:
        return []
    return None


def _identity(tell: Callable[[ModemState], str]) -> Command:
    def command(state: ModemState, call: Call) -> Answer:
        return [tell(state)] if call.form in (Form.RUN, Form.READ) else []

    return command


def _imsi(state: ModemState, call: Call) -> Answer:
    if state.sim.is_locked:
        raise Refused("CME", 11 if state.sim.tries_left else 12)
    return [state.sim.imsi] if call.form is Form.RUN else []


def _banner(family: Family) -> str:
    return f"{family.manufacturer}\r\n{family.model}\r\nRevision: {family.revision}"


def _echo(state: ModemState, call: Call) -> Answer:
    state.registers.echo = bool(call.number(0, 0))
    return []


def _verbose(_state: ModemState, call: Call) -> Answer:
    if call.number(0, 0) != 1:
        raise Refused("CME", 4)  # numeric result codes are not simulated
    return []


def _defaults(state: ModemState, _call: Call) -> Answer:
    kept = state.registers
    state.registers = Registers.of(state.family)
    state.registers.stores = kept.stores
    state.registers.flow_controlled = False
    return []


def _flow_control(state: ModemState, call: Call) -> Answer:
    if call.form is Form.READ:
        return ["+IFC: 2,2" if state.registers.flow_controlled else "+IFC: 0,0"]
    if call.form is Form.SET:
        state.registers.flow_controlled = call.number(0, 0) == 2
    return []


def _error_form(state: ModemState, call: Call) -> Answer:
    if call.form is Form.TEST:
        return ["+CMEE: (0-2)"]
    if call.form is Form.READ:
        return [f"+CMEE: {state.registers.cmee}"]
    state.registers.cmee = call.number(0, 0) or 0
    return []


def _charset(state: ModemState, call: Call) -> Answer:
    if call.form is Form.TEST:
        return ['+CSCS: ("GSM","IRA","UCS2")']
    if call.form is Form.READ:
        return [f'+CSCS: "{state.registers.cscs}"']
    if call.arguments[:1] not in (("GSM",), ("IRA",), ("UCS2",)):
        raise Refused("CME", 50)
    state.registers.cscs = call.arguments[0]
    return []


def _registration(state: ModemState, call: Call) -> Answer:
    modes = state.registers.registration_urcs
    if call.form is Form.TEST:
        return [f"{call.name}: (0-2)"]
    if call.form is Form.SET:
        modes[call.name] = call.number(0, 0) or 0
        return []
    mode = modes.get(call.name, 0)
    cell = ',"24E1","0A2B3C4D",7' if mode == 2 and state.is_registered else ""
    return [f"{call.name}: {mode},{state.registration}{cell}"]


def _lte_registration(state: ModemState, call: Call) -> Answer:
    if not state.family.lte:
        raise Refused("CME", 4)
    return _registration(state, call)


def _operator(state: ModemState, call: Call) -> Answer:
    if call.form is not Form.READ:
        return []
    technology = 7 if state.family.lte else 0  # E-UTRAN or GSM
    return [f'+COPS: 0,0,"{OPERATOR}",{technology}' if state.is_registered else "+COPS: 0"]


def _signal(state: ModemState, call: Call) -> Answer:
    if call.form is Form.TEST:
        return ["+CSQ: (0-31,99),(0-7,99)"]
    return [f"+CSQ: {state.signal if state.registration else 99},99"]


def _pin(state: ModemState, call: Call) -> Answer:
    code = state.faults.code("cme-error", 14)
    if code is not None:
        raise Refused("CME", code)
    if call.form is Form.READ:
        return [f"+CPIN: {state.sim.status}"]
    if call.form is Form.SET:
        state.sim.unlock(call.arguments[0])
        state.announce("+CPIN: READY")
        state.announce_registration()
    return []


def _pin_counter(state: ModemState, call: Call) -> Answer:
    left, status = state.sim.tries_left, state.sim.status
    lines = {
        "+QPINC": f'+QPINC: "SC",{left},10',
        "+SPIC": f"+SPIC: {left},10,3,10",
        "^CPIN": f"^CPIN: {status},{left},10,{left},10,3",
    }
    return [lines[call.name]]


def _functionality(state: ModemState, call: Call) -> Answer:
    if call.form is Form.TEST:
        return ["+CFUN: (0,1,4),(0,1)"]
    if call.form is Form.READ:
        return [f"+CFUN: {state.registers.functionality}"]
    wanted = call.number(0, 1)
    if wanted not in (0, 1, 4):
        raise Refused("CME", 50)
    if call.number(1, 0) == 1:
        state.agenda.after(0.0, state.restart)
    elif wanted != state.registers.functionality:
        if wanted == 1:
            state.faults.clear("network-lost")
        state.registers.functionality = wanted
        state.announce_registration()
    return []


def _ussd(state: ModemState, call: Call) -> Answer:
    if call.form is Form.TEST:
        return ["+CUSD: (0-2)"]
    if call.form is Form.READ:
        return ["+CUSD: 0"]
    if len(call.arguments) > 1:
        balance = "Balance 42.00 CNY, 100 SMS left"
        state.agenda.after(USSD_S, lambda: state.announce(f'+CUSD: 0,"{balance}",15'))
    return []


def _clock(state: ModemState, call: Call) -> Answer:
    return [f'+CCLK: "{state.wall():%y/%m/%d,%H:%M:%S}+32"'] if call.form is Form.READ else []


def _chatter(state: ModemState, call: Call) -> Answer:
    if call.form is Form.SET:
        state.registers.chatters = call.number(0, 1) != 0
    return []


def _own_number(state: ModemState, call: Call) -> Answer:
    number = state.sim.own_number
    return [f'+CNUM: "","{number}",145'] if call.form is Form.RUN and number else []


_COMMANDS: dict[str, Command] = {
    "I": _identity(lambda state: _banner(state.family)),
    "+CGMI": _identity(lambda state: state.family.manufacturer),
    "+GMI": _identity(lambda state: state.family.manufacturer),
    "+CGMM": _identity(lambda state: state.family.model),
    "+GMM": _identity(lambda state: state.family.model),
    "+CGMR": _identity(lambda state: state.family.revision),
    "+GMR": _identity(lambda state: state.family.revision),
    "+CGSN": _identity(lambda state: state.family.imei),
    "+GSN": _identity(lambda state: state.family.imei),
    "+CIMI": _imsi,
    "+CNUM": _own_number,
    "E": _echo,
    "V": _verbose,
    "Z": _defaults,
    "&F": _defaults,
    "+IFC": _flow_control,
    "+CMEE": _error_form,
    "+CSCS": _charset,
    "+CREG": _registration,
    "+CGREG": _registration,
    "+CEREG": _lte_registration,
    "+COPS": _operator,
    "+CSQ": _signal,
    "+CPIN": _pin,
    "+CFUN": _functionality,
    "+CUSD": _ussd,
    "+CCLK": _clock,
}


def _own_commands(family: Family) -> dict[str, Command]:
    own: dict[str, Command] = {family.pin_counter: _pin_counter}
    if family.lte_only:
        own[family.lte_only] = LTE_COMMANDS[family.lte_only]
    if family.chatter:
        own |= {"^CURC": _chatter, "^PORTSEL": lambda _state, _call: []}
    return own


_FIXED = {
    "+CBC": {Form.RUN: "+CBC: 0,100,3900"},
    "+CGATT": {Form.READ: "+CGATT: 1"},
    "+CMMS": {Form.READ: "+CMMS: 0", Form.TEST: "+CMMS: (0-2)"},
    "+CPAS": {Form.RUN: "+CPAS: 0"},
    "+GCAP": {Form.RUN: "+GCAP: +CGSM,+FCLASS"},
    "+IPR": {Form.READ: "+IPR: 115200"},
}
_TAKEN = frozenset({"Q", "X", "H", "&C", "&D", "&K", "&W", "\\Q", "S0", "S7", "+CSDH", "+CSMP"})
"""Commands that change nothing here and answer OK."""
