"""A circuit may do whatever it likes: what is believed of it is bounded, and right in the end."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from gateway.hardware.inputs import RESTLESS_S, Debounce

LASTING_S = 0.05
EDGES = st.lists(st.tuples(st.floats(0.0001, 1.0), st.booleans()), max_size=60)
"""Pauses before each, in seconds, and levels: some repeat, as if an edge had been lost."""


def at_rest(level: bool, disturbed: bool) -> Debounce:
    circuit = Debounce(LASTING_S, disturbed=disturbed)
    circuit.see(level, 0.0)
    assert circuit.settle(LASTING_S) is level
    return circuit


def run(circuit: Debounce, edges: list[tuple[float, bool]], now: float) -> tuple[list, float]:
    """Let a clock run from due time to due time between the edges, as the gateway does."""
    believed: list[tuple[float, bool]] = []

    def note(level: bool | None, at: float) -> None:
        if level is not None:
            believed.append((at, level))

    for pause, level in edges:
        until = now + pause
        while (due := circuit.due_at()) is not None and due < until:
            now = max(now, due)
            note(circuit.settle(now), now)
            if circuit.due_at() == due:
                break  # a float's last bit: the edge settles it
        now = until
        note(circuit.see(level, now), now)
    return believed, now


@given(
    pauses=st.lists(st.floats(0.0001, LASTING_S / 2), max_size=30),
    before=st.booleans(),
    disturbed=st.booleans(),
)
def test_a_bounce_is_one_change_at_most(pauses: list[float], before: bool, disturbed: bool) -> None:
    circuit = at_rest(before, disturbed)
    edges = [(pause, before ^ (index % 2 == 0)) for index, pause in enumerate(pauses)]
    believed, now = run(circuit, edges, 10.0)
    rested = circuit.settle(now + LASTING_S * 1.001)
    assert now - 10.0 < RESTLESS_S
    assert believed == []  # nothing has lasted yet
    assert rested is (None if len(edges) % 2 == 0 else not before)


@given(edges=EDGES, before=st.booleans(), disturbed=st.booleans())
def test_what_is_believed_after_a_rest_is_what_is(
    edges: list[tuple[float, bool]], before: bool, disturbed: bool
) -> None:
    circuit = at_rest(before, disturbed)
    _, now = run(circuit, edges, 10.0)
    circuit.settle(now + LASTING_S * 1.001)
    assert circuit.steady is (edges[-1][1] if edges else before)
    assert circuit.due_at() is None


@given(edges=EDGES, before=st.booleans(), disturbed=st.booleans())
def test_changes_alternate_and_never_come_quicker_than_they_must_last(
    edges: list[tuple[float, bool]], before: bool, disturbed: bool
) -> None:
    believed, _ = run(at_rest(before, disturbed), edges, 10.0)
    levels = [before, *(level for _, level in believed)]
    assert all(one is not other for one, other in pairwise(levels))
    times = [at for at, level in believed if level is not disturbed]
    assert all(later - earlier >= LASTING_S * 0.999 for earlier, later in pairwise(times))


@given(level=st.booleans())
def test_a_circuit_that_never_rests_is_taken_for_disturbed(level: bool) -> None:
    circuit = at_rest(not level, disturbed=level)
    chatter = [(0.01, index % 2 == 0) for index in range(int(RESTLESS_S / 0.01) + 20)]
    believed, _ = run(circuit, chatter, 10.0)
    assert [each for _, each in believed] == [level]
    assert believed[0][0] - 10.0 <= RESTLESS_S + 0.05
