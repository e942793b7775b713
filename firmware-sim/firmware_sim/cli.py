"""The commands: `play`, `describe`, `load` and `modem`. Lines of JSON on stdout, errors on stderr.

Exit status: 0 done (a signal is a wanted end), 2 where the command or scenario can't be used.
"""

import argparse
import asyncio
import contextlib
import json
import os
import signal
import sys

from firmware_sim import broker, faults, loader
from firmware_sim.describe import describe
from firmware_sim.player import Options, play
from firmware_sim.scenario import ScenarioError

USAGE_ERROR = 2


def main(argv: list[str]) -> int:
    """Run one command and return its exit status."""
    if argv[:1] == ["modem"]:
        from firmware_sim.modem_cli import main as modem

        return modem(argv[1:])
    if argv[:1] == ["load"]:
        from firmware_sim.load_cli import main as load

        return load(argv[1:])
    args = _parser().parse_args(argv)
    try:
        scenario = loader.load(args.scenario)
        if args.command == "describe":
            print(json.dumps(describe(scenario), ensure_ascii=False))
            return 0
        address = broker.parse(args.broker, username=args.username, password=args.password)
        options = Options(
            speed=args.speed,
            epoch=args.epoch,
            for_s=args.for_s,
            seed=args.seed,
            faults=tuple(faults.parse(text) for text in args.fault),
        )
    except (ScenarioError, ValueError) as error:
        print(f"firmware_sim: {error}", file=sys.stderr)
        return USAGE_ERROR

    async def run() -> None:
        stop = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        await play(scenario, address, options, _Lines(stop), stop)

    asyncio.run(run())
    return 0


class _Lines:
    """Writes each object as a line; where nobody reads any more, asks the play to stop."""

    def __init__(self, stop: asyncio.Event) -> None:
        self._stop = stop
        self._is_read = True

    def __call__(self, fields: dict[str, object]) -> None:
        if not self._is_read:
            return
        try:
            print(json.dumps(fields, ensure_ascii=False), flush=True)
        except BrokenPipeError:
            self._is_read = False
            self._stop.set()
            # Python flushes stdout once more as it exits, which would fail again.
            with contextlib.suppress(OSError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="firmware_sim",
        description="A simulated street for any MQTT broker.",
        epilog="Further commands: load, modem (each with its own --help).",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    named = f"a path, or one of {', '.join(loader.built_in_names())}"
    player = commands.add_parser("play", help="play a scenario on a broker")
    player.add_argument("scenario", help=named)
    player.add_argument("--broker", required=True, help="mqtt://[user[:password]@]host[:port]")
    player.add_argument("--speed", type=_above_zero, help="scenario seconds in a real one")
    player.add_argument("--epoch", type=float, help="the time at scenario second 0, since 1970")
    player.add_argument("--for", dest="for_s", type=_above_zero, help="real seconds, then stop")
    player.add_argument("--seed", type=int)
    player.add_argument(
        "--fault", action="append", default=[], help="kind=value[@pattern], may be repeated"
    )
    player.add_argument("--username", help="for every device, in place of its own id")
    player.add_argument("--password")
    teller = commands.add_parser("describe", help="print a scenario as one JSON object")
    teller.add_argument("scenario", help=named)
    return parser


def _above_zero(text: str) -> float:
    number = float(text)
    if not number > 0:
        raise argparse.ArgumentTypeError(f"must be above 0, not {text}")
    return number
