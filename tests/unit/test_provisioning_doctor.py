"""The doctor compares mosquitto's configuration, files and certificates with the accounts."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

import pytest

from gateway import tls
from gateway.doctor import access
from gateway.doctor.advice import Advice
from gateway.health import Level
from gateway.provisioning.authority import SERVER_FOR
from tests.fakes.accounts import NOW, Access, replace_table

SHIPPED = Path(__file__).parents[2] / "deploy" / "mosquitto" / "accounts.conf"


def wrong(found: Iterable[Advice]) -> list[str]:
    advices = [advice for advice in found if advice.level is not Level.OK]
    assert all(advice.remedy for advice in advices)
    return [advice.what for advice in advices]


async def test_what_is_shipped_has_nothing_to_mend(tmp_path: Path) -> None:
    there = Access(tmp_path)
    async with there:
        path = tmp_path / "mosquitto.conf"
        path.write_text(SHIPPED.read_text().replace("/etc/mosquitto/menshen", str(there.directory)))
        assert wrong(access.examine(there.config, NOW, path)) == []


@pytest.mark.parametrize(
    ("line", "becomes", "said"),
    [
        ("password_file", "#password_file", "password_file is not set"),
        ("acl_file", "acl_file /etc/other\n#", "acl_file is /etc/other"),
        ("use_username_as_clientid true", "", "listener 8883: a device may end the session"),
        ("listener 8883", "listener 8883 127.0.0.1", ""),
    ],
)
async def test_a_configuration_that_reads_other_files_or_lets_sessions_be_taken_is_said(
    tmp_path: Path, line: str, becomes: str, said: str
) -> None:
    there = Access(tmp_path)
    async with there:
        text = SHIPPED.read_text().replace("/etc/mosquitto/menshen", str(there.directory))
        path = tmp_path / "mosquitto.conf"
        path.write_text(f"include_dir {tmp_path / 'conf.d'}\n")
        (tmp_path / "conf.d").mkdir()
        (tmp_path / "conf.d" / "a.conf").write_text(text.replace(f"\n{line}", f"\n{becomes}"))
        found = wrong(access.examine(there.config, NOW, path))
    assert [said in each for each in found] == ([True] if said else [])


async def test_files_that_are_not_there_or_not_ours_are_said(tmp_path: Path) -> None:
    there = Access(tmp_path)
    async with there as service:
        await service.add_devices(["door-1"], "test")
        (there.directory / "passwd").write_text("somebody:else\n")
        (there.directory / "acl").unlink()
        said = " | ".join(wrong(access.examine(there.config, NOW)))
    assert "passwd was not written by Menshen" in said
    assert "acl is missing" in said
    (there.directory / "passwd").unlink()
    assert any("nobody is let in" in each for each in wrong(access.examine(there.config, NOW)))
    there.directory.rmdir()
    assert any("does not exist" in each for each in wrong(access.examine(there.config, NOW)))


async def test_an_account_whose_grace_is_over_is_drift_until_the_file_is_written(
    tmp_path: Path,
) -> None:
    there = Access(tmp_path)
    async with there as service:
        await service.add_devices(["door-1"], "test")
        await service.rotate("door-1", "test", timedelta(days=7))
        assert wrong(access.examine(there.config, NOW)) == []
        later = NOW + timedelta(days=7)
        said = " | ".join(wrong(access.examine(there.config, later)))
    assert "door-1: let in without an account" in said


def test_certificates_that_end_are_said_in_time(tmp_path: Path) -> None:
    there = Access(tmp_path)
    config = replace_table(there.config, "web", tls=True)
    assert wrong(access._certificates(config, NOW)) == ["web.tls is set, and there are none"]
    tls.create(config.tls_dir, "test", [], NOW)
    assert wrong(access._certificates(config, NOW)) == []
    (soon,) = wrong(access._certificates(config, NOW + SERVER_FOR - timedelta(days=29)))
    assert "end in 29 days" in soon
    (ended,) = wrong(access._certificates(config, NOW + SERVER_FOR))
    assert ended.startswith("ended on")
    (config.tls_dir / "ca.key").chmod(0o644)
    assert any(
        "readable by other users" in each for each in wrong(access._certificates(config, NOW))
    )
    there.writer.close()
    there.database.close()
