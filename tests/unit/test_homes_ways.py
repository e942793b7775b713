"""A person is told over their own channels, texts before push, and a wrong channel is refused."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, select, update

from alerts.ways import Way
from gateway import homes
from gateway.config import load
from gateway.db import Database
from gateway.homes.file import load_file
from gateway.homes.ways import Means, Reach, means_of, ways_in_own_words, ways_of
from gateway.init import init_data
from gateway.privacy import KeyStore, team_owner
from gateway.register import Register
from gateway.schema.tables import contacts
from gateway.settings import SettingsError

NOW = datetime(2026, 11, 21, 4, tzinfo=UTC)
A, B = "+8613900000001", "+8613900000002"
KEY = "693a77f6-7a0c-4bc4"
GSM = Means("gsm", is_modem=True)
GSM_2 = Means("gsm2", is_modem=True)
TENCENT = Means("tencent")
WECOM = Means("wecom", is_push=True, address="wecombot://the-group")
NTFY = Means("ntfy", is_push=True)
ALL = (WECOM, GSM, TENCENT, NTFY)

CONFIG = """
[[channels]]
kind = "push"
name = "wecom"
url_file = "wecom"
[[channels]]
kind = "console"
name = "gsm"
[[channels]]
kind = "push"
name = "mail"
url_file = "mail"
"""
HOMES = """
[[teams]]
id = "t"
members = [{ id = "w", role = "worker", phones = ["13900000001"]MORE }]
[[buildings]]
id = "b"
name = "3栋"
[[homes]]
code = "440307001"
building = "b"
team = "t"
address = "3栋1203"
order = { starts_at = 2026-11-20T10:00:00Z, ends_at = 2026-12-04T10:00:00Z }
"""


def homes_file(more: str) -> str:
    return HOMES.replace("MORE", f", {more}" if more else "")


# ---- the order ----


def test_each_phone_goes_over_each_channel_for_texts_and_push_comes_last() -> None:
    assert ways_of(Reach((A, B)), ALL) == (
        Way("gsm", A),
        Way("tencent", A),
        Way("gsm", B),
        Way("tencent", B),
        Way("wecom", ""),
    )


@pytest.mark.parametrize(
    ("reach", "found"),
    [
        (Reach((A,), ("tencent", "gsm")), ["tencent", "gsm"]),
        (Reach((A,), ("wecom", "gsm")), ["gsm", "wecom"]),
        (Reach((A,), ("gsm",)), ["gsm"]),
        (Reach((), ("gsm", "wecom")), ["wecom"]),
        (Reach((A,), ("sold", "tencent")), ["tencent"]),
        (Reach((A,), ("sold",)), ["gsm", "tencent", "wecom"]),
        (Reach(), ["wecom"]),
    ],
    ids=lambda value: "+".join(value if isinstance(value, list) else value.channels) or "all",
)
def test_a_persons_own_channels_go_before_all_that_are_configured(
    reach: Reach, found: list[str]
) -> None:
    assert [way.channel for way in ways_of(reach, ALL)] == found


def test_an_own_address_goes_before_the_group() -> None:
    reach = Reach((A,), addresses={"wecom": "wecombot://own", "ntfy": "ntfy://own"})
    assert ways_of(reach, (WECOM, NTFY)) == (
        Way("wecom", "wecombot://own"),
        Way("ntfy", "ntfy://own"),
    )


def test_a_channel_that_wants_each_persons_part_reaches_nobody_without_one() -> None:
    mail = Means("mail", is_push=True, address="mailto://h?to={to}")
    assert ways_of(Reach((A,)), (mail,)) == ()
    assert ways_of(Reach(addresses={"mail": "a@b.cn"}), (mail,)) == (Way("mail", "a@b.cn"),)


def test_no_way_and_no_reach_shows_where_it_leads() -> None:
    reach = Reach((A,), addresses={"ntfy": KEY})
    said = f"{reach!r} {ways_of(reach, (NTFY, GSM))!r} {WECOM!r} {reach} {NTFY}"
    assert not any(secret in said for secret in (A, KEY, "the-group"))


# ---- what a homes file may say ----


def read(tmp_path: Path, more: str, means: tuple[Means, ...] | None = ALL) -> Any:
    path = tmp_path / "homes.toml"
    path.write_text(homes_file(more), encoding="utf-8")
    return load_file(path, means).teams[0].members[0]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (
            'channels = ["gms"]',
            '(id "w").channels: no channel "gms" is configured (did you mean "gsm"?)',
        ),
        ('channels = ["gsm", "gsm"]', '(id "w").channels: "gsm" stands twice'),
        ('addresses = { wecon = "x" }', 'no channel "wecon" is configured (did you mean "wecom"?)'),
        ('addresses = { gsm = "x" }', '"gsm" is no push channel and takes none; write phones'),
        (
            f'channels = ["gsm"], addresses = {{ wecom = "wecombot://{KEY}" }}',
            '"wecom" is not among this person\'s channels; add it there',
        ),
        (f'addresses = {{ wecom = "wecom://{KEY}" }}', "addresses.wecom: is Pushplus"),
        (
            f'addresses = {{ ntfy = "wecombotx://{KEY}" }}',
            "addresses.ntfy: is no address of a push",
        ),
        (f'addresses = {{ wecom = "{KEY}" }}', "addresses.wecom: is a part of an address, but"),
        (f'addresses = {{ wecom = ["{KEY}"] }}', "addresses"),
    ],
)
def test_a_wrong_channel_or_address_is_named_with_its_remedy(
    tmp_path: Path, more: str, said: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        read(tmp_path, more)
    assert said in str(caught.value)
    assert KEY not in str(caught.value)


def test_a_right_one_is_taken(tmp_path: Path) -> None:
    member = read(
        tmp_path, f'channels = ["gsm", "wecom"], addresses = {{ wecom = "wecombot://{KEY}" }}'
    )
    assert member.channels == ("gsm", "wecom")
    assert KEY not in repr(member)


def test_where_nobody_says_what_is_configured_nothing_is_compared(tmp_path: Path) -> None:
    assert read(tmp_path, 'channels = ["gms"]', None).channels == ("gms",)


# ---- from the file to the gateway and back ----


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[tuple[Database, Register]]:
    (tmp_path / "menshen.toml").write_text(CONFIG)
    (tmp_path / "wecom").write_text("wecombot://the-group\n")
    (tmp_path / "mail").write_text("mailto://u:p@h?from=u@h.cn&to={to}\n")
    config = load(tmp_path / "menshen.toml")
    init_data(config)
    database = Database(config.database_file)
    database.migrate()
    yield database, Register(config, KeyStore.open(config.keys_file), lambda: NOW)
    database.close()


def take_in(gateway: tuple[Database, Register], more: str) -> list[tuple[str, str]]:
    database, register = gateway
    register.config.homes_file.write_text(homes_file(more))
    with database.writer() as connection, connection.begin():
        register.take_in(connection)
        register.load(connection)
    return [tuple(way) for way in register.ways("t/w")]


def test_the_register_knows_the_ways_of_a_person(gateway: tuple[Database, Register]) -> None:
    assert take_in(gateway, "") == [("gsm", A), ("wecom", "")]
    own = 'channels = ["mail", "gsm"], addresses = { mail = "a@b.cn" }'
    assert take_in(gateway, own) == [("gsm", A), ("mail", "a@b.cn")]
    assert gateway[1].ways("t/nobody") == ()
    assert gateway[1].phones("t/w") == (A,)
    assert gateway[1].contacts(A) == ("t/w",)


def test_an_address_lies_nowhere_in_the_open(gateway: tuple[Database, Register]) -> None:
    database, register = gateway
    take_in(gateway, f'addresses = {{ wecom = "wecombot://{KEY}" }}')
    with database.read() as connection:
        rows = connection.execute(select(contacts)).all()
    assert KEY not in repr(rows)
    assert KEY not in f"{register.book!r} {register.book}"
    files = [path for path in register.config.data_dir.rglob("*") if path.is_file()]
    assert not [path for path in files if KEY.encode() in path.read_bytes()]


def test_who_was_stored_before_there_were_channels_is_told_over_all(
    gateway: tuple[Database, Register],
) -> None:
    database, register = gateway
    take_in(gateway, 'channels = ["gsm"]')
    old = register.keys.seal(team_owner("t"), f'{{"name": "", "phones": ["{A}"]}}')
    with database.writer() as connection, connection.begin():
        connection.execute(update(contacts).values(sealed=old))
        register.load(connection)
    assert [way.channel for way in register.ways("t/w")] == ["gsm", "wecom"]


def test_a_channel_that_is_gone_is_said_though_the_file_did_not_change(
    gateway: tuple[Database, Register],
) -> None:
    database, before = gateway
    take_in(gateway, 'channels = ["gsm", "wecom"]')
    file = Path(before.config.base_dir) / "menshen.toml"
    file.write_text(CONFIG.replace('name = "wecom"', 'name = "feishu"'))
    register = Register(load(file), before.keys, lambda: NOW)
    with database.writer() as connection, connection.begin():
        register.take_in(connection)
        register.load(connection)
    assert 'no channel "wecom" is configured' in register.problem
    assert [way.channel for way in register.ways("t/w")] == ["gsm"]


def test_a_missing_file_of_an_address_is_named(gateway: tuple[Database, Register]) -> None:
    config = gateway[1].config
    config.path("wecom").unlink()
    with pytest.raises(SettingsError, match="wecom: cannot be read"):
        means_of(config)


def test_a_file_that_holds_no_address_is_named_by_its_channel_and_not_repeated(
    gateway: tuple[Database, Register],
) -> None:
    config = gateway[1].config
    config.path("mail").write_text(f"https://{KEY}.example/{{to}}")
    with pytest.raises(SettingsError) as caught:
        means_of(config)
    assert 'channels (name "mail").url_file: what the file holds is no address' in str(caught.value)
    assert KEY not in str(caught.value)


def test_the_same_channels_and_file_are_not_stored_again(
    gateway: tuple[Database, Register],
) -> None:
    database, register = gateway
    take_in(gateway, "")

    def again(connection: Connection, means: tuple[Means, ...]) -> bool:
        file, keys = register.config.homes_file, register.keys
        return homes.refresh(connection, file, keys, NOW, means)

    with database.writer() as connection, connection.begin():
        assert not again(connection, register.means)
        assert again(connection, register.means[1:])


def test_who_is_on_no_team_is_sent_own_words_and_never_by_a_template_or_a_group() -> None:
    means = (
        Means("push", is_push=True, address="ntfy://group"),
        Means("tencent", is_provider=True),
        Means("gsm", is_modem=True),
    )
    assert ways_in_own_words(["+8613900000009"], means) == (Way("gsm", "+8613900000009"),)
