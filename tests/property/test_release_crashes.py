"""Killed between any two steps of a release or of destroying its key, it ends the same."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.export.tables import erasures
from gateway.privacy import KeyStore
from gateway.release import certificate, escrow
from gateway.release.certificate import Stage
from gateway.release.tables import releases
from gateway.schema.tables import orders
from tests.fakes.released import CONTEST, HOME, OTHER, Life

STEPS = 40
"""More than a release or a shredding has."""


class Killed(BaseException):
    """As `kill -9` does: nothing after it runs."""


class Bomb:
    """Goes off at the n-th step."""

    def __init__(self, at: int) -> None:
        self.left = at

    def __call__(self, *_: object) -> None:
        if self.left == 0:
            raise Killed
        self.left -= 1


def armed(monkeypatch: pytest.MonkeyPatch, bomb: Bomb) -> None:
    """Have each file of keys that is written be a step, before and after it."""

    def stepping(write: Callable[..., None]) -> Callable[..., None]:
        def written(*given_: Any) -> None:
            bomb()
            write(*given_)
            bomb()

        return written

    monkeypatch.setattr(KeyStore, "_replace", stepping(KeyStore._replace))
    monkeypatch.setattr(escrow.Escrow, "_replace", stepping(escrow.Escrow._replace))


def test_killed_anywhere_in_a_release_the_order_goes_on_or_is_over_as_a_whole(
    tmp_path: Path,
) -> None:
    outcomes = set()
    for at in range(STEPS):
        life = Life(_folder(tmp_path, at))
        life.happen()
        life.exports()
        bomb = Bomb(at)
        with pytest.MonkeyPatch.context() as patch:
            armed(patch, bomb)
            life.step = bomb
            try:
                life.release()
            except Killed:
                pass
            else:
                life.kill()
                break
        life.kill()
        again = Life(life.folder)
        outcomes.add(_is_whole(again))
        if HOME in again.codes():
            again.release()
        assert again.codes() == {OTHER}
        assert len(again.rows(releases)) == 1
        again.kill()
    else:
        raise AssertionError("a release has more steps than were tried")
    assert outcomes == {"watched", "released"}


def test_killed_anywhere_while_a_key_is_destroyed_it_is_destroyed_and_said_once(
    tmp_path: Path,
) -> None:
    for at in range(STEPS):
        life = Life(_folder(tmp_path, at))
        life.happen()
        life.release()
        life.now += CONTEST
        bomb = Bomb(at)
        with pytest.MonkeyPatch.context() as patch:
            armed(patch, bomb)
            life.step = bomb
            try:
                life.releasing.shred_those_due(life.connection, 10, life.now)
            except Killed:
                pass
            else:
                life.kill()
                break
        life.kill()
        again = Life(life.folder, now=life.now)
        again.work()
        (row,) = again.rows(releases)
        assert (row.watch, row.box) == (None, None)
        assert json.loads(row.certificate)["stage"] == Stage.DESTROYED
        assert again.releasing.escrow.owners() == set()
        again.kill()
    else:
        raise AssertionError("destroying a key has more steps than were tried")


def _is_whole(life: Life) -> str:
    """Say how it stands, and see that all of it stands so."""
    standing = {row.watch for row in life.rows(orders)}
    released = life.rows(releases)
    asked = [(row.id, row.watch) for row in life.rows(erasures)]
    assert asked == [(row.id, row.watch) for row in released]  # of InfluxDB, in the same commit
    if released:
        (row,) = released
        assert row.watch not in standing | life.keys.owners()
        assert life.releasing.escrow.owners() == {row.watch}
        return "released"
    assert life.releasing.escrow.owners() == set()
    assert standing <= life.keys.owners()
    return "watched"


def _folder(above: Path, at: int) -> Path:
    folder = above / str(at)
    folder.mkdir()
    return folder


# ---- certificates ----


@pytest.fixture(scope="module")
def issued(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A certificate, and the key by which it holds."""
    life = Life(tmp_path_factory.mktemp("c"))
    life.happen()
    made = life.release().certificate
    public = certificate.signing_key(life.releasing.signing_key_file).public_key()
    life.kill()
    return certificate.dump(made).encode(), public


@given(data=st.data())
def test_a_certificate_with_any_byte_changed_proves_nothing(issued: Any, data: Any) -> None:
    written, public = issued
    assert certificate.why_not(certificate.load(written), public) is None
    place = data.draw(st.integers(0, len(written) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda each: each != written[place]))
    changed = written[:place] + bytes([byte]) + written[place + 1 :]
    found = certificate.load(changed)
    same = found == certificate.load(written)  # only how it is spaced was changed
    assert same == (certificate.why_not(found, public) is None)


@given(
    found=st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(), st.lists, max_leaves=5
    )
    | st.dictionaries(
        st.sampled_from(["menshen_certificate", "id", "key", "signature", "tie"]),
        st.none() | st.integers(0, 1) | st.text(),
    )
)
def test_whatever_is_no_certificate_is_refused_with_a_reason(issued: Any, found: object) -> None:
    assert certificate.why_not(found, issued[1]) is not None


def test_a_certificate_of_another_gateway_is_told_apart(issued: Any, tmp_path: Path) -> None:
    stranger = certificate.signing_key(tmp_path / "key.pem").public_key()
    found = certificate.load(issued[0])
    assert certificate.why_not(found, stranger) is certificate.Fault.OTHER_KEY
