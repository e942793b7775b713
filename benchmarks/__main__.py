"""`python -m benchmarks [--quick] [--only NAME]`: measure, print the table, keep the figures."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import (
    dashboards,
    exporting,
    flash,
    latency,
    machine,
    registry_import,
    sms_send,
    start,
    throughput,
)
from benchmarks.child import ChildError
from benchmarks.figures import Figure, table
from benchmarks.plan import FULL, QUICK, Plan
from benchmarks.service import ServiceError

RESULTS = Path(__file__).parent / "results"
NAMES = ("throughput", "latency", "start", "flash", "sms_send", "import", "export", "dashboards")
USUAL_RATE = 12_000.0
"""Taken for the highest rate where it is not measured in the same run (`--only latency`)."""


def main(arguments: list[str]) -> int:
    """Run the benchmarks asked for. Exit status 0, whatever the figures are; 1 if they failed."""
    args = _parser().parse_args(arguments)
    plan = QUICK if args.quick else FULL
    names = NAMES if args.only is None else (args.only,)
    directory = Path(tempfile.mkdtemp(prefix="menshen-bench-", dir=args.directory))
    report: dict[str, object] = {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "plan": "quick" if args.quick else "full",
        "machine": machine.facts(directory),
    }
    started = time.monotonic()
    try:
        figures = measure(directory, plan, names)
    except (ServiceError, ChildError) as error:
        print(f"benchmarks: {error}", file=sys.stderr)
        return 1
    shutil.rmtree(directory)
    report["load_average_after"] = [round(each, 2) for each in os.getloadavg()]
    report["took_s"] = round(time.monotonic() - started, 1)
    report["figures"] = [each.as_json() for each in figures]
    name = "-".join(["quick"] * args.quick + ([args.only] if args.only else [])) or "full"
    _keep(args.results, name, report, figures)
    return 0


def measure(directory: Path, plan: Plan, names: tuple[str, ...]) -> list[Figure]:
    """Measure what is named, one thing after the other."""
    figures: list[Figure] = []
    highest = USUAL_RATE
    for name in names:
        print(f"measuring {name} ...", file=sys.stderr, flush=True)
        where = directory / name
        if name == "throughput":
            found = throughput.measure(where, plan)
            highest = found[0].value
        elif name == "latency":
            found = latency.measure(where, plan, highest)
        else:
            found = _OTHERS[name](where, plan)
        figures += found
    return figures


_OTHERS: dict[str, Callable[[Path, Plan], list[Figure]]] = {
    "start": start.measure,
    "flash": flash.measure,
    "sms_send": sms_send.measure,
    "import": registry_import.measure,
    "dashboards": dashboards.measure,
    "export": exporting.measure,
}


def _keep(results: Path, name: str, report: dict[str, object], figures: list[Figure]) -> None:
    results.mkdir(parents=True, exist_ok=True)
    text = table(figures)
    said = json.dumps(report, ensure_ascii=False, indent=1)
    (results / f"{name}.json").write_text(said + "\n", encoding="utf-8")
    (results / f"{name}.txt").write_text(text + "\n", encoding="utf-8")
    print(text)
    print(f"\nkept in {results / name}.json and .txt")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="How fast, as ratios to something measured in the same run.",
    )
    parser.add_argument("--quick", action="store_true", help="under two minutes, for trying out")
    parser.add_argument("--only", choices=NAMES, help="one part alone")
    parser.add_argument("--results", type=Path, default=RESULTS, help="where the figures are kept")
    parser.add_argument("--directory", type=Path, help="where to work: on the disk to be measured")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
