"""Whatever order, repetition and loss: one event is news once, and the gaps add up."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from devices.model import Kind, News, Observation, Origin
from devices.news import DeviceMemory, judge, recognise
from devices.sequence import KEPT_BOOTS, MAX_MISSING_RANGES, Place, Sequence

Triple = tuple[str, int]

HAPPENED = {News.NEW, News.AGED}


def event(triple: Triple, state: str = "open") -> Observation:
    boot, seq = triple
    return Observation("d", Kind.DOOR, state, boot=boot, seq=seq)


def heartbeat(triple: Triple) -> Observation:
    boot, seq = triple
    origin = Origin.REPORT
    return Observation("d", Kind.HEARTBEAT, "alive", boot=boot, seq=seq, origin=origin)


# So few numbers that the missing ones are never more ranges than are kept apart.
triples = st.tuples(
    st.sampled_from([f"b{n}" for n in range(KEPT_BOOTS)]), st.integers(1, 2 * MAX_MISSING_RANGES)
)
messages = st.lists(st.tuples(triples, st.sampled_from(["open", "closed"])), max_size=60)
wild = st.lists(
    st.tuples(
        st.booleans(),
        st.text("ab", min_size=1, max_size=4),
        st.integers(0, 60) | st.integers(0, 2**53 - 1),
    ),
    max_size=60,
)


@given(messages)
def test_shuffled_and_repeated_deliveries_make_no_event_news_twice(
    deliveries: list[tuple[Triple, str]],
) -> None:
    memory = DeviceMemory()
    happened: list[Triple] = []
    seen: set[Triple] = set()
    for triple, state in deliveries:
        assert recognise(memory, *triple) == (triple in seen)
        news = judge(memory, event(triple, state)).news
        assert (news is News.DUPLICATE) == (triple in seen)
        seen.add(triple)
        if news in HAPPENED:
            happened.append(triple)
    assert len(happened) == len(set(happened))


@given(messages, st.data())
def test_delivering_everything_again_changes_nothing(
    deliveries: list[tuple[Triple, str]], data: st.DataObject
) -> None:
    memory = DeviceMemory()
    for triple, state in deliveries:
        judge(memory, event(triple, state))
    before = msgspec.json.encode(memory.to_row())
    for triple, state in data.draw(st.permutations(deliveries)):
        assert judge(memory, event(triple, state)).news is News.DUPLICATE
    assert msgspec.json.encode(memory.to_row()) == before


@given(messages)
def test_gaps_less_what_filled_them_are_the_events_that_never_came(
    deliveries: list[tuple[Triple, str]],
) -> None:
    memory = DeviceMemory()
    missing = 0
    came: dict[str, set[int]] = {}
    for (boot, seq), state in deliveries:
        judgement = judge(memory, event((boot, seq), state))
        missing += judgement.gap - judgement.filled
        came.setdefault(boot, set()).add(seq)
    # Counting starts with the first message ever, in later boots with 1.
    firsts = dict.fromkeys(came, 1)
    if deliveries:
        (boot, seq), _ = deliveries[0]
        firsts[boot] = seq
    never = sum(len(set(range(firsts[boot], max(seqs) + 1)) - seqs) for boot, seqs in came.items())
    assert missing == never


@given(
    st.sets(st.integers(1, 2 * MAX_MISSING_RANGES), min_size=1),
    st.integers(1, 2 * MAX_MISSING_RANGES),
)
def test_a_heartbeat_counts_the_events_that_never_came(came: set[int], last: int) -> None:
    memory = DeviceMemory()
    judge(memory, heartbeat(("b0", 0)))
    missing = 0
    for seq in sorted(came):
        missing += judge(memory, event(("b0", seq))).gap
    missing += judge(memory, heartbeat(("b0", last))).gap
    assert missing == max(last, *came) - len(came)


@given(wild)
def test_a_memory_stays_small_and_survives_its_row(
    deliveries: list[tuple[bool, str, int]],
) -> None:
    memory = DeviceMemory()
    rebuilt = DeviceMemory()
    for is_event, boot, seq in deliveries:
        message = event((boot, seq)) if is_event else heartbeat((boot, seq))
        rebuilt = DeviceMemory.from_row(msgspec.json.decode(msgspec.json.encode(rebuilt.to_row())))
        assert judge(memory, message) == judge(rebuilt, message)
        assert recognise(memory, boot, seq) == recognise(rebuilt, boot, seq)
    row = msgspec.json.encode(memory.to_row())
    assert len(row) < KEPT_BOOTS * (MAX_MISSING_RANGES * 40 + 60) + 60


@given(wild)
def test_an_event_once_seen_never_counts_as_next_again(
    deliveries: list[tuple[bool, str, int]],
) -> None:
    sequence = Sequence()
    advanced: set[Triple] = set()
    boots: set[str] = set()
    for is_event, boot, seq in deliveries:
        boots.add(boot)
        if len(boots) > KEPT_BOOTS:
            break  # a boot forgotten is a new boot when it returns
        if not is_event:
            sequence.heartbeat(boot, seq)
            continue
        place = sequence.event(boot, seq).place
        if place in {Place.NEXT, Place.AHEAD}:
            assert (boot, seq) not in advanced
            advanced.add((boot, seq))


@given(st.lists(st.sampled_from(["open", "closed"]), min_size=1), st.sampled_from(list(Origin)))
def test_without_numbers_only_a_change_is_ever_news(states: list[str], origin: Origin) -> None:
    memory = DeviceMemory()
    known: str | None = None
    for state in states:
        news = judge(memory, Observation("d", Kind.DOOR, state, origin=origin)).news
        assert (news is News.REPEATED) == (state == known)
        if news is not News.UNCERTAIN:
            known = state
        assert memory.state(Kind.DOOR) == known
