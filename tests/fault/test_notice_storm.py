"""Five hundred notices wait when a modem comes back: few texts, the worst first, none lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes.fault_broker import Mosquitto
from tests.fakes.fault_storm import PHONES, Storm

pytestmark = pytest.mark.mosquitto


def test_they_go_in_bundles_the_worst_and_of_these_the_oldest_first(tmp_path: Path) -> None:
    with Mosquitto(tmp_path / "broker") as broker:
        storm = Storm(tmp_path, broker.port, 500, seed=20261121)
        found = storm.rage(kills=0, seed=1)
    assert not found.faults
    texts = storm.arrived()
    assert found.repeats == 0
    by_report = {"delivered (handset_has_it)", "delivered (reported)"}  # the quicker tells
    assert found.ended.keys() - by_report == {"superseded (bundled)"}
    assert found.ended.keys() & by_report
    assert len(texts) <= 2 * PHONES + sum(each == 4 for each in storm.notices.values())
    firsts: dict[str, str] = {}
    for each in texts:
        firsts.setdefault(each.phone, each.notice)
    order = [(-storm.notices[notice], notice) for notice in firsts.values()]
    assert order == sorted(order)
    spoken_of = sum(1 + each.others for each in texts)
    assert spoken_of == 500


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_kills_lose_none_and_repeat_one_critical_text_each_at_most(tmp_path: Path) -> None:
    with Mosquitto(tmp_path / "broker") as broker:
        found = Storm(tmp_path, broker.port, 500, seed=20261121).rage(kills=6, seed=20261121)
    assert not found.faults
    assert found.notices == 500
