"""The makes of modem people put on a Pi, each with what it is known to do its own way.

The quirks are second-hand (manuals, forum threads, bug reports), named at each field; no real
modem was at hand. What every family shares is in the command modules.
"""

from dataclasses import dataclass
from difflib import get_close_matches

Range = tuple[int, ...]


@dataclass(frozen=True)
class Family:
    """What sets one make apart from the others."""

    name: str
    manufacturer: str
    model: str
    revision: str
    imei: str
    boot: tuple[str, ...]
    """URCs after power-on or a reset."""
    stores: tuple[str, ...] = ("SM", "ME")
    store_at_boot: str = "SM"
    """All three of AT+CPMS after a reset. Where it is not SM, a driver that never sets them
    reads a store that its texts are not in."""
    first_index: int = 1
    """Index of the first slot of a store."""
    cnmi: tuple[Range, Range, Range, Range, Range] = (
        (0, 1, 2),
        (0, 1, 2, 3),
        (0, 2),
        (0, 1, 2),
        (0, 1),
    )
    cnmi_at_boot: tuple[int, int, int, int, int] = (2, 1, 0, 0, 0)
    cmgf_at_boot: int = 0
    """Message format after a reset: 1 (text) finds the driver that forgets to set 0 again."""
    empty_slot: int | None = 321
    """+CMS ERROR for reading an empty slot; None answers a plain OK."""
    report_claims_store: str | None = None
    """Store that +CDSI names where that is not the one the report is in."""
    stores_twice: bool = False
    full_urc: str | None = None
    quiet_once_full: bool = False
    """After the store was full once, new texts are stored without +CMTI, until a reset."""
    count_lags_s: float = 0.0
    """How long a new text is missing from the counts of AT+CPMS."""
    chatter: tuple[str, ...] = ()
    """URCs that come unasked until AT^CURC=0."""
    unknown_command: str = "ERROR"
    pin_counter: str = "+SPIC"
    """The command that tells how many PIN tries are left."""
    lte: bool = True
    lte_only: str | None = None
    """The command that keeps the modem to LTE, where it has one (from memory, not verified)."""


_FAMILIES = (
    Family(  # 2G only; +CDS direct only (python-gsmmodem issue 60); empty slot reads as plain OK
        name="SIM800L",
        manufacturer="SIMCOM_Ltd",
        model="SIMCOM_SIM800L",
        revision="Revision:1418B05SIM800L24",
        imei="866000000000011",
        boot=("RDY", "+CFUN: 1", "+CPIN: READY", "Call Ready", "SMS Ready"),
        stores=("SM", "ME"),
        cnmi=((0, 1, 2, 3), (0, 1, 2, 3), (0, 2), (0, 1), (0, 1)),
        cmgf_at_boot=1,
        empty_slot=None,
        lte=False,
    ),
    Family(
        name="SIM7600",
        manufacturer="SIMCOM INCORPORATED",
        model="SIMCOM_SIM7600CE",
        revision="+CGMR: LE20B04SIM7600M22",
        imei="866000000000029",
        boot=("RDY", "+CPIN: READY", "SMS DONE", "PB DONE"),
        stores=("SM", "ME", "SR"),
        first_index=0,
        lte_only="+CNMP",
    ),
    Family(  # the same text stored twice (LilyGo #155); "+SMS FULL" (LilyGo #184)
        name="A7670E",
        manufacturer="SIMCOM INCORPORATED",
        model="A7670E-FASE",
        revision="A7670M7_V1.11.1",
        imei="866000000000037",
        boot=("*ATREADY: 1", "+CPIN: READY", "SMS DONE", "PB DONE"),
        first_index=0,
        stores_twice=True,
        full_urc="+SMS FULL",
        lte_only="+CNMP",
    ),
    Family(  # reports are in SR and announced as SM (asterisk-chan-quectel PR 75)
        name="EC25",
        manufacturer="Quectel",
        model="EC25",
        revision="EC25EFAR06A03M4G",
        imei="866000000000045",
        boot=("RDY", "+CFUN: 1", "+CPIN: READY", "+QUSIM: 1", "+QIND: SMS DONE"),
        stores=("SM", "ME", "SR"),
        store_at_boot="ME",
        first_index=0,
        report_claims_store="SM",
        pin_counter="+QPINC",
        lte_only="+QCFG",
    ),
    Family(  # chatter until AT^CURC=0, lagging counts (gammu atgen.c), ^SMMEMFULL (chan-dongle #47)
        name="Huawei",
        manufacturer="huawei",
        model="E3372",
        revision="21.180.01.00.00",
        imei="866000000000052",
        boot=("^SYSSTART", "^SIMST: 1", "^SRVST: 2", "+CPIN: READY"),
        first_index=0,
        cnmi_at_boot=(0, 0, 0, 0, 0),
        full_urc='^SMMEMFULL: "SM"',
        quiet_once_full=True,
        count_lags_s=0.5,
        chatter=("^RSSI: 18", "^BOOT: 20001,0,0,0,75", "^MODE: 17,1"),
        unknown_command="COMMAND NOT SUPPORT",
        pin_counter="^CPIN",
    ),
)
FAMILIES = {family.name.lower(): family for family in _FAMILIES}


def family_called(name: str) -> Family:
    """The family of this name, upper or lower case. Raises `ValueError` naming the nearest."""
    family = FAMILIES.get(name.lower())
    if family is None:
        known = ", ".join(each.name for each in _FAMILIES)
        nearest = get_close_matches(name.lower(), FAMILIES, n=1)
        hint = f"; did you mean {FAMILIES[nearest[0]].name}?" if nearest else ""
        raise ValueError(f"no modem family is called {name!r}{hint} (there are {known})")
    return family
