"""`menshen demo` as a newcomer runs it, on either broker: all is as the street demands."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

from tests.fakes.programs import need

COMMAND = [sys.executable, "-c", "from gateway.cli import main; main()", "demo", "--plain"]


@pytest.mark.slow
@pytest.mark.timeout(180)
@pytest.mark.parametrize("broker", ["mosquitto", "embedded"])
def test_the_first_text_comes_within_twenty_seconds_and_every_demand_is_met(broker: str) -> None:
    if broker == "mosquitto":
        need("mosquitto")
    started = time.monotonic()
    demo = subprocess.Popen(
        [*COMMAND, "--for", "25", "--broker", broker],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert demo.stdout is not None
    said, first_text_s = [], None
    for line in demo.stdout:
        said.append(line)
        if first_text_s is None and line.startswith("text") and "【门神】" in line:
            first_text_s = time.monotonic() - started
    _, errors = demo.communicate()
    told = "".join(said)
    assert demo.returncode == 0, told + errors
    assert first_text_s is not None, told
    assert first_text_s < 20, told
    assert "回复 1 " in told
    assert "demands met" in told


def test_a_demo_in_which_nothing_came_due_is_not_called_well() -> None:
    need("mosquitto")
    short = subprocess.run([*COMMAND, "--for", "1"], capture_output=True, text=True, check=False)
    assert short.returncode == 1
    assert "nothing came due" in short.stdout


def test_a_scenario_that_is_not_there_is_named() -> None:
    lost = subprocess.run([*COMMAND, "nowhere"], capture_output=True, text=True, check=False)
    assert lost.returncode == 1
    assert "nowhere" in lost.stderr
