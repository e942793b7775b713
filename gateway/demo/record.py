"""The demo's record: what the simulator said really happened, and what reached people's phones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from gateway.demo.simulator import Line
from gateway.demo.story import Story
from gateway.demo.verdict import Finding, Text, Truth, judge

Say = Callable[[str, str], None]


@dataclass(slots=True)
class Record:
    """Collects the simulator's lines as they come, and says them."""

    story: Story
    clock_s: Callable[[], float]  # scenario seconds since some moment
    say: Say
    truths: list[Truth] = field(default_factory=list)
    texts: list[Text] = field(default_factory=list)
    replies: int = 0
    zero_s: float = 0.0  # scenario second 0, by `clock_s`: when all devices are connected

    def now_s(self) -> float:
        """Return the scenario second it is now."""
        return self.clock_s() - self.zero_s

    def happened(self, line: Line) -> None:
        """Take a line of the player: what a device sent, or what really happened."""
        if line.get("ready"):
            self.zero_s = self.clock_s()
            self.say("start", f"{line['devices']} devices, {line['connections']} connections")
        if "truth" not in line:
            return
        demand: dict[str, Any] | None = line.get("demand")
        place = self.story.name_in_texts(line.get("home"), line.get("building"))
        place = place or line.get("bridge") or line.get("device") or ""
        self.say("truth", f"{line['truth'].replace('_', ' ')} {place}".strip())
        if demand is None:
            return
        self.truths.append(
            Truth(
                at_s=line["at_s"],
                what=line["truth"],
                home=line.get("home"),
                building=line.get("building"),
                bridge=line.get("bridge"),
                told=tuple(demand.get("told", ())),
                within_s=demand.get("within_s"),
                level=demand.get("level"),
                at_most=demand.get("at_most"),
            )
        )

    def on_the_air(self, line: Line) -> None:
        """Take a line of the modem: a text that reached a phone, or a reply that left one."""
        if line.get("event") == "text":
            self.texts.append(Text(self.now_s(), line["to"], line["text"]))
            self.say("text", f"→ {self._who(line['to'])}: {line['text']}")
        elif line.get("event") == "reply":
            self.replies += 1
            self.say("reply", f"← {self._who(line['from'])}: {line['text']}")

    def judge(self) -> list[Finding]:
        """Judge what has come due."""
        return judge(self.story, self.truths, self.texts, self.now_s())

    def _who(self, number: str) -> str:
        name = next((phone.name for phone in self.story.phones if phone.number == number), "?")
        return f"{name} ({self.story.role_of(number)})"
