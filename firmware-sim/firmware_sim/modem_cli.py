"""`python -m firmware_sim modem`: a GSM modem on a pty, with people behind it.

Events go to stdout as JSON lines.
"""

import argparse
import json
import signal
import sys
from pathlib import Path

from firmware_sim.modem_families import FAMILIES
from firmware_sim.modem_faults import KNOWN
from firmware_sim.modem_run import ModemLoop
from firmware_sim.modem_world import Settings
from firmware_sim.phones import read_phones
from firmware_sim.phones_network import Event


def _parser() -> argparse.ArgumentParser:
    faults = "\n".join(f"  {name:20}{what}" for name, what in sorted(KNOWN.items()))
    parser = argparse.ArgumentParser(
        prog="python -m firmware_sim modem",
        description="A simulated GSM modem on a pty, with simulated phones.",
        epilog=f"faults, as NAME[=VALUE][,count=N][,p=CHANCE][,for=SECONDS]:\n{faults}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    families = ", ".join(family.name for family in FAMILIES.values())
    parser.add_argument("--link", type=Path, required=True, help="where to put the port")
    parser.add_argument("--family", default=Settings.family, help=f"one of {families}")
    parser.add_argument("--phones", metavar="SCENARIO", help="TOML file or built-in name")
    parser.add_argument("--speed", type=_positive, default=1.0, help="people answer faster")
    parser.add_argument("--air-ms", type=float, default=50.0, help="time on the air, each way")
    parser.add_argument("--retry-s", type=_positive, default=5.0, help="network tries again")
    parser.add_argument("--fault", action="append", default=[], metavar="FAULT")
    parser.add_argument("--seed", type=int, default=0, help="of the faults' dice")
    parser.add_argument("--pin", help="the SIM is locked with this PIN")
    parser.add_argument("--capacity", type=int, default=50, help="messages a store holds")
    parser.add_argument("--control", type=Path, metavar="PATH", help="unix socket for orders")
    return parser


def _positive(text: str) -> float:
    value = float(text)
    if value <= 0:
        raise argparse.ArgumentTypeError(f"{text} is not above 0")
    return value


def _print(event: Event) -> None:
    print(json.dumps(event, ensure_ascii=False), flush=True)


def main(argv: list[str]) -> int:
    """Run until SIGINT or SIGTERM; 0, or 2 where the arguments cannot be."""
    options = _parser().parse_args(argv)
    try:
        settings = Settings(
            family=options.family,
            phones=read_phones(options.phones) if options.phones else (),
            faults=options.fault,
            speed=options.speed,
            air_s=options.air_ms / 1000,
            retry_s=options.retry_s,
            seed=options.seed,
            pin=options.pin,
            capacity=options.capacity,
        )
        loop = ModemLoop(options.link, settings, _print, options.control)
    except ValueError as error:
        print(f"firmware_sim modem: {error}", file=sys.stderr)
        return 2
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: loop.stop())
    try:
        loop.run()
    except BrokenPipeError:  # whoever read our events is gone
        return 0
    return 0
