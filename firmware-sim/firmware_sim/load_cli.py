"""The command `load`: sends a prescribed mix and prints one JSON line about it."""

import argparse
import json
import sys

from firmware_sim import broker, mix
from firmware_sim.load import MOST_CONNECTIONS, Plan, run
from firmware_sim.publisher import LoadError

USAGE_ERROR = 2


def main(argv: list[str]) -> int:
    """Run the command; 0 where everything was confirmed, 1 where not, 2 for a wrong command."""
    args = _parser().parse_args(argv)
    try:
        address = broker.parse(args.broker, username=args.username, password=args.password)
        own_boot = {"boot": args.boot} if args.boot else {}
        plan = Plan(
            devices=args.devices,
            messages=args.messages,
            rate=args.rate,
            connections=args.connections,
            seed=args.seed,
            mix=mix.parse(args.mix),
            prefix=args.prefix,
            window=args.window,
            **own_boot,
        )
    except ValueError as error:
        print(f"firmware_sim load: {error}", file=sys.stderr)
        return USAGE_ERROR
    try:
        result = run(plan, address)
    except LoadError as error:
        print(f"firmware_sim load: {error}", file=sys.stderr)
        return 1
    print(json.dumps(result.as_json(plan)))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="firmware_sim load", description="Many device ids over few connections, QoS 1."
    )
    parser.add_argument("--broker", required=True, help="mqtt://[user[:password]@]host[:port]")
    parser.add_argument("--devices", type=int, required=True, help="ids: PREFIX-000000 and on")
    parser.add_argument("--messages", type=int, required=True, help="in all")
    parser.add_argument("--rate", type=float, help="messages a second; absent: as fast as taken")
    parser.add_argument("--connections", type=int, default=MOST_CONNECTIONS)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--mix", default="open=0.05,repeat=0.45,heartbeat=0.5")
    parser.add_argument("--prefix", default="dev")
    parser.add_argument("--window", type=int, default=100, help="unconfirmed, a connection")
    parser.add_argument("--boot", help="the events' boot; absent: a new one")
    parser.add_argument("--username")
    parser.add_argument("--password")
    return parser
