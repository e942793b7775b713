"""The doctor finds what is wrong with each outside part, and says what to do about it."""

import asyncio
import os
import re
import shutil
import sqlite3
import threading
import tomllib
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import msgspec
import pytest

from gateway import config
from gateway.broker import free_port, is_taken
from gateway.doctor import broker, examine, local, mosquitto, street
from gateway.doctor.advice import Advice
from gateway.health import Level
from gateway.homes.street import Street
from gateway.init import init
from gateway.settings import convert
from tests.fakes.programs import need

SHIPPED = Path(__file__).parents[2] / "deploy" / "mosquitto" / "menshen.conf"


def bad(found: Iterable[Advice]) -> list[str]:
    return [advice.what for advice in found if advice.level is Level.BAD]


def warned(found: Iterable[Advice]) -> list[str]:
    return [advice.what for advice in found if advice.level is Level.WARN]


@pytest.fixture
def fresh(tmp_path: Path) -> config.Config:
    init(tmp_path / "menshen.toml")
    return config.load(tmp_path / "menshen.toml")


# ---- this machine ----


def test_a_fresh_gateway_has_nothing_bad(fresh: config.Config) -> None:
    found = list(local.examine(fresh, lambda: True))
    assert bad(found) == []
    assert {advice.part for advice in found} >= {"data directory", "key store", "database", "clock"}


def test_everything_that_is_not_well_says_what_to_do(fresh: config.Config) -> None:
    fresh.data_dir.chmod(0o755)
    fresh.keys_file.write_text("{}")
    fresh.token_file.chmod(0o644)
    fresh.homes_file.unlink()
    fresh.database_file.write_bytes(b"no database at all" * 100)
    found = list(local.examine(fresh, lambda: False))
    assert all(advice.remedy for advice in found if advice.level is not Level.OK)
    said = " | ".join(bad(found))
    for part in ("keys.json is damaged", "token is readable by other", "homes.toml", "menshen.db"):
        assert part in said, part
    assert any("not synchronised" in what for what in warned(found))
    assert any("open to other users" in what for what in warned(found))


def test_pages_that_others_reach_in_the_clear_are_said(fresh: config.Config) -> None:
    opened = msgspec.structs.replace(fresh, web=config.Web(host="0.0.0.0", login=True))
    said = " ".join(warned(local.examine(opened, lambda: True)))
    assert "listen on 0.0.0.0 without TLS" in said


def test_a_lost_data_directory_is_said(fresh: config.Config) -> None:
    shutil.rmtree(fresh.data_dir)
    assert any("does not exist" in what for what in bad(local.examine(fresh, lambda: True)))


def test_a_damaged_database_is_told_from_a_whole_one(tmp_path: Path) -> None:
    path = tmp_path / "menshen.db"
    with closing(sqlite3.connect(path)) as made:
        made.execute("PRAGMA journal_mode=wal")
        made.execute("CREATE TABLE alembic_version (version_num TEXT)")
        made.execute("INSERT INTO alembic_version VALUES ('0001')")
        made.execute("CREATE TABLE t (x)")
        made.executemany("INSERT INTO t VALUES (?)", [("x" * 500,) for _ in range(200)])
        made.commit()
        made.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    whole = list(local.database(path))
    assert bad(whole) == []
    assert "schema 0001, wal mode" in whole[0].what
    with path.open("r+b") as file:
        file.seek(4096 * 4)
        file.write(b"\xff" * 4096)
    assert any("menshen.db" in what for what in bad(local.database(path)))


def test_looking_at_a_database_changes_no_byte_of_it(tmp_path: Path) -> None:
    path = tmp_path / "menshen.db"
    with closing(sqlite3.connect(path)) as made:
        made.execute("CREATE TABLE alembic_version (version_num TEXT)")
        made.commit()
    before = path.read_bytes()
    assert "in delete mode" in warned(local.database(path))
    assert path.read_bytes() == before


