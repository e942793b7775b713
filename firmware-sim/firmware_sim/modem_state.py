"""What a modem knows: settings it forgets at a reset, its SIM, its stores, its place on the air."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from firmware_sim.modem_agenda import Agenda
from firmware_sim.modem_families import Family
from firmware_sim.modem_faults import Faults
from firmware_sim.modem_storage import Store
from firmware_sim.sms_pdu import SERVICE_CENTRE, Submit


class Refused(Exception):  # noqa: N818 - it is an answer of the modem, not a failure of ours
    """A command ends in `+CME ERROR` or `+CMS ERROR` with this code."""

    def __init__(self, kind: str, code: int) -> None:
        super().__init__(f"+{kind} ERROR: {code}")
        self.kind = kind
        self.code = code


@dataclass(frozen=True)
class Prompt:
    """AT+CMGS is ready for a PDU of `tpdu_length` octets."""

    tpdu_length: int


class Air(Protocol):
    """The network, as the modem sees it."""

    air_s: float

    def submit(self, part: Submit, reference: int) -> None:
        """Take one part; it is on its way."""

    def hold(self, pdu: bytes) -> None:
        """Take back a text that the modem could not hand over; bring it again later."""


@dataclass
class Sim:
    """The SIM card. With a `pin` it is locked after each power-on; three tries."""

    pin: str | None = None
    imsi: str = "460001234567890"
    own_number: str = "+8613800000000"
    service_centre: str = SERVICE_CENTRE
    is_locked: bool = False
    tries_left: int = 3
    last_reference: int = 255

    def __post_init__(self) -> None:
        self.power_on()

    def power_on(self) -> None:
        self.is_locked = self.pin is not None

    @property
    def status(self) -> str:
        """<code> of +CPIN."""
        if not self.is_locked:
            return "READY"
        return "SIM PIN" if self.tries_left else "SIM PUK"

    def unlock(self, pin: str) -> None:
        """Try a PIN. Raises `Refused`, and counts the try."""
        if not self.is_locked:
            raise Refused("CME", 3)
        if not self.tries_left:
            raise Refused("CME", 12)
        if pin != self.pin:
            self.tries_left -= 1
            raise Refused("CME", 16 if self.tries_left else 12)
        self.is_locked, self.tries_left = False, 3

    def next_reference(self) -> int:
        """TP-MR of the next part: it lives on the SIM and wraps after 255."""
        self.last_reference = (self.last_reference + 1) % 256
        return self.last_reference


@dataclass
class Registers:
    """Settings that a reset takes back to the family's own."""

    cmgf: int
    cnmi: tuple[int, int, int, int, int]
    stores: list[str]
    echo: bool = True
    cmee: int = 0
    csms: int = 0
    cscs: str = "GSM"
    registration_urcs: dict[str, int] = field(default_factory=dict)
    functionality: int = 1
    flow_controlled: bool = True
    chatters: bool = True

    @classmethod
    def of(cls, family: Family) -> "Registers":
        """As they stand after a reset."""
        return cls(family.cmgf_at_boot, family.cnmi_at_boot, [family.store_at_boot] * 3)


@dataclass
class ModemState:
    """All of it together, with the ways out: `announce` for URCs, `air`, `restart`."""

    family: Family
    agenda: Agenda
    faults: Faults
    air: Air
    wall: Callable[[], datetime]
    sim: Sim = field(default_factory=Sim)
    capacity: int = 50
    signal: int = 20
    network_registration: int = 1
    announce: Callable[[str], None] = lambda _line: None
    restart: Callable[[], None] = lambda: None
    unacknowledged: bytes | None = None
    was_full: bool = False
    is_lte_only: bool = False
    """In the modem's flash: no reset forgets it."""

    def __post_init__(self) -> None:
        self.registers = Registers.of(self.family)
        self.stores = {
            name: Store(self.capacity, self.family.first_index) for name in self.family.stores
        }

    @property
    def registration(self) -> int:
        """<stat> of +CREG: 1 home, 5 roaming, 2 searching, 0 not registered."""
        if self.registers.functionality != 1 or self.sim.is_locked:
            return 0
        is_lost = self.faults.take("no-network") or self.faults.take("network-lost")
        return 2 if is_lost else self.network_registration

    @property
    def is_registered(self) -> bool:
        return self.registration in (1, 5, 6, 7)

    def announce_registration(self) -> None:
        """Tell a change of registration where AT+CREG=1 or 2 asked for it."""
        for name, mode in self.registers.registration_urcs.items():
            if mode:
                self.announce(f"{name}: {self.registration}")
