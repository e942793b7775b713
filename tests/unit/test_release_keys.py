"""Copies of the key store that would outlive what was destroyed are found."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from gateway.config import Config
from gateway.doctor.release import copies_of_keys
from gateway.health import Level
from gateway.privacy import KeyStore, KeyStoreError
from gateway.release.escrow import Escrow, beside

DAY_S = 86_400


@pytest.fixture
def config(tmp_path: Path) -> Config:
    config = Config(base_dir=str(tmp_path))
    keys = KeyStore.create(config.keys_file)
    keys.ensure(["watch-1"])
    Escrow(keys).hold(["watch-1"])
    return config


def copied(config: Config, name: str, days_old: float) -> Path:
    copy = config.keys_file.with_name(name)
    shutil.copy(config.keys_file, copy)
    at = copy.stat().st_mtime - days_old * DAY_S
    os.utime(copy, (at, at))
    return copy


def test_the_store_and_the_held_keys_are_no_copies(config: Config) -> None:
    config.keys_file.with_name("notes.txt").write_text("keys are elsewhere", encoding="utf-8")
    assert beside(config.keys_file).exists()
    assert list(copies_of_keys(config)) == []


def test_a_copy_older_than_the_time_for_contesting_is_bad(config: Config) -> None:
    copy = copied(config, "keys.json.bak", days_old=15)
    (advice,) = copies_of_keys(config)
    assert advice.level is Level.BAD
    assert str(copy) in str(advice)


def test_a_fresh_copy_is_only_in_the_wrong_place(config: Config) -> None:
    copied(config, "keys-copy.json", days_old=1)
    assert [advice.level for advice in copies_of_keys(config)] == [Level.WARN]


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b'{"version": 2, "keys": {}}'])
def test_held_keys_that_are_damaged_are_refused_in_words(config: Config, content: bytes) -> None:
    beside(config.keys_file).write_bytes(content)
    with pytest.raises(KeyStoreError, match="keys-held"):
        Escrow(KeyStore.open(config.keys_file))


def test_held_keys_are_for_their_owner_alone_to_read(config: Config) -> None:
    assert beside(config.keys_file).stat().st_mode & 0o077 == 0
