"""Sealed texts need their owner's key; the key store is whole, private and apart, or refused."""

import json
import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.privacy import (
    GATEWAY,
    KeyStore,
    KeyStoreError,
    UnreadableError,
    write_private,
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keys" / "keys.json"


@pytest.fixture
def keys(path: Path) -> KeyStore:
    store = KeyStore.create(path)
    store.ensure(["watch-1", "team:3"])
    return store


@given(text=st.text())
def test_what_was_sealed_is_read_back_by_its_owner_alone(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    store = KeyStore.create(tmp_path_factory.mktemp("k") / "keys.json")
    store.ensure(["a", "b"])
    blob = store.seal("a", text)
    assert store.unseal("a", blob) == text
    with pytest.raises(UnreadableError):
        store.unseal("b", blob)


def test_the_same_text_sealed_twice_looks_different(keys: KeyStore) -> None:
    assert keys.seal("watch-1", "13900000001") != keys.seal("watch-1", "13900000001")


def test_altering_any_byte_is_found(keys: KeyStore) -> None:
    blob = keys.seal("watch-1", "3栋1203")
    for place in range(len(blob)):
        altered = bytearray(blob)
        altered[place] ^= 1
        with pytest.raises(UnreadableError):
            keys.unseal("watch-1", bytes(altered))


@pytest.mark.parametrize("blob", [b"", b"\x01", b"\x01" + b"0" * 12, b"plain text, never sealed"])
def test_what_was_never_sealed_is_refused(keys: KeyStore, blob: bytes) -> None:
    with pytest.raises(UnreadableError):
        keys.unseal("watch-1", blob)


def test_keys_outlive_the_program(keys: KeyStore, path: Path) -> None:
    blob = keys.seal("team:3", "13900000001")
    again = KeyStore.open(path)
    assert again.owners() == {GATEWAY, "watch-1", "team:3"}
    assert again.unseal("team:3", blob) == "13900000001"


def test_a_shredded_key_is_gone_from_memory_and_file(keys: KeyStore, path: Path) -> None:
    blob = keys.seal("watch-1", "3栋1203")
    keys.shred("watch-1")
    with pytest.raises(UnreadableError, match="watch-1 has no key"):
        keys.unseal("watch-1", blob)
    assert KeyStore.open(path).owners() == {GATEWAY, "team:3"}
    keys.ensure(["watch-1"])
    with pytest.raises(UnreadableError):
        keys.unseal("watch-1", blob)


def test_the_old_file_is_overwritten_when_a_key_is_shredded(keys: KeyStore, path: Path) -> None:
    with path.open("rb") as old:
        keys.shred("watch-1")
        assert set(old.read()) == {0}


def test_shredding_a_stranger_changes_nothing(keys: KeyStore, path: Path) -> None:
    before = path.read_bytes()
    keys.shred("nobody")
    assert path.read_bytes() == before


def test_the_key_store_is_readable_by_its_owner_alone(keys: KeyStore, path: Path) -> None:
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [*path.parent.iterdir()] == [path]


def test_a_lost_key_store_is_said_by_name(path: Path) -> None:
    with pytest.raises(KeyStoreError, match=f"{path} is missing"):
        KeyStore.open(path)


def test_a_key_store_is_never_made_over_another(keys: KeyStore, path: Path) -> None:
    before = path.read_bytes()
    with pytest.raises(KeyStoreError, match="exists already"):
        KeyStore.create(path)
    assert path.read_bytes() == before


def test_a_truncated_key_store_is_said_by_name(keys: KeyStore, path: Path) -> None:
    whole = path.read_bytes()
    for length in range(0, len(whole) - 1, 7):
        path.write_bytes(whole[:length])
        with pytest.raises(KeyStoreError, match=f"{path} is damaged"):
            KeyStore.open(path)


def test_a_key_store_that_lost_one_key_is_damaged(keys: KeyStore, path: Path) -> None:
    document = json.loads(path.read_bytes())
    del document["keys"]["team:3"]
    path.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(KeyStoreError, match="is damaged"):
        KeyStore.open(path)


def test_a_key_store_of_a_newer_version_is_refused_by_name(keys: KeyStore, path: Path) -> None:
    document = json.loads(path.read_bytes()) | {"version": 2}
    path.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(KeyStoreError, match="version 2, this program knows 1"):
        KeyStore.open(path)


def test_a_failed_write_leaves_the_old_file_and_no_draft(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    write_private(path, b"old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_private(path, b"new")
    assert path.read_bytes() == b"old"
    assert [*tmp_path.iterdir()] == [path]


def test_a_key_that_could_not_be_written_is_not_used(
    keys: KeyStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        keys.ensure(["watch-2"])
    with pytest.raises(UnreadableError):
        keys.seal("watch-2", "x")
