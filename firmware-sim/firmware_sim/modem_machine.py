"""A GSM modem as a state machine: bytes in, bytes out, time from an agenda.

It reads command lines and PDUs, answers, and breaks the dialogue off where a fault says so.
"""

from collections.abc import Callable
from enum import Enum

from firmware_sim.modem_commands import answer
from firmware_sim.modem_grammar import Call, LineError, parse_line
from firmware_sim.modem_sms_commands import read_submit
from firmware_sim.modem_state import ModemState, Prompt, Refused, Registers
from firmware_sim.modem_voice import Voice

BOOT_S = 0.3
"""From power-on or a reset until the modem hears again; real ones take 3 to 15 s."""
CHATTER_S = 2.0
_CR, _LF, _BACKSPACE, _ESC, _CTRL_Z = 0x0D, 0x0A, 0x08, 0x1B, 0x1A
_LONGEST_LINE = 2000
_TEXTS = {
    "+CME ERROR: 10": "+CME ERROR: SIM not inserted",
    "+CME ERROR: 11": "+CME ERROR: SIM PIN required",
    "+CME ERROR: 12": "+CME ERROR: SIM PUK required",
    "+CME ERROR: 14": "+CME ERROR: SIM busy",
    "+CME ERROR: 16": "+CME ERROR: incorrect password",
    "+CME ERROR: 50": "+CME ERROR: Incorrect parameters",
}
"""What AT+CMEE=2 says instead of the number."""


_CURED_BY_RESTART = ("mute", "network-lost", "service-centre-lost")


class _Mode(Enum):
    COMMAND = "reads a command line"
    PROMPT = "reads a PDU until ^Z"
    BUSY = "has an answer outstanding"
    DEAF = "boots, or hangs"


