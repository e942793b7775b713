"""Whether the modem is registered with a network, how well it hears it, and since when it doesn't.

Two minutes without a network are a channel that is down: notices take another way.
"""

from __future__ import annotations

import re

from alerts.channels.gsm.at import Dialogue

DOWN_AFTER_S = 120.0

_SERVING = {1: "home", 5: "roaming", 6: "home_sms_only", 7: "roaming_sms_only"}
_ASIDE = {0: "not_searching", 2: "searching", 3: "denied", 4: "unknown", 8: "emergency_only"}
_TECHNOLOGIES = {  # <AcT> of 27.007
    **dict.fromkeys((0, 1, 3, 8), "2g"),
    **dict.fromkeys((2, 4, 5, 6), "3g"),
    **dict.fromkeys((7, 9, 10, 13), "lte"),
    **dict.fromkeys((11, 12), "5g"),
}
_OPERATOR = re.compile(r'"([^"]{1,40})"(?:\s*,\s*(\d{1,2}))?')
_REGISTERED = re.compile(r"(?:\d+\s*,\s*)?(\d+)")
_UNKNOWN_SIGNAL = 99


class Network:
    """What the modem last said of its network. Times are monotonic seconds."""

    def __init__(self) -> None:
        self.state = "unknown"
        self.facts: dict[str, str] = {}
        self._away_since: float | None = None
        self._was_registered = False

    def ask(self, dialogue: Dialogue, now: float) -> bool:
        """Ask for registration and signal; False where the modem does not answer at all."""
        answer = dialogue.command("AT+CREG?", "+CREG:")
        if answer.final.word == "silence":
            return False
        state = _state_of(answer.value("+CREG:"))
        if state not in _SERVING:
            packet = dialogue.command("AT+CEREG?", "+CEREG:")
            state = max(state, _state_of(packet.value("+CEREG:")), key=lambda s: s in _SERVING)
        self.note(state, now)
        self.facts["registration"] = self.state
        self._ask_signal(dialogue)
        return True

    def ask_operator(self, dialogue: Dialogue) -> None:
        """Ask for the operator's name and its kind of network, for people to read."""
        value = dialogue.command("AT+COPS?", "+COPS:").value("+COPS:") or ""
        found = _OPERATOR.search(value)
        self.facts["operator"] = found[1] if found else "unknown"
        technology = _TECHNOLOGIES.get(int(found[2])) if found and found[2] else None
        if technology:
            self.facts["technology"] = technology
        else:
            self.facts.pop("technology", None)

    @property
    def is_away(self) -> bool:
        """Whether there is no network just now."""
        return self._away_since is not None

    def away_s(self, now: float) -> float:
        """Return for how long there has been no network."""
        return 0.0 if self._away_since is None else now - self._away_since

    def note(self, state: int, now: float) -> None:
        """Take down a registration state of 27.007."""
        self.state = _SERVING.get(state) or _ASIDE.get(state, "unknown")
        if state in _SERVING:
            self._was_registered, self._away_since = True, None
        elif self._away_since is None:
            self._away_since = now

    def is_down(self, now: float) -> bool:
        """Whether there has been no network for too long, or none yet since the start."""
        if self._away_since is None:
            return False
        return not self._was_registered or now - self._away_since >= DOWN_AFTER_S

    def _ask_signal(self, dialogue: Dialogue) -> None:
        value = dialogue.command("AT+CSQ", "+CSQ:").value("+CSQ:") or ""
        found = re.match(r"(\d{1,2})\s*,", value)
        if found and int(found[1]) != _UNKNOWN_SIGNAL:
            self.facts["signal_dbm"] = str(2 * int(found[1]) - 113)
        else:
            self.facts["signal_dbm"] = "unknown"


def _state_of(value: str | None) -> int:
    found = _REGISTERED.match(value or "")
    return int(found[1]) if found else 4