def test_a_data_directory_of_somebody_else_is_said(
    fresh: config.Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may write everywhere
    assert any("cannot be written" in what for what in bad(local.data_dir(fresh.data_dir)))


# ---- the street ----


def street_of(written: str) -> Street:
    return convert(tomllib.loads(written), Street, "test")


WHOLE = """
[[buildings]]
id = "b"
name = "3栋"
[[teams]]
id = "t"
members = [
  { id = "w", role = "worker", phones = ["13900000001"] },
  { id = "d", role = "doctor", phones = ["13900000002"] },
  { id = "p", role = "police", phones = ["13900000003"] },
  { id = "l", role = "lead", phones = ["13900000004", "13900000005"] },
]
beyond = [{ id = "desk", role = "street", phones = ["13900000007"] }]
[[teams]]
id = "maintainers"
members = [{ id = "m", role = "maintainer", phones = ["13900000008"] }]
[[homes]]
code = "h1"
building = "b"
team = "t"
address = "3栋1"
order = { starts_at = 2026-11-20T10:00:00Z, ends_at = 2026-12-04T10:00:00Z, \
notice_served_at = 2026-11-20T09:00:00Z }
[[devices]]
id = "door-1"
home = "h1"
"""


def test_a_whole_street_has_nothing_to_mend() -> None:
    found = list(street.examine(street_of(WHOLE)))
    assert {advice.level for advice in found} == {Level.OK}


@pytest.mark.parametrize(
    ("was", "becomes", "level", "said"),
    [
        (", \\\nnotice_served_at = 2026-11-20T09:00:00Z", "", Level.WARN, "1 without notice"),
        (
            'id = "door-1"\nhome = "h1"',
            'id = "x"\nbuilding = "b"',
            Level.WARN,
            "without any device",
        ),
        ('phones = ["13900000002"]', "phones = []", Level.BAD, "d has no phone"),
        (', "13900000005"', "", Level.WARN, "l leads and has one phone only"),
        ('role = "doctor"', 'role = "worker"', Level.WARN, "no doctor: falls to the lead"),
        ('role = "lead"', 'role = "street"', Level.OK, "worker, doctor and police on every"),
        ('"maintainers"', '"others"', Level.WARN, "nobody is told when equipment fails"),
        ("beyond = [{", "beyond = []\n# [{", Level.WARN, "nobody is beyond the team"),
    ],
)
def test_what_a_street_lacks_is_said(was: str, becomes: str, level: Level, said: str) -> None:
    written = WHOLE.replace(was.replace("\\\n", ""), becomes, 1)
    found = list(street.examine(street_of(written)))
    assert any(advice.level is level and said in advice.what for advice in found), found


def test_a_role_missing_on_one_shift_is_said_with_the_shift() -> None:
    shifts = """shifts = [
  { name = "day", starts = "08:00", until = "20:00" },
  { name = "night", starts = "20:00", until = "07:30" },
]
members = ["""
    written = WHOLE.replace("members = [", shifts, 1)
    on_day = written.replace('role = "police",', 'role = "police", shift = "day",')
    assert "no police on shift night: falls to the lead" in warned(
        street.examine(street_of(on_day))
    )
    for_all = written.replace('", phones', '", shift = "day", phones')
    found = bad(street.examine(street_of(for_all)))
    assert "nobody is on shift for 30 minutes of the day, first at 07:30" in found
    assert "no worker, doctor, police and no lead on shift night" in found


# ---- the broker ----


LOCAL = """
include_dir {shipped}
listener 8883
allow_anonymous false
acl_file /etc/mosquitto/acl
"""


def test_the_shipped_broker_settings_with_a_listener_have_nothing_bad(tmp_path: Path) -> None:
    path = tmp_path / "mosquitto.conf"
    path.write_text(LOCAL.format(shipped=SHIPPED.parent))
    assert [a for a in mosquitto.examine(path) if a.level is not Level.OK] == []


@pytest.mark.parametrize("given", ["", "persistence true\n"])
def test_without_a_listener_anybody_on_the_machine_comes_in(tmp_path: Path, given: str) -> None:
    path = tmp_path / "mosquitto.conf"
    path.write_text(given)
    assert any("allow_anonymous is true by default" in w for w in bad(mosquitto.examine(path)))
    for opened in ("listener 1883", "port 1883"):
        path.write_text(f"{given}{opened}\n")
        assert not [w for w in bad(mosquitto.examine(path)) if "allow_anonymous" in w]


def test_the_access_rules_it_points_to_are_shipped(tmp_path: Path) -> None:
    path = tmp_path / "mosquitto.conf"
    path.write_text("listener 8883\n")
    (advice,) = (a for a in mosquitto.examine(path) if "acl_file" in a.what)
    (named,) = re.findall(r"deploy/\S+", advice.remedy)
    assert (SHIPPED.parents[2] / named).is_file()


def test_mosquittos_own_defaults_are_dangerous(tmp_path: Path) -> None:
    path = tmp_path / "mosquitto.conf"
    path.write_text("listener 1883\n")
    found = list(mosquitto.examine(path))
    said = " | ".join(bad(found))
    assert "persistence is false by default" in said
    assert "max_queued_messages is 1000 by default" in said
    assert all(advice.remedy for advice in found if advice.level is not Level.OK)


@pytest.mark.parametrize(
    ("line", "part"),
    [
        ("allow_anonymous true", "allow_anonymous is true: anybody"),
        ("max_queued_messages 0", "max_queued_messages is 0:"),
        ("autosave_on_changes true", "39 GB"),
        ("persistent_client_expiration 2d", "persistent_client_expiration is 2d"),
    ],
)
def test_each_dangerous_setting_is_named(tmp_path: Path, line: str, part: str) -> None:
    path = tmp_path / "mosquitto.conf"
    path.write_text(f"{SHIPPED.read_text(encoding='utf-8')}\n{line}\n", encoding="utf-8")
    found = list(mosquitto.examine(path))
    assert any(part in advice.what for advice in found), found


def test_included_settings_count_and_the_last_one_holds(tmp_path: Path) -> None:
    (tmp_path / "conf.d").mkdir()
    (tmp_path / "conf.d" / "a.conf").write_text("persistence true\n")
    main = tmp_path / "mosquitto.conf"
    main.write_text(f"persistence false\ninclude_dir {tmp_path / 'conf.d'}\n")
    assert mosquitto.read(main)["persistence"] == ["false", "true"]
    assert not any("persistence is" in what for what in bad(mosquitto.examine(main)))


def test_an_unreadable_broker_configuration_is_said(tmp_path: Path) -> None:
    assert "cannot be read" in bad(mosquitto.examine(tmp_path / "no.conf"))[0]


def test_a_broker_that_is_not_there_is_said_with_its_address() -> None:
    port = free_port()
    settings = msgspec.structs.replace(config.Config(), mqtt=config.Mqtt(port=port))
    (advice,) = broker.examine(settings)
    assert advice.level is Level.BAD
    assert f"127.0.0.1:{port}" in advice.what
    assert "start the broker" in advice.remedy


@pytest.mark.mosquitto
async def test_a_broker_that_lets_anybody_in_is_told_from_one_that_does_not(tmp_path: Path) -> None:
    for anonymous in ("true", "false"):
        port, server = await _mosquitto(tmp_path, anonymous)
        (tmp_path / "password").write_text("right\n")
        mqtt = config.Mqtt(port=port, username="gateway", password_file="password")
        settings = msgspec.structs.replace(config.Config(base_dir=str(tmp_path)), mqtt=mqtt)
        found = await asyncio.to_thread(lambda s=settings: list(broker.examine(s)))
        server.terminate()
        await server.wait()
        assert any("mosquitto version" in advice.what for advice in found), found
        assert any("lets anybody in" in what for what in bad(found)) == (anonymous == "true")


async def _mosquitto(tmp_path: Path, anonymous: str) -> tuple[int, asyncio.subprocess.Process]:
    program, maker = need("mosquitto"), need("mosquitto_passwd")
    port = free_port()
    passwords = tmp_path / "passwd"
    if not passwords.exists():
        made = await asyncio.create_subprocess_exec(
            maker, "-b", "-c", str(passwords), "gateway", "right"
        )
        assert await made.wait() == 0
        passwords.chmod(0o644)
    conf = tmp_path / "m.conf"
    conf.write_text(
        f"listener {port} 127.0.0.1\nallow_anonymous {anonymous}\npassword_file {passwords}\n"
        f"user {'root' if os.getuid() == 0 else ''}\n"
    )
    server = await asyncio.create_subprocess_exec(
        program, "-c", str(conf), stderr=asyncio.subprocess.DEVNULL
    )
    for _ in range(200):
        if is_taken(port):
            break
        await asyncio.sleep(0.02)
    return port, server


# ---- a gateway that runs ----


@contextmanager
def answering(body: str) -> Iterator[int]:
    """Something that answers every request with `body`; yields its port."""

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


async def visit(folder: Path, port: int) -> list[Advice]:
    init(folder / "menshen.toml")
    taken = (folder / "menshen.toml").read_text(encoding="utf-8")
    mended = taken.replace("# port = 1883", "port = 1").replace("# port = 8080", f"port = {port}")
    (folder / "menshen.toml").write_text(mended, encoding="utf-8")
    return [advice async for advice in examine(folder / "menshen.toml")]


@pytest.mark.parametrize(
    ("body", "who"),
    [
        ('{"name": "next-door", "findings": []}', 'the gateway "next-door" answers'),
        ("<html>a printer</html>", "a program that is no gateway answers"),
        ('["findings"]', "a program that is no gateway answers"),
    ],
)
async def test_somebody_else_on_the_port_is_not_taken_for_this_gateway(
    tmp_path: Path, body: str, who: str
) -> None:
    with answering(body) as port:
        found = await visit(tmp_path, port)
    assert any(what.startswith(who) for what in bad(found)), bad(found)
    assert all(advice.remedy for advice in found if advice.level is not Level.OK)


async def test_this_gateway_is_asked_how_it_is(tmp_path: Path) -> None:
    finding = '{"part": "clock", "level": "warn", "reason": "not_trusted", "detail": ""}'
    with answering(f'{{"name": "menshen", "findings": [{finding}]}}') as port:
        found = await visit(tmp_path, port)
    assert "not_trusted" in warned(found)
    assert not any(advice.part.startswith("channel ") for advice in found)


async def test_a_wrong_homes_file_stops_no_gateway_that_knows_homes(tmp_path: Path) -> None:
    init(tmp_path / "menshen.toml")
    (tmp_path / "homes.toml").write_text("[[nothing]]\n")
    found = await visit(tmp_path, 1)
    (advice,) = (each for each in found if each.part == "homes")
    assert "goes on with the homes it took in last" in advice.remedy


# ---- all of it ----


async def test_a_wrong_configuration_ends_the_visit_with_what_to_mend(tmp_path: Path) -> None:
    path = tmp_path / "menshen.toml"
    path.write_text("[mqtt]\nprot = 1\n")
    found = [advice async for advice in examine(path)]
    assert len(found) == 1
    assert 'did you mean "port"?' in found[0].what


async def test_every_part_is_visited_and_no_phone_is_said(tmp_path: Path) -> None:
    init(tmp_path / "menshen.toml")
    taken = (tmp_path / "menshen.toml").read_text(encoding="utf-8")
    mended = taken.replace("# port = 1883", "port = 1").replace("# port = 8080", "port = 2")
    (tmp_path / "menshen.toml").write_text(mended, encoding="utf-8")
    found = [advice async for advice in examine(tmp_path / "menshen.toml", SHIPPED)]
    parts = {advice.part.split()[0] for advice in found}
    assert parts == {
        *("mosquitto", "configuration", "data", "key", "database", "clock", "heartbeat"),
        *("homes", "team", "broker", "gateway", "channels"),
    }
    assert "139000" not in repr(found)
    assert all(advice.remedy for advice in found if advice.level is not Level.OK)
