"""Ways to say what a panel must show: figures, rows, series, the states of a timeline.

    figures(2)([asked]); rows({"kind": "silent", "devices": 1})([asked])

Each is a check of what the queries of one panel brought. Times are local, of the 21st or, with
`20 21:00`, of the 20th of November 2026.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.fakes.grafana import Asked
from tests.fakes.night import MORNING, clock

Truth = Callable[[Sequence[Asked]], None]
"""Raises AssertionError where the queries of a panel brought anything else."""
Series = Mapping[str, Mapping[str, object]]
"""Values by local time, by name of the series."""


def ms(at: datetime) -> int:
    """Return a time as Grafana has it."""
    return round(at.timestamp() * 1000)


def figures(*values: object) -> Truth:
    """Each query brings one series, and this is its last value."""

    def check(asked: Sequence[Asked]) -> None:
        assert [_last(each) for each in asked] == [
            pytest.approx(value) if isinstance(value, float) else value for value in values
        ]

    return check


def rows(*expected: Mapping[str, object]) -> Truth:
    """A table has exactly these rows, in any order, as far as these columns go."""

    def check(asked: Sequence[Asked]) -> None:
        found = [row for each in asked for row in each.rows]
        wanted = [{name: about(value) for name, value in row.items()} for row in expected]
        for row in wanted:
            matching = [each for each in found if row == {name: each.get(name) for name in row}]
            assert matching, f"no row {row} in {found}"
            found.remove(matching[0])
        assert not found

    return check


def points(expected: Series) -> Truth:
    """These series have these values; all others of theirs are none or 0, other series empty."""

    def check(asked: Sequence[Asked]) -> None:
        for name, series in by_name(asked).items():
            said = {at: value for at, value in series.items() if value}
            wanted = {
                local_ms(when): about(value) for when, value in expected.get(name, {}).items()
            }
            assert said == wanted, (name, said)
        assert expected.keys() <= by_name(asked).keys()

    return check


def constant(expected: Mapping[str, object]) -> Truth:
    """These series, and no others, had this value all through the last hour."""

    def check(asked: Sequence[Asked]) -> None:
        lately = ms(MORNING - timedelta(hours=1))
        found = by_name(asked)
        assert found.keys() == expected.keys()
        for name, series in found.items():
            said = [each for at, each in series.items() if at >= lately and each is not None]
            assert said == [about(expected[name])] * len(said) != [], name

    return check


def at(expected: Series) -> Truth:
    """These series have these values at these times."""

    def check(asked: Sequence[Asked]) -> None:
        found = by_name(asked)
        for name, series in expected.items():
            wanted = {local_ms(when): about(value) for when, value in series.items()}
            said = {when: found[name].get(when) for when in wanted}
            assert said == wanted, (name, said)

    return check


def by_name(asked: Sequence[Asked]) -> dict[str, dict[int, Any]]:
    """Return each series by its name in English: values by time."""
    return {
        frame.name: {row[0]: row[1] for row in frame.rows}
        for each in asked
        for frame in each.frames
    }


def _last(asked: Asked) -> object:
    (frame,) = asked.frames
    said = [row[1] for row in frame.rows if row[1] is not None]
    return said[-1] if said else None


def about(value: object) -> object:
    return pytest.approx(value, rel=1e-3) if isinstance(value, float) else value


def local_ms(when: str) -> int:
    day, _, time = when.rpartition(" ")
    return ms(clock(time, int(day or 21)))


def has(count: int, *expected: Mapping[str, object]) -> Truth:
    """A table has so many rows, and these among them."""

    def check(asked: Sequence[Asked]) -> None:
        found = [row for each in asked for row in each.rows]
        assert len(found) == count
        for row in expected:
            wanted = {name: about(value) for name, value in row.items()}
            assert any(wanted == {name: each.get(name) for name in row} for each in found), row

    return check


def states(expected: Mapping[str, str]) -> Truth:
    """These rows of a timeline, and no others, show these states one after the other.

    `closed, 02:13:07.250 open`: closed at the beginning, open from then on.
    """

    def check(asked: Sequence[Asked]) -> None:
        found = {name: shown(each) for name, each in by_name(asked).items()}
        assert found == expected, found

    return check


def shown(series: dict[int, Any]) -> str:
    """Return what a row of a timeline shows, as `states` has it."""
    said: list[str] = []
    before = None
    for at, state in series.items():
        if state != before:
            when = datetime.fromtimestamp(at / 1000, MORNING.tzinfo) + timedelta(hours=8)
            exact = f"{when:%H:%M:%S}.{at % 1000:03}".removesuffix(".000")
            said.append(f"{exact} {state}" if said else state)
            before = state
    return ", ".join(said)
