"""Accounts are made once, for all or for none, and the broker's files follow."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from devices.provisioning import NameRefusedError, short_code
from gateway.audit import store as audit
from gateway.config import load
from gateway.provisioning import keeper, witness
from gateway.provisioning.accounts import AccountKind
from gateway.provisioning.files import HEADER, read_passwords
from gateway.provisioning.hashing import is_password
from gateway.provisioning.issuing import AccountRefusedError
from gateway.provisioning.keeper import KeeperError
from gateway.provisioning.witness import Answer
from gateway.settings import SettingsError
from tests.fakes.accounts import GATEWAY_PASSWORD, Access
from tests.fakes.fault_wait import soon

GRACE = timedelta(days=7)


def let_in(access: Access) -> set[str]:
    found = read_passwords((access.directory / "passwd").read_text(encoding="utf-8"))
    return set(found) - {"gateway", "menshen-witness"}


# ---- making ----


async def test_a_password_is_told_once_and_only_its_hash_is_kept(tmp_path: Path) -> None:
    access = Access(tmp_path)
    async with access as service:
        (made,) = await service.add_devices(["door-1"], "chen")
        (account,) = service.accounts(AccountKind.DEVICE)
    assert is_password(made.password, account.hash or "")
    assert account.made_by == "chen"
    assert made.password not in repr(made)
    left = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert made.password.encode() not in left


@pytest.mark.parametrize(
    "names", [["door-1", "door-2", "#"], ["door-2", "door-2"], ["door-2", "door-1"]]
)
async def test_of_several_devices_all_get_an_account_or_none(
    tmp_path: Path, names: list[str]
) -> None:
    access = Access(tmp_path)
    async with access as service:
        await service.add_devices(["door-1"], "test")
        with pytest.raises((AccountRefusedError, NameRefusedError)):
            await service.add_devices(names, "test")
        assert let_in(access) == {"door-1"}
        assert len(service.accounts(AccountKind.DEVICE)) == 1


async def test_a_device_cannot_have_the_gateways_name(tmp_path: Path) -> None:
    async with Access(tmp_path) as service:
        with pytest.raises(AccountRefusedError, match="user name of the gateway"):
            await service.add_devices(["gateway"], "test")


async def test_the_gateway_cannot_have_a_devices_name(tmp_path: Path) -> None:
    async with Access(tmp_path) as service:
        await service.add_devices(["door-1"], "test")
    access = Access(tmp_path)
    file = tmp_path / "menshen.toml"
    file.write_text(file.read_text(encoding="utf-8").replace('"gateway"', '"door-1"'))
    access.config = load(file)
    with pytest.raises(SettingsError, match="account of a device"):
        await access.__aenter__()
    await access.__aexit__()


async def test_the_gateways_own_hash_changes_with_its_password_alone(tmp_path: Path) -> None:
    hashes = []
    for password in (GATEWAY_PASSWORD, GATEWAY_PASSWORD, "another"):
        access = Access(tmp_path)
        (tmp_path / "password").write_text(password, encoding="utf-8")
        async with access as service:
            (account,) = service.accounts(AccountKind.GATEWAY)
            hashes.append(account.hash)
    assert hashes[0] == hashes[1] != hashes[2]


# ---- changing ----


async def test_a_second_change_within_grace_keeps_all_that_may_be_in_use(tmp_path: Path) -> None:
    access = Access(tmp_path)
    async with access as service:
        await service.add_devices(["door-1"], "test")
        await service.rotate("door-1", "test", GRACE)
        access.clock.passes(days=1)
        await service.rotate("door-1", "test", GRACE)
        assert let_in(access) == {"door-1", "door-1~2", "door-1~3"}
        access.clock.passes(days=6)
        await service.sync()
        assert let_in(access) == {"door-1~2", "door-1~3"}
        access.clock.passes(days=1)
        await service.sync()
        assert let_in(access) == {"door-1~3"}


async def test_without_grace_the_old_one_is_over_at_once(tmp_path: Path) -> None:
    access = Access(tmp_path)
    async with access as service:
        await service.add_devices(["door-1"], "test")
        await service.rotate("door-1", "test", timedelta(0))
        assert let_in(access) == {"door-1~2"}
        again = await service.rotate("door-1", "test", timedelta(0))
        assert again.user == "door-1"  # free again, with another password
        assert let_in(access) == {"door-1"}


async def test_a_device_that_comes_back_has_its_own_name_and_another_password(
    tmp_path: Path,
) -> None:
    access = Access(tmp_path)
    async with access as service:
        (one,) = await service.add_devices(["door-1"], "test")
        await service.revoke("door-1", AccountKind.DEVICE, "test")
        assert let_in(access) == set()
        with pytest.raises(AccountRefusedError, match="no account"):
            await service.revoke("door-1", AccountKind.DEVICE, "test")
        with pytest.raises(AccountRefusedError, match="menshen device add"):
            await service.rotate("door-1", "test")
        (two,) = await service.add_devices(["door-1"], "test")
    assert one.user == two.user
    assert one.password != two.password


async def test_revoking_a_device_leaves_a_bridge_of_its_name(tmp_path: Path) -> None:
    access = Access(tmp_path)
    async with access as service:
        await service.add_devices(["east"], "test")
        await service.add_bridge("east", ["z2m"], "test")
        await service.revoke("east", AccountKind.DEVICE, "test")
        assert let_in(access) == {"bridge.east"}


async def test_two_bridges_never_share_a_topic(tmp_path: Path) -> None:
    async with Access(tmp_path) as service:
        await service.add_bridge("a", ["east/z2m", "shellies"], "test")
        for base in ("east", "east/z2m", "east/z2m/x", "shellies"):
            with pytest.raises(AccountRefusedError, match="within reach of the bridge a"):
                await service.add_bridge("b", [base], "test")
        await service.add_bridge("b", ["east/z2m2"], "test")
        await service.revoke("a", AccountKind.BRIDGE, "test")
        await service.add_bridge("c", ["east/z2m"], "test")


async def test_a_device_is_found_by_the_code_on_its_label(tmp_path: Path) -> None:
    async with Access(tmp_path) as service:
        await service.add_devices(["door-1", "door-2"], "test")
        (account,) = (each for each in service.accounts() if each.owner == "door-2")
        assert service.by_code("none") == []
        assert service.by_code(short_code(account.owner)) == ["door-2"]


# ---- the files ----


async def test_a_file_of_somebody_else_is_left_alone_and_said(tmp_path: Path) -> None:
    access = Access(tmp_path)
    (access.directory / "passwd").write_text("old:$7$101$x$y\n", encoding="utf-8")
    async with access as service:
        with pytest.raises(KeeperError, match="was not written by Menshen"):
            await service.sync()
        await service.add_devices(["door-1"], "test")
        assert "not written by Menshen" in service.problem
        assert (access.directory / "passwd").read_text() == "old:$7$101$x$y\n"
        (access.directory / "passwd").unlink()
        await service.sync()
        assert service.problem == ""
        assert let_in(access) == {"door-1"}


async def test_files_are_readable_by_the_brokers_group_and_by_nobody_else(tmp_path: Path) -> None:
    access = Access(tmp_path)
    async with access as service:
        await service.add_devices(["door-1"], "test")
    for name in ("passwd", "acl"):
        assert (access.directory / name).stat().st_mode & 0o777 == 0o640
        assert (access.directory / name).read_text().startswith(HEADER)
    assert sorted(path.name for path in access.directory.iterdir()) == ["acl", "passwd"]


@pytest.mark.parametrize(
    ("reload", "said"),
    [
        (("sh", "-c", "echo not allowed >&2; exit 4"), "ended with 4: not allowed"),
        (("/no/such/program",), "No such file"),
    ],
)
async def test_a_broker_that_cannot_be_told_is_a_problem_and_loses_no_credential(
    tmp_path: Path, reload: tuple[str, ...], said: str
) -> None:
    access = Access(tmp_path, reload=reload)
    async with access as service:
        (made,) = await service.add_devices(["door-1"], "test")
        assert made.password
        assert said in service.problem
        assert let_in(access) == {"door-1"}


async def test_a_broker_that_is_away_is_a_problem_that_says_so(tmp_path: Path) -> None:
    access = Access(tmp_path, reload=("true",))
    async with access as service:
        with pytest.raises(KeeperError, match=r"no broker answers at 127\.0\.0\.1:1"):
            await service.sync()


@pytest.mark.parametrize("written", ["", "0", "1", "-1", "x", "99999999999999999999"])
async def test_a_pid_file_without_a_process_harms_nobody(tmp_path: Path, written: str) -> None:
    access = Access(tmp_path)
    (tmp_path / "m.pid").write_text(written)
    async with access as service:
        access.tell(tmp_path / "m.pid", 1)
        with pytest.raises(KeeperError, match="did not hear of it"):
            await service.sync()


async def test_who_asks_while_the_broker_is_told_shares_the_next_telling(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = tmp_path / "told"
    known: set[str] = set()

    def read_when_told(_config: object, version: str) -> Answer:
        is_new = version not in known
        known.add(version)  # the first asking is before it is told
        return Answer.OTHER_VERSION if is_new else Answer.LOADED

    monkeypatch.setattr(witness, "ask", read_when_told)
    go = tmp_path / "go"
    go.touch()
    slow = f"echo x >> {told}; while [ ! -e {go} ]; do sleep 0.01; done"
    access = Access(tmp_path, reload=("sh", "-c", slow))
    async with access as service:
        before = told.read_text().count("x")
        go.unlink()
        asked = [
            asyncio.ensure_future(service.add_devices([f"door-{number}"], "test"))
            for number in range(20)
        ]
        await soon(lambda: service._wanted == 20, "all are stored, and one turn has begun")
        go.touch()
        await asyncio.gather(*asked)
        assert told.read_text().count("x") - before == 2
        assert len(let_in(access)) == 20


async def test_a_gateway_that_keeps_no_accounts_says_what_to_set(tmp_path: Path) -> None:
    access = Access(tmp_path)
    file = tmp_path / "menshen.toml"
    file.write_text(file.read_text().replace('directory = "broker"', ""))
    access.config = access.service.config = load(file)
    async with access as service:
        with pytest.raises(AccountRefusedError, match=r"set broker\.directory"):
            await service.add_devices(["door-1"], "test")


def test_accounts_without_an_account_of_the_gateway_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "menshen.toml"
    file.write_text('[broker]\ndirectory = "x"\n')
    with pytest.raises(SettingsError, match=r"set mqtt\.username and mqtt\.password_file"):
        load(file)


async def test_who_made_and_ended_an_account_is_audited_without_its_secret(tmp_path: Path) -> None:
    access = Access(tmp_path)
    async with access as service:
        (made,) = await service.add_devices(["door-1"], "chen")
        await service.revoke("door-1", AccountKind.DEVICE, "wang")
        with access.database.read() as connection:
            told = audit.latest(connection, service.keys, 10)
    assert {(each.actor, each.action, each.subject) for each in told} == {
        ("chen", "credential_made", "door-1"),
        ("wang", "credential_revoked", "door-1"),
    }
    assert made.password not in repr(told)


async def test_a_broker_that_did_not_hear_it_is_told_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A SIGHUP that comes while mosquitto reads its files is lost."""
    told = tmp_path / "told"

    def deaf_at_first(_config: object, _version: str) -> Answer:
        heard = told.exists() and len(told.read_text()) >= 2
        return Answer.LOADED if heard else Answer.OTHER_VERSION

    monkeypatch.setattr(witness, "ask", deaf_at_first)
    monkeypatch.setattr(keeper, "PATIENCE_S", (0.01, 0.01, 0.01))
    access = Access(tmp_path, reload=("sh", "-c", f"printf x >> {told}"))
    async with access as service:
        assert told.read_text() == "xx"
        assert service.problem == ""


async def test_a_broker_that_never_hears_it_is_a_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(witness, "ask", lambda *_: Answer.OTHER_VERSION)
    monkeypatch.setattr(keeper, "PATIENCE_S", (0.01, 0.01))
    access = Access(tmp_path, reload=("true",))
    async with access as service:
        with pytest.raises(KeeperError, match="does not know the accounts"):
            await service.sync()
        assert "password_file" in service.problem


async def test_a_password_is_answered_even_where_the_broker_takes_too_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.provisioning.service.ANSWER_WITHIN_S", 0.05)
    access = Access(tmp_path)
    async with access as service:
        access.tell(tmp_path / "m.pid", 1)
        service._turn = asyncio.Lock()
        await service._turn.acquire()  # somebody else's telling does not end
        (made,) = await service.add_devices(["door-1"], "test")
        assert made.password
        assert "goes on being told" in service.problem
