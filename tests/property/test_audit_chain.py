"""Whatever is done to a chain of rows is found, and what is whole is never blamed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from hypothesis import assume, given
from hypothesis import strategies as st

from gateway.audit.chain import (
    Action,
    Broken,
    Fault,
    Head,
    Row,
    check,
    digests,
    hash_of,
    linked,
    words_differ,
)

words = st.text(max_size=12)
noted = st.tuples(st.integers(0, 2**53), words, st.sampled_from(Action), words, words)
DAY = date(2026, 11, 21)


def chain(entries: list[tuple[int, str, Action, str, str]]) -> list[Row]:
    rows: list[Row] = []
    for at, actor, action, subject, detail in entries:
        before = rows[-1] if rows else None
        row = linked(before, at=at, actor=actor, action=action, subject=subject, detail=detail)
        rows.append(row)
    return rows


chains = st.lists(noted, min_size=2, max_size=12).map(chain)


def head(rows: list[Row]) -> Head:
    return Head(DAY, rows[-1].seq, rows[-1].hash)


@given(rows=chains)
def test_a_whole_chain_is_whole_with_every_head_it_ever_had(rows: list[Row]) -> None:
    assert check(rows) is None
    assert check(rows, [head(rows[:n]) for n in range(1, len(rows) + 1)]) is None


@given(rows=chains, data=st.data())
def test_any_change_of_any_row_is_found_at_that_row(rows: list[Row], data: st.DataObject) -> None:
    n = data.draw(st.integers(0, len(rows) - 1))
    column = data.draw(
        st.sampled_from(["at", "actor", "action", "subject", "detail", "previous", "hash"])
    )
    value = data.draw(st.integers(0, 2**53) if column == "at" else words)
    assume(getattr(rows[n], column) != value)
    changed = [*rows[:n], replace(rows[n], **{column: value}), *rows[n + 1 :]]
    broken = check(changed)
    assert broken is not None
    assert broken.seq == rows[n].seq


@given(rows=chains, data=st.data(), actor=words)
def test_a_changed_row_that_was_hashed_anew_is_found_at_the_next(
    rows: list[Row], data: st.DataObject, actor: str
) -> None:
    n = data.draw(st.integers(0, len(rows) - 2))
    assume(rows[n].actor != actor)
    changed = replace(rows[n], actor=actor)
    changed = replace(changed, hash=hash_of(changed))
    assert check([*rows[:n], changed, *rows[n + 1 :]]) == Broken(n + 2, Fault.NOT_LINKED)


@given(row=chains.map(lambda rows: rows[0]), cut=st.integers(1, 6), joined=st.text(min_size=7))
def test_nothing_moves_from_one_column_to_the_next_unseen(row: Row, cut: int, joined: str) -> None:
    one = replace(row, actor=joined[:cut], action=joined[cut:])
    other = replace(row, actor=joined[: cut - 1], action=joined[cut - 1 :])
    assert hash_of(one) != hash_of(other)


@given(rows=chains, data=st.data())
def test_any_removal_is_found(rows: list[Row], data: st.DataObject) -> None:
    n = data.draw(st.integers(0, len(rows) - 1))
    length = data.draw(st.integers(1, len(rows) - n))
    broken = check([*rows[:n], *rows[n + length :]], [head(rows)])
    assert broken is not None
    assert broken.seq == rows[n].seq


@given(rows=chains, entry=noted, data=st.data())
def test_any_insertion_is_found(
    rows: list[Row], entry: tuple[int, str, Action, str, str], data: st.DataObject
) -> None:
    n = data.draw(st.integers(0, len(rows) - 1))
    at, actor, action, subject, detail = entry
    before = rows[n - 1] if n else None
    put = linked(before, at=at, actor=actor, action=action, subject=subject, detail=detail)
    assume(put != rows[n])
    assert check([*rows[:n], put, *rows[n:]]) is not None
    moved = [replace(row, seq=row.seq + 1) for row in rows[n:]]
    assert check([*rows[:n], put, *moved]) is not None


@given(rows=chains, data=st.data())
def test_any_swap_is_found(rows: list[Row], data: st.DataObject) -> None:
    first = data.draw(st.integers(0, len(rows) - 2))
    second = data.draw(st.integers(first + 1, len(rows) - 1))
    swapped = list(rows)
    swapped[first], swapped[second] = rows[second], rows[first]
    assert check(swapped) is not None
    renumbered = [replace(row, seq=n) for n, row in enumerate(swapped, 1)]
    assert check(renumbered) is not None


@given(entries=st.lists(noted, min_size=2, max_size=12), entry=noted, data=st.data())
def test_whoever_writes_all_of_it_anew_cannot_reach_the_head_that_was_given_away(
    entries: list[tuple[int, str, Action, str, str]],
    entry: tuple[int, str, Action, str, str],
    data: st.DataObject,
) -> None:
    n = data.draw(st.integers(0, len(entries) - 1))
    assume(entries[n] != entry)
    rows, forged = chain(entries), chain([*entries[:n], entry, *entries[n + 1 :]])
    assert check(forged) is None
    assert check(forged, [head(rows)]) is not None


@given(subject=words, detail=words, other=words, salt=st.binary(min_size=32, max_size=32))
def test_words_fit_the_row_they_were_noted_with_and_no_others_do(
    subject: str, detail: str, other: str, salt: bytes
) -> None:
    digested = digests(salt, 1, subject, detail)
    row = linked(None, at=0, actor="a", action="b", subject=digested[0], detail=digested[1])
    assert not words_differ(salt, row, {"subject": subject, "detail": detail})
    if other != detail:
        assert words_differ(salt, row, {"subject": subject, "detail": other})
    if other != subject:
        assert words_differ(salt, row, {"subject": other, "detail": detail})
