"""Every requirement on the driver has a test at the simulated modem that is named after it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

AT_THE_MODEM = sorted((Path(__file__).parents[1] / "contract").glob("test_gsm_*.py"))
TESTED = re.findall(
    r"^(?:async )?def test_r(\d\d)_\w+", "\n".join(map(Path.read_text, AT_THE_MODEM)), re.MULTILINE
)


@pytest.mark.parametrize("number", range(1, 27))
def test_a_requirement_is_tested(number: int) -> None:
    assert f"{number:02}" in TESTED


def test_a_name_after_a_requirement_names_one_that_there_is() -> None:
    assert {int(number) for number in TESTED} <= set(range(1, 27))
