"""How much of everything is measured: in full, or just enough to try the benchmarks out."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Plan:
    """Sizes of one run of the benchmarks."""

    streets: tuple[int, ...]  # devices, the fewest first
    messages: int  # of one load
    turns: int  # how often each load is taken in
    probes: int  # seals broken at each rate
    probes_per_s: float
    start_devices: int
    waiting: int  # records to catch up with
    flash_s: float  # seconds of writing at each rate
    texts: int  # sent over a simulated modem
    queue: int  # of texts that wait for it at once
    import_homes: int  # brought in while messages come, with three devices each
    month_homes: int  # of which InfluxDB has so many days ...
    month_days: int
    export_points: int  # back-filled from the journal


FULL = Plan(
    streets=(1_000, 100_000),
    messages=100_000,
    turns=3,
    probes=200,
    probes_per_s=10,
    start_devices=10_000,
    waiting=100_000,
    flash_s=20,
    texts=1_000,
    queue=500,
    import_homes=100_000,
    month_homes=1_000,
    month_days=30,
    export_points=10_000_000,
)
QUICK = Plan(
    streets=(1_000, 10_000),
    messages=20_000,
    turns=1,
    probes=40,
    probes_per_s=10,
    start_devices=2_000,
    waiting=20_000,
    flash_s=5,
    texts=300,
    queue=500,
    import_homes=5_000,
    month_homes=50,
    month_days=7,
    export_points=300_000,
)
SMOKE = Plan(
    streets=(20, 40),
    messages=400,
    turns=1,
    probes=5,
    probes_per_s=20,
    start_devices=20,
    waiting=200,
    flash_s=0.5,
    texts=10,
    queue=20,
    import_homes=30,
    month_homes=4,
    month_days=1,
    export_points=400,
)
"""For the test of the harness: that everything runs, not what comes out."""
