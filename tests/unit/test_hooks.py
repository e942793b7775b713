"""What providers push is believed for its secret, stored before it is answered, and taken once."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import func, select

from alerts.channels.aliyun.pushed import DIALECT as ALIYUN
from alerts.channels.base import DeliveryReport, IncomingText, Outcome
from alerts.channels.pushed import Dialect
from alerts.channels.tencent.pushed import DIALECT as TENCENT
from alerts.commands import Answer
from alerts.reason import Reason
from alerts.tables import texts_in
from gateway import config
from gateway.db import Database
from gateway.hooked import Hook, make_hooks
from gateway.inbox import Inbox, salt_of
from gateway.privacy import KeyStore
from gateway.settings import SettingsError
from gateway.web.app import create_app
from gateway.web.hooks import MOST_BYTES, Hooks
from gateway.web.server import serve
from gateway.writer import Writer
from tests.fakes import aliyun, tencent, wire
from tests.fakes.gateway import NOW, TOKEN, FakeGateway

PHONE = "+8613900000001"
SECRET = "0123456789abcdef" * 4
OTHER = "f" * 64
PATH = f"/hooks/tencent/{SECRET}"
PROXIED = "sms.example.com"

BODIES = {
    "tencent": (tencent.receipt("5000:1", PHONE), tencent.reply(PHONE, "1 4821")),
    "aliyun": (aliyun.receipt("9006^0", PHONE), aliyun.reply(PHONE, "1 4821")),
}


@dataclass
class Store:
    """Takes what is pushed, or breaks."""

    taken: list[IncomingText | DeliveryReport] = field(default_factory=list)
    breaks_at: int | None = None

    def receive(self, item: IncomingText | DeliveryReport) -> None:
        if len(self.taken) == self.breaks_at:
            raise OSError("disk full")
        self.taken.append(item)


def hook(channel: str, dialect: Dialect, secret: str = SECRET, *networks: str) -> Hook:
    return Hook(channel, dialect, secret, tuple(map(ipaddress.ip_network, networks)))


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def hooks(store: Store) -> Hooks:
    known = [
        hook("tencent", TENCENT),
        hook("aliyun", ALIYUN),
        hook("fenced", TENCENT, SECRET, "192.0.2.0/24"),
        hook("near", TENCENT, SECRET, "127.0.0.0/8"),
    ]
    return Hooks(known, store.receive)


@pytest.fixture
def client(tmp_path: Path, hooks: Hooks) -> Iterator[httpx.Client]:
    gateway = FakeGateway(tmp_path)
    app = create_app(gateway, gateway, hooks=hooks)
    with wire.client(app, PROXIED) as opened:
        yield opened


# ---- what is taken ----


@pytest.mark.parametrize("channel", BODIES)
def test_receipts_and_replies_are_stored_and_answered_as_the_provider_wants(
    client: httpx.Client, store: Store, channel: str
) -> None:
    for body in BODIES[channel]:
        answer = client.post(f"/hooks/{channel}/{SECRET}", content=body)
        assert answer.status_code == 200
        assert (
            answer.json()
            == {
                "tencent": {"result": 0, "errmsg": "OK"},
                "aliyun": {"code": 0, "msg": "OK"},
            }[channel]
        )
    report, text = store.taken
    assert isinstance(report, DeliveryReport)
    assert (report.channel, report.outcome, report.number) == (channel, Outcome.DELIVERED, PHONE)
    assert isinstance(text, IncomingText)
    assert (text.channel, text.sender, text.text) == (channel, PHONE, "1 4821")


def test_an_empty_list_is_taken(client: httpx.Client, store: Store) -> None:
    assert client.post(PATH, content=b"[]").status_code == 200
    assert store.taken == []


# ---- who is believed ----


@pytest.mark.parametrize(
    "path",
    [
        f"/hooks/tencent/{OTHER}",
        f"/hooks/tencent/{SECRET[:-1]}",
        "/hooks/tencent/",
        f"/hooks/nobody/{SECRET}",
        "/hooks/tencent/\u95e8",
        f"/hooks//{SECRET}",
        f"/hooks/fenced/{SECRET}",
    ],
)
def test_who_is_not_the_provider_gets_the_same_answer_as_for_no_such_page(
    client: httpx.Client, store: Store, path: str
) -> None:
    answer = client.post(path, content=BODIES["tencent"][1])
    assert (answer.status_code, answer.json()) == (404, {"detail": "Not Found"})
    assert store.taken == []


def test_a_stranger_is_counted(client: httpx.Client, hooks: Hooks) -> None:
    client.post(f"/hooks/tencent/{OTHER}", content=b"[]")
    client.post(f"/hooks/nobody/{OTHER}", content=b"[]")
    assert hooks.counts == {"strangers": 2}


def test_a_push_is_taken_from_the_networks_that_are_allowed(client: httpx.Client) -> None:
    assert client.post(f"/hooks/near/{SECRET}", content=b"[]").status_code == 200


@pytest.mark.parametrize(
    ("peer", "is_admitted"),
    [
        ("192.0.2.7", True),
        ("::ffff:192.0.2.7", True),
        ("192.0.3.7", False),
        ("::1", False),
        ("", False),
        ("nonsense", False),
    ],
)
def test_networks_are_compared_with_the_peer(peer: str, is_admitted: bool) -> None:
    assert hook("t", TENCENT, SECRET, "192.0.2.0/24").admits(SECRET, peer) is is_admitted


def test_what_a_header_says_of_the_sender_is_not_believed(client: httpx.Client) -> None:
    said = {"X-Forwarded-For": "192.0.2.7", "X-Real-IP": "192.0.2.7", "Forwarded": "for=192.0.2.7"}
    answer = client.post(f"/hooks/fenced/{SECRET}", content=b"[]", headers=said)
    assert answer.status_code == 404


# ---- only hooks are open to other names ----


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("GET", "/metrics"),
        ("GET", "/api/incidents"),
        ("POST", "/api/incidents/4821/ack"),
        ("GET", PATH),
        ("POST", "/hooks/../api/incidents/4821/ack"),
        ("POST", "/hooks/tencent/x/../../../api/permits"),
        ("POST", "/hooks"),
        ("POST", f"{PATH}/more"),
        ("POST", f"//hooks/tencent/{SECRET}"),
    ],
)
def test_everything_else_still_asks_for_this_machines_name(
    client: httpx.Client, method: str, path: str
) -> None:
    bearer = {"Authorization": f"Bearer {TOKEN}"}
    request = client.build_request(method, f"http://{PROXIED}", headers=bearer)
    request.url = request.url.copy_with(raw_path=path.encode())
    assert client.send(request).status_code == 421


def test_without_hooks_no_push_passes_the_guard(tmp_path: Path) -> None:
    gateway = FakeGateway(tmp_path)
    with wire.client(create_app(gateway, gateway), PROXIED) as opened:
        assert opened.post(PATH, content=b"[]").status_code == 421


# ---- what is refused ----


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "truncated"),
        (b"{", "truncated"),
        (b"\xff\xfe", "malformed"),
        (b"null", "expected"),
        (b"3", "expected"),
        (b"[3]", "expected"),
        (b'{"nationcode":"86"}', "missing required field `mobile`"),
        (b'{"mobile":"139"}', "neither a receipt nor a reply"),
        (b'[{"mobile":"139","text":"1"},{"mobile":"139"}]', "item 2"),
        (b'{"mobile":139,"text":["1"]}', "expected"),
    ],
)
def test_a_body_that_makes_no_sense_is_refused_with_what_is_wrong(
    client: httpx.Client, store: Store, hooks: Hooks, body: bytes, why: str
) -> None:
    answer = client.post(PATH, content=body)
    assert answer.status_code == 400
    assert why in answer.json()["detail"].lower()
    assert "139" not in answer.json()["detail"]
    assert store.taken == []
    assert hooks.counts == {"refused": 1}


def test_a_body_that_is_too_long_is_not_read_to_its_end(
    client: httpx.Client, store: Store, hooks: Hooks
) -> None:
    answer = client.post(PATH, content=b"[" + b" " * MOST_BYTES + b"]")
    assert answer.status_code == 413
    assert hooks.counts == {"refused": 1}


def test_a_hundred_receipts_fit(client: httpx.Client, store: Store) -> None:
    one = tencent.receipt("5000:1234567890123456789012345", PHONE)[1:-1]
    assert client.post(PATH, content=b"[" + b",".join([one] * 100) + b"]").status_code == 200
    assert len(store.taken) == 100


# ---- storing ----


def test_what_could_not_be_stored_is_asked_for_again(
    client: httpx.Client, store: Store, hooks: Hooks
) -> None:
    store.breaks_at = 1
    body = b"[" + b",".join([tencent.receipt(f"5000:{n}", PHONE)[1:-1] for n in (1, 2)]) + b"]"
    answer = client.post(PATH, content=body)
    assert (answer.status_code, answer.json()["result"]) == (500, 1)
    assert hooks.counts == {"not_stored": 1}

    store.breaks_at = None
    assert client.post(PATH, content=body).status_code == 200


def test_the_answer_waits_for_the_disk() -> None:
    """The stored item is there before the status line is."""
    order: list[str] = []

    async def ask() -> None:
        hooks = Hooks([hook("tencent", TENCENT)], lambda _: order.append("stored"))
        app = FastAPI()
        app.include_router(hooks.routes())

        async def send(message: dict[str, object]) -> None:
            order.append(str(message["type"]))

        body = iter([{"type": "http.request", "body": BODIES["tencent"][1], "more_body": False}])

        async def receive() -> dict[str, object]:
            return next(body)

        scope = {
            "type": "http",
            "method": "POST",
            "path": PATH,
            "raw_path": PATH.encode(),
            "query_string": b"",
            "headers": [],
            "client": ("127.0.0.1", 1),
        }
        await app(scope, receive, send)

    asyncio.run(ask())
    assert order[:2] == ["stored", "http.response.start"]


@pytest.mark.parametrize("channel", BODIES)
def test_the_same_push_twice_changes_nothing(tmp_path: Path, channel: str) -> None:
    database = Database(tmp_path / "menshen.db")
    database.migrate()
    keys = KeyStore.create(tmp_path / "keys.json")
    keys.ensure(["gateway"])
    writer = Writer(database)
    writer.start().result(10)
    read: list[str] = []

    def understood(_c: object, _contacts: object, text: str, _now: object) -> Answer:
        read.append(text)
        return Answer(True, Reason.REPLIED, "")

    inbox = Inbox(
        call=writer.call,
        turn=writer.turn,
        reply=understood,
        sealer=keys,
        contacts=lambda _: ("t/worker",),
        unreachable=lambda _c, _incident: None,
        now=lambda: NOW,
        salt=writer.call(salt_of).result(),
        received=lambda _: None,
    )
    dialect = {"tencent": TENCENT, "aliyun": ALIYUN}[channel]
    (tmp_path / "web").mkdir()
    gateway = FakeGateway(tmp_path / "web")
    app = create_app(gateway, gateway, hooks=Hooks([hook(channel, dialect)], inbox.receive))
    with wire.client(app, PROXIED) as client:
        for body in BODIES[channel] * 2:
            assert client.post(f"/hooks/{channel}/{SECRET}", content=body).status_code == 200
    with database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(texts_in)) == 1
    writer.close()
    database.close()
    assert read == ["1 4821"]


# ---- settings ----


def configured(folder: Path, secret: str, networks: str = "[]") -> config.Config:
    (folder / "secret").write_text(secret)
    file = folder / "menshen.toml"
    file.write_text(
        '[[channels]]\nkind = "aliyun"\nsign_name = "s"\nhook_secret_file = "secret"\n'
        'access_key_id_file = "id"\naccess_key_secret_file = "key"\n'
        f"hook_networks = {networks}\n"
        'templates.alarm = { id = "SMS_1", fields = ["place"] }\n'
    )
    return config.load(file)


def test_a_provider_with_a_secret_may_push(tmp_path: Path) -> None:
    (made,) = make_hooks(configured(tmp_path, f"{SECRET}\n", '["192.0.2.0/24", "2001:db8::/32"]'))
    assert made.admits(SECRET, "2001:db8::7")
    assert SECRET not in repr(made)


@pytest.mark.parametrize("secret", ["0123456789abcdef", "x" * 64, "0" * 31])
def test_a_secret_that_could_be_guessed_is_no_secret(tmp_path: Path, secret: str) -> None:
    with pytest.raises(SettingsError, match="32 hexadecimal digits") as error:
        make_hooks(configured(tmp_path, secret))
    assert secret not in str(error.value)


def test_a_network_that_is_none_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"hook_networks\[2\]"):
        make_hooks(configured(tmp_path, SECRET, '["192.0.2.0/24", "192.0.2.1/24"]'))


# ---- the server itself ----


async def test_the_peer_is_who_is_connected_also_behind_a_proxy_on_this_machine(
    tmp_path: Path, hooks: Hooks
) -> None:
    gateway = FakeGateway(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        served = asyncio.create_task(serve(create_app(gateway, gateway, hooks=hooks), listening))
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/hooks"
        said = {"X-Forwarded-For": "192.0.2.7"}
        async with httpx.AsyncClient(trust_env=False) as client:
            fenced = await client.post(f"{url}/fenced/{SECRET}", content=b"[]", headers=said)
            near = await client.post(f"{url}/near/{SECRET}", content=b"[]", headers=said)
        served.cancel()
        await asyncio.wait([served])
    assert (fenced.status_code, near.status_code) == (404, 200)