class Modem:
    """One modem on one serial line. `write` takes what it says, `unplug` drops it."""

    def __init__(
        self,
        state: ModemState,
        write: Callable[[bytes], None],
        unplug: Callable[[float | None], None],
    ) -> None:
        self.state = state
        self._voice = Voice(write, state.faults)
        self._unplug = unplug
        self._mode = _Mode.COMMAND
        self._inbox = bytearray()
        self._typed = bytearray()
        self._prompt = Prompt(0)
        self._held_urcs: list[str] = []
        self._boots = 0
        self._was_spoken_to = False
        state.announce = self.announce
        state.restart = self.restart
        self._plan_chatter()

    def take(self, data: bytes) -> None:
        """Hear bytes from the program. What comes while an answer is outstanding waits."""
        self._was_spoken_to = True
        hang = self.state.faults.take("hang")
        if hang:
            self.power_off()
            if hang.lasts_s is not None:
                self._later(hang.lasts_s, self._wake)
        if self._mode is _Mode.DEAF:
            return
        self._inbox += data
        self._drain()

    def announce(self, line: str) -> None:
        """Say a URC, at once or, where a PDU is being typed, after it."""
        if self._mode is _Mode.PROMPT:
            self._held_urcs.append(line)
        elif self._mode is not _Mode.DEAF:
            self._voice.line(line)

    def power_off(self) -> None:
        """Hear and say nothing more; whatever was under way is gone."""
        self._boots += 1
        self._mode = _Mode.DEAF
        self._inbox.clear()
        self._typed.clear()
        self._held_urcs.clear()

    def _wake(self) -> None:
        self._mode = _Mode.COMMAND

    def restart(self) -> None:
        """Power off and on: everything but SIM and stores is forgotten, the boot URCs follow."""
        self.power_off()
        self.state.registers = Registers.of(self.state.family)
        self.state.was_full = False
        for fault in _CURED_BY_RESTART:
            self.state.faults.clear(fault)
        self.state.sim.power_on()
        self._later(BOOT_S, self._come_up)

    def _come_up(self) -> None:
        self._wake()
        for line in self.state.family.boot:
            is_pin = line == "+CPIN: READY"
            self.announce(f"+CPIN: {self.state.sim.status}" if is_pin else line)

    def _later(self, delay_s: float, act: Callable[[], None]) -> None:
        """Do something after a while, unless the modem restarted in between."""
        boots = self._boots

        def unless_restarted() -> None:
            if boots == self._boots:
                act()

        self.state.agenda.after(delay_s, unless_restarted)

    def _plan_chatter(self) -> None:
        if self.state.family.chatter:
            self.state.agenda.after(CHATTER_S, self._chatter)

    def _chatter(self) -> None:
        if self.state.registers.chatters and self._was_spoken_to:
            for line in self.state.family.chatter:
                self.announce(line)
        self._plan_chatter()

    # What comes in

    def _drain(self) -> None:
        while self._inbox and self._mode in (_Mode.COMMAND, _Mode.PROMPT):
            octet = self._inbox.pop(0)
            if self._mode is _Mode.COMMAND:
                self._hear_command(octet)
            else:
                self._hear_pdu(octet)

    def _echo(self, octet: int) -> None:
        if self.state.registers.echo or self.state.faults.take("echo-forced"):
            self._voice.echo(octet)

    def _hear_command(self, octet: int) -> None:
        self._echo(octet)
        if octet == _CR:
            line, self._typed = bytes(self._typed), bytearray()
            start = line.upper().find(b"AT")
            if start >= 0:
                self._execute(line[start + 2 :].decode("latin-1"))
        elif octet == _BACKSPACE:
            del self._typed[-1:]
        elif octet not in (_LF, _ESC) and len(self._typed) < _LONGEST_LINE:
            self._typed.append(octet)

    def _hear_pdu(self, octet: int) -> None:
        if octet == _ESC:
            self._leave_prompt()
            self._finish("OK")
        elif octet == _CTRL_Z and not self.state.faults.take("prompt-stuck"):
            text = self._typed.decode("latin-1")
            self._leave_prompt()
            self._send(text)
        else:
            self._echo(octet)
            if len(self._typed) < _LONGEST_LINE:
                self._typed.append(octet)

    def _leave_prompt(self) -> None:
        self._mode = _Mode.COMMAND
        self._typed.clear()
        for line in self._held_urcs:
            self.announce(line)
        self._held_urcs.clear()

    # What goes out

    def _execute(self, line: str) -> None:
        if self.state.faults.take("autobaud") or self._breaks_off("command"):
            return
        try:
            calls = parse_line(line)
        except LineError:
            self._finish("ERROR")
            return
        for call in calls:
            try:
                answered = answer(self.state, call)
            except Refused as refused:
                self._refuse(refused)
                return
            if answered is None:
                self._finish(self.state.family.unknown_command)
                return
            if isinstance(answered, Prompt):
                self._open_prompt(answered)
                return
            self._voice.information(answered)
        self._finish("OK", slowly=_is_slow(calls))

    def _open_prompt(self, prompt: Prompt) -> None:
        if self._breaks_off("prompt"):
            return
        faults = self.state.faults
        is_swallowed = faults.take("factory-profile") and self.state.registers.flow_controlled
        if not (is_swallowed or faults.take("no-prompt")):
            self._voice.prompt()
        self._mode, self._prompt = _Mode.PROMPT, prompt

    def _send(self, text: str) -> None:
        faults = self.state.faults
        answer_s = self.state.air.air_s + faults.seconds("slow-send", 5.0)
        silence = faults.take("silence")
        if silence and silence.value == "lost":
            return
        code = faults.code("cms-error", 500)
        if code is not None:
            self._answer_after(answer_s, lambda: self._refuse(Refused("CMS", code)))
            return
        try:
            part = read_submit(self.state, self._prompt, text)
        except Refused as refused:
            self._refuse(refused)
            return
        reference = self.state.sim.next_reference()
        self.state.air.submit(part, reference)
        if silence:
            return
        self._answer_after(answer_s, lambda: self._confirm(reference))

    def _confirm(self, reference: int) -> None:
        if self._breaks_off("answer"):
            return
        code = self.state.faults.code("cms-error-but-sent", 500)
        if code is not None:
            self._refuse(Refused("CMS", code))
            return
        self._voice.information([f"+CMGS: {reference}"])
        self._finish("OK")

    def _breaks_off(self, point: str) -> bool:
        """Whether a fault ends the dialogue at this point."""
        if self.state.faults.take("reset", point):
            self.restart()
            return True
        unplug = self.state.faults.take("unplug", point)
        if unplug:
            self._unplug(unplug.lasts_s)
            return True
        return False

    def _refuse(self, refused: Refused) -> None:
        final = str(refused)
        if refused.kind == "CME" and self.state.registers.cmee == 0:
            final = "ERROR"
        elif self.state.registers.cmee == 2:
            final = _TEXTS.get(final, final)
        if self.state.faults.take("error-no-space"):
            final = final.replace(": ", ":", 1)
        self._finish(final)

    def _finish(self, final: str, *, slowly: bool = True) -> None:
        delay_s = self.state.faults.seconds("slow", 1.0) if slowly else 0.0
        if delay_s:
            self._answer_after(delay_s, lambda: self._voice.final(final))
        else:
            self._voice.final(final)

    def _answer_after(self, delay_s: float, act: Callable[[], None]) -> None:
        """Be busy until then; the program's next bytes wait."""

        def finish() -> None:
            self._mode = _Mode.COMMAND
            act()
            self._drain()

        self._mode = _Mode.BUSY
        self._later(delay_s, finish)


def _is_slow(calls: list[Call]) -> bool:
    """An empty `AT` is never slow: it is how programs find the modem."""
    return bool(calls)
