"""One modem, its network and its phones as one thing that needs only bytes and the time.

The pty loop drives it in real time; a test drives it by hand.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

from firmware_sim.modem_agenda import Agenda
from firmware_sim.modem_families import family_called
from firmware_sim.modem_faults import Fault, Faults, parse_fault
from firmware_sim.modem_inbox import take_report, take_text
from firmware_sim.modem_machine import Modem
from firmware_sim.modem_state import ModemState, Sim
from firmware_sim.phones import Phone
from firmware_sim.phones_network import Event, Network

BEIJING = timezone(timedelta(hours=8))


def beijing_now() -> datetime:
    """The service centre's clock."""
    return datetime.now(BEIJING)


@dataclass(frozen=True)
class Settings:
    """What is simulated. Faults are written as in `modem_faults`; `speed` hurries people."""

    family: str = "EC25"
    phones: Sequence[Phone] = ()
    faults: Sequence[str] = ()
    speed: float = 1.0
    air_s: float = 0.05
    retry_s: float = 5.0
    seed: int = 0
    pin: str | None = None
    capacity: int = 50


@dataclass
class Cable:
    """The serial line as the world sees it: where bytes go, and how it is pulled and put back."""

    write: Callable[[bytes], None]
    pull: Callable[[], None] = lambda: None
    put_back: Callable[[], None] = lambda: None


@dataclass
class World:
    """Raises `ValueError` for a family or a fault that does not exist."""

    settings: Settings
    cable: Cable
    tell: Callable[[Event], None] = lambda _event: None
    wall: Callable[[], datetime] = beijing_now
    now_s: float = 0.0
    is_plugged: bool = field(default=True, init=False)

    def __post_init__(self) -> None:
        settings = self.settings
        self.agenda = Agenda(self.now_s)
        self.faults = Faults(lambda: self.agenda.now_s, settings.seed)
        self.network = Network(
            self.agenda,
            self.faults,
            list(settings.phones),
            wall=self.wall,
            tell=self.tell,
            air_s=settings.air_s,
            retry_s=settings.retry_s,
            speed=settings.speed,
        )
        self.state = ModemState(
            family_called(settings.family),
            self.agenda,
            self.faults,
            self.network,
            self.wall,
            sim=Sim(settings.pin),
            capacity=settings.capacity,
        )
        self.modem = Modem(self.state, self._write, self.unplug)
        self.network.connect(
            lambda pdu: self.is_plugged and take_text(self.state, pdu),
            lambda pdu: self.is_plugged and take_report(self.state, pdu),
        )
        for spec in settings.faults:
            self.add_fault(parse_fault(spec))

    def take(self, data: bytes) -> None:
        """Bytes from the program."""
        self.modem.take(data)
        self.agenda.advance(self.agenda.now_s)

    def advance(self, now_s: float) -> None:
        """Let time pass up to `now_s`."""
        self.agenda.advance(now_s)

    def _write(self, data: bytes) -> None:
        if self.is_plugged:
            self.cable.write(data)

    def add_fault(self, fault: Fault) -> None:
        """Put a fault in force; losing the network and finding it again are announced."""
        self.faults.add(fault)
        if fault.name == "no-network":
            self.state.announce_registration()
            if fault.lasts_s is not None:
                self.agenda.after(fault.lasts_s, self.state.announce_registration)

    def unplug(self, for_s: float | None = None) -> None:
        """Pull the modem: the port is gone, the power too. Put back after `for_s`, if given."""
        if not self.is_plugged:
            return
        self.is_plugged = False
        self.modem.power_off()
        self.cable.pull()
        self.tell({"event": "unplugged"})
        if for_s is not None:
            self.agenda.after(for_s, self.plug)

    def plug(self) -> None:
        """Put the modem back: a new port behind the same link, and a modem that boots."""
        if self.is_plugged:
            return
        self.is_plugged = True
        self.cable.put_back()
        self.modem.restart()
        self.tell({"event": "plugged"})
