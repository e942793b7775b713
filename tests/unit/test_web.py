"""The page gives away nothing, the API wants its token, and commands reach the gateway."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from sqlalchemy import insert, select, update

from alerts.commands import Acknowledge, Answer, OnSite, Reopen, Resolve, Review
from alerts.model import Cause, ConditionKind
from alerts.permits import AddSilence, EndSilence, GrantPermit, RevokePermit
from alerts.reason import Reason
from alerts.tables import conditions, incidents, micros, notices, permits, silences
from gateway.schema.tables import devices
from gateway.web.app import create_app
from gateway.web.guard import host_of
from gateway.web.v1_schema import describe
from gateway.web.words import LANGUAGES
from tests.fakes import wire
from tests.fakes.gateway import NOW, PEOPLE, TOKEN, FakeGateway, street

HOME, CODE = "南岭村3栋1203", "440307006031203"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
STATIC = Path(__file__).parents[2] / "gateway" / "web" / "static"

SPAN = {"from_at": "2026-11-21T14:00:00+08:00", "until_at": "2026-11-21T15:00:00+08:00"}
CALLS = [
    ("GET", "/api/v1/incidents", None),
    ("GET", "/api/v1/incidents/4821", None),
    ("GET", "/api/v1/homes", None),
    ("GET", "/api/v1/permits", None),
    ("GET", "/api/v1/silences", None),
    ("GET", "/api/v1/sms", None),
    ("GET", "/api/v1/sms/ledger?since_at=2026-11-20T00:00:00Z", None),
    ("GET", "/api/v1/sms/tests/7f3a09c2", None),
    ("POST", "/api/v1/sms/tests", {"number": "13912345678"}),
    ("POST", "/api/v1/incidents/4821/ack", {"actor": "a"}),
    ("POST", "/api/v1/permits", {"home": CODE, "purpose": "meal", "actor": "a", **SPAN}),
    ("POST", "/api/v1/permits/p1/revoke", {"actor": "a"}),
    ("POST", "/api/v1/silences", {"kind": "home", "of": CODE, "why": "w", "actor": "a", **SPAN}),
    ("POST", "/api/v1/silences/s1/end", {"actor": "a"}),
    ("GET", "/api/v1/reports", None),
    ("POST", "/api/v1/reports", {"kind": "daily"}),
]
KEEPING = [
    ("GET", "/api/v1/accounts", None),
    ("POST", "/api/v1/accounts", {"login": "chen", "role": "installer"}),
    ("POST", "/api/v1/accounts/chen/rights", {"role": "auditor"}),
    ("POST", "/api/v1/accounts/chen/disable", None),
    ("POST", "/api/v1/accounts/chen/enable", None),
    ("POST", "/api/v1/accounts/chen/password", None),
    ("POST", "/api/v1/accounts/chen/reset-factor", None),
    ("GET", "/api/v1/accounts/chen/tokens", None),
    ("POST", "/api/v1/accounts/chen/tokens", {"rights": ["see_homes"]}),
    ("POST", "/api/v1/tokens/t1/revoke", None),
    ("GET", "/api/v1/audit", None),
    ("GET", "/api/v1/audit/heads", None),
    ("GET", "/api/v1/export", None),
    ("GET", "/api/v1/export/refused", None),
    ("POST", "/api/v1/export/rewind", {"since_at": "2026-11-20T00:00:00Z"}),
    ("POST", "/api/v1/export/retry", None),
    ("POST", "/api/v1/export/homes", {"why": "a complaint"}),
]


@pytest.fixture
def gateway(tmp_path: Path) -> FakeGateway:
    fake = FakeGateway(tmp_path)
    fake.happen()
    return fake


@pytest.fixture
def client(gateway: FakeGateway) -> Iterator[httpx.Client]:
    with wire.client(create_app(gateway, gateway)) as opened:
        yield opened


# ---- the page gives away nothing ----


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("path", ["/", "/live", "/healthz", "/metrics"])
def test_what_asks_no_login_leaks_no_phone_name_door_or_house_code(
    client: httpx.Client, gateway: FakeGateway, path: str, language: str
) -> None:
    said = client.get(path, params={"lang": language}).text
    personal = [secret for _, _, name, phone in PEOPLE for secret in (name, phone, phone[-4:])]
    doors = [secret for home in street().homes for secret in (home.code, home.address)]
    watches = list(gateway.watches.values())
    leaked = [s for s in (*personal, *doors, *watches, "1203", "team-3", "【门神】") if s in said]
    assert leaked == []


def test_the_page_unseals_nothing(client: httpx.Client, gateway: FakeGateway) -> None:
    del gateway.keys
    assert client.get("/").status_code == 200


def test_the_page_says_what_is_going_on(client: httpx.Client) -> None:
    said = client.get("/").text
    for shown in ("4821", "紧急", "南岭村3栋", "14:31 起", "证据 3 级", "再通知", "2 分钟后"):
        assert shown in said, shown
    assert re.search(r"<b>2</b>\s+看不到", said)
    assert re.search(r"<b>25</b>\s+平静", said)
    assert said.index("7350") < said.index("4821") < said.index("1067") < said.index("5519")


def test_the_page_speaks_both_languages(client: httpx.Client) -> None:
    assert '<html lang="zh-CN">' in client.get("/").text
    assert '<html lang="en">' in client.get("/?lang=en").text
    assert '<html lang="zh-CN">' in client.get("/?lang=fr").text
    assert not re.search(r"[一-鿿]", re.sub("南岭村.栋|中文", "", client.get("/?lang=en").text))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_headline_is_shown_without_blanks_to_fill(
    client: httpx.Client, gateway: FakeGateway, language: str
) -> None:
    for kind in ConditionKind:
        with gateway._engine.begin() as connection:
            connection.execute(update(incidents).values(headline=kind))
        said = client.get(f"/live?lang={language}").text
        assert "{" not in said, kind


def test_an_unwell_gateway_says_so_on_top(client: httpx.Client, gateway: FakeGateway) -> None:
    assert "运行正常" in client.get("/").text
    gateway.broker_connected = False
    assert "需要处理" in client.get("/").text
    assert client.get("/healthz").status_code == 503


def test_a_page_with_everything_stays_under_30_kb(client: httpx.Client) -> None:
    parts = [client.get("/").content, *(path.read_bytes() for path in STATIC.iterdir())]
    assert sum(map(len, parts)) < 30_000


def test_a_thousand_incidents_do_not_make_the_page_longer(
    client: httpx.Client, gateway: FakeGateway
) -> None:
    many = [
        gateway._incident(f"x{n}", "1234", None, 1, 1, "opened", "open", n, 5) for n in range(999)
    ]
    with gateway._engine.begin() as connection:
        connection.execute(insert(incidents), many)
    said = client.get("/").text
    assert len(said.encode()) < 20_000
    assert "另有 983 项" in said


def test_a_gateway_without_homes_or_incidents_has_a_page(tmp_path: Path) -> None:
    with wire.client(create_app(fake := FakeGateway(tmp_path), fake), "localhost") as c:
        assert "没有未办结的事件" in c.get("/").text


def test_what_people_named_is_never_markup(client: httpx.Client, gateway: FakeGateway) -> None:
    gateway.name = "<script>alert(1)</script>"
    assert "<script>alert" not in client.get("/").text


# ---- a browser is told to run nothing but ours ----


@pytest.mark.parametrize(
    "path", ["/", "/live", "/static/page.js", "/healthz", "/api/v1/homes", "/no"]
)
def test_every_answer_carries_a_strict_policy(client: httpx.Client, path: str) -> None:
    headers = client.get(path).headers
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"


def test_the_page_needs_nothing_that_the_policy_forbids(client: httpx.Client) -> None:
    said = client.get("/").text
    assert " style=" not in said
    assert " on" not in re.sub(r">[^<]*<", "><", said).replace(" only", "")
    assert re.findall(r'(?:src|href)="(?!/)', said) == []
    assert "<script" in said
    assert not re.search(r"<script(?![^>]*\bsrc=)", said)


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8080", "", "127.0.0.1.evil.example"]
)
@pytest.mark.parametrize("path", ["/", "/healthz", "/api/v1/incidents"])
def test_a_page_elsewhere_cannot_read_this_one_by_another_name(
    client: httpx.Client, path: str, host: str
) -> None:
    answer = client.get(path, headers={"Host": host, **BEARER})
    assert answer.status_code == 421
    assert "4821" not in answer.text


@pytest.mark.parametrize(
    ("header", "host"),
    [("127.0.0.1:80", "127.0.0.1"), ("[::1]:80", "::1"), ("LocalHost", "localhost"), ("[", "")],
)
def test_hosts_are_read_without_their_port(header: str, host: str) -> None:
    assert host_of(header) == host


# ---- the API wants its token ----


NOT_THE_TOKEN = [
    {},
    {"Authorization": ""},
    {"Authorization": "Bearer"},
    {"Authorization": TOKEN},
    {"Authorization": "Bearer wrong"},
    {"Authorization": f"Basic {TOKEN}"},
    {"Authorization": f"Bearer {TOKEN}x"},
    {"Cookie": f"token={TOKEN}"},
]


@pytest.mark.parametrize(("method", "path", "body"), CALLS + KEEPING)
def test_nobody_asks_or_acts_without_the_token(
    client: httpx.Client,
    gateway: FakeGateway,
    method: str,
    path: str,
    body: dict[str, str] | None,
) -> None:
    for headers in NOT_THE_TOKEN:
        answer = client.request(method, path, json=body, headers=headers)
        assert answer.status_code == 401, headers
        assert HOME not in answer.text
    assert gateway.commands == []


def test_every_operation_of_the_api_is_among_those_tried(gateway: FakeGateway) -> None:
    tried = {
        (
            method.lower(),
            re.sub(r"4821|p1|s1|chen|t1|7f3a09c2", "{}", path.partition("?")[0]).replace(
                "/ack", "/{}"
            ),
        )
        for method, path, _ in CALLS + KEEPING
    }
    served = {
        (method, re.sub(r"\{\w+\}", "{}", path))
        for path, operations in describe(create_app(gateway, gateway))["paths"].items()
        for method in operations
    }
    assert served == tried


def test_a_gateway_without_a_token_lets_nobody_in(tmp_path: Path) -> None:
    fake = FakeGateway(tmp_path, token="")
    with wire.client(create_app(fake, fake), "[::1]:8080") as client:
        for brought in ("", "Bearer ", "Bearer x"):
            headers = {"Authorization": brought}
            assert client.get("/api/v1/homes", headers=headers).status_code == 401


@pytest.mark.parametrize(
    "path", ["/docs", "/redoc", "/openapi.json", "/api/homes", "/static/../app.py"]
)
def test_nothing_else_is_served(client: httpx.Client, path: str) -> None:
    assert client.get(path).status_code == 404


# ---- with the token ----


def test_operators_see_houses_but_no_names_and_no_phones(client: httpx.Client) -> None:
    said = "".join(client.get(path, headers=BEARER).text for m, path, _ in CALLS if m == "GET")
    assert HOME in said
    assert not [s for _, _, name, phone in PEOPLE for s in (name, phone) if s in said]


def test_an_incident_is_told_with_its_steps_and_texts(client: httpx.Client) -> None:
    told = client.get("/api/v1/incidents/4821", headers=BEARER).json()
    assert (told["id"], told["address"], told["severity"]) == ("i1", HOME, "critical")
    assert [each["to"] for each in told["transitions"]] == ["open"]
    assert [each["state"] for each in told["notices"]] == ["delivered", "sent", "failed_temporary"]
    assert told["notices"][0]["text"].startswith("【门神】")


def test_an_incident_is_told_with_the_devices_it_is_about(
    client: httpx.Client, gateway: FakeGateway
) -> None:
    with gateway._engine.begin() as connection:
        device = connection.scalars(select(devices.c.id)).first()
        connection.execute(update(devices).where(devices.c.id == device).values(place="前门"))
        about = {"id": "c1", "kind": "silent", "subject": "w", "part": "main", "incident": "i1"}
        row = about | {"raised_at": micros(NOW), "reason": "last_will", "detail": ""}
        gone = row | {"id": "c2", "device": "taken-away", "cleared_at": micros(NOW)}
        connection.execute(insert(conditions).values(row | {"device": device}))
        connection.execute(insert(conditions).values(gone))
    told = client.get("/api/v1/incidents/4821", headers=BEARER).json()["conditions"]
    assert [(each["device"], each["place"], each["part"]) for each in told] == [
        (device, "前门", "main"),
        ("taken-away", "", "main"),
    ]
    assert [each["since_at"][:10] for each in told] == [NOW.isoformat()[:10]] * 2
    assert [each["cleared_at"] is None for each in told] == [True, False]


def test_a_notice_is_told_with_why_it_ended_and_who_was_told_instead(
    client: httpx.Client, gateway: FakeGateway
) -> None:
    with gateway._engine.begin() as connection:
        connection.execute(
            update(notices)
            .where(notices.c.id == "n0")
            .values(state="expired", end_reason="not_sent_in_time", instead='["team-3/lead"]')
        )
    first, second, _ = client.get("/api/v1/incidents/4821", headers=BEARER).json()["notices"]
    assert (first["end_reason"], first["instead"]) == ("not_sent_in_time", ["team-3/lead"])
    assert (second["end_reason"], second["instead"]) == (None, [])


@pytest.mark.parametrize(
    ("language", "unsent", "unreported"),
    [("zh", "过期未发", "已发出，无回执"), ("en", "expired unsent", "sent, no report")],
)
def test_the_page_tells_a_text_without_a_report_from_one_never_sent(
    client: httpx.Client, gateway: FakeGateway, language: str, unsent: str, unreported: str
) -> None:
    for reason, shown, hidden in (
        ("not_sent_in_time", unsent, unreported),
        ("no_report_came", unreported, unsent),
        ("pushed_only", unreported, unsent),
    ):
        with gateway._engine.begin() as connection:
            connection.execute(update(notices).values(state="expired", end_reason=reason))
        said = client.get(f"/live?lang={language}").text
        assert shown in said
        assert hidden not in said


def test_the_page_names_the_building_of_a_house_device(
    client: httpx.Client, gateway: FakeGateway
) -> None:
    with gateway._engine.begin() as connection:
        hall = {"id": "camera-9d", "watch": None, "building": "nl-2", "device_class": "mains"}
        connection.execute(insert(devices).values(hall | {"place": "大堂", "settings": "{}"}))
        connection.execute(
            update(incidents)
            .where(incidents.c.id == "i3")
            .values(subject="device:camera-9d", matter="device")
        )
    said = client.get("/live").text
    assert "本网关" not in said
    assert "camera-9d" not in said
    assert said.count("南岭村2栋") >= 2


def test_who_asked_and_why_is_told_where_it_can_be_read(
    client: httpx.Client, gateway: FakeGateway
) -> None:
    (permit,) = client.get("/api/v1/permits", headers=BEARER).json()["items"]
    (silence,) = client.get("/api/v1/silences", headers=BEARER).json()["items"]
    assert (permit["asked_by"], silence["why"]) == ("1203 住户", "plumber")
    for table in (permits, silences):
        with gateway._engine.begin() as connection:
            stored = repr(connection.execute(select(table)).one())
        assert "住户" not in stored
        assert "plumber" not in stored


def test_a_text_whose_key_was_shredded_is_told_as_unreadable(
    client: httpx.Client, gateway: FakeGateway
) -> None:
    blob = gateway.keys.seal("gateway", "under another key")
    with gateway._engine.begin() as connection:
        connection.execute(update(notices).values(text=blob))
    told = client.get("/api/v1/incidents/4821", headers=BEARER).json()
    assert "altered, or under another key" in told["notices"][0]["text"]


@pytest.mark.parametrize(
    ("do", "body", "command"),
    [
        ("ack", {}, Acknowledge("i1", "chen", "cli")),
        ("onsite", {}, OnSite("i1", "chen", "cli")),
        ("resolve", {"cause": "device_fault"}, Resolve("i1", "chen", "cli", Cause.DEVICE_FAULT)),
        ("review", {}, Review("i1", "chen", "cli")),
        ("reopen", {}, Reopen("i1", "chen", "cli")),
    ],
)
def test_what_is_done_to_an_incident_reaches_the_gateway(
    client: httpx.Client, gateway: FakeGateway, do: str, body: dict[str, str], command: object
) -> None:
    answer = client.post(
        f"/api/v1/incidents/4821/{do}", json={"actor": "chen", **body}, headers=BEARER
    )
    assert answer.json() == {"ok": True, "reason": "commanded", "text": "好"}
    assert gateway.commands == [command]


def test_permits_and_silences_reach_the_gateway_by_watch(
    client: httpx.Client, gateway: FakeGateway
) -> None:
    watch = gateway.watches[CODE]
    changes = [call for call in CALLS if "/permits" in call[1] or "/silences" in call[1]]
    for method, path, body in changes:
        if method == "GET":
            continue
        assert client.post(path, json=body, headers=BEARER).is_success, path
    by_address = {"home": HOME, "purpose": "meal", "actor": "a", **SPAN}
    assert client.post("/api/v1/permits", json=by_address, headers=BEARER).status_code == 201
    kinds = [type(command) for command in gateway.commands]
    assert kinds == [GrantPermit, RevokePermit, AddSilence, EndSilence, GrantPermit]
    assert gateway.commands[0] == gateway.commands[4]
    assert getattr(gateway.commands[0], "watch", None) == watch
    assert getattr(gateway.commands[2], "subject", None) == watch


def test_a_refusal_is_told_with_its_reason(client: httpx.Client, gateway: FakeGateway) -> None:
    gateway.answer = Answer(False, Reason.CONDITION_STANDS, "还不能办结")
    answer = client.post("/api/v1/incidents/4821/resolve", json={"actor": "a"}, headers=BEARER)
    assert answer.status_code == 409
    assert answer.json()["detail"] == "还不能办结 (condition_stands)"


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/api/v1/incidents/9999/ack", {"actor": "a"}, 404),
        ("/api/v1/incidents/4821/ack", {}, 422),
        ("/api/v1/incidents/4821/ack", {"actor": "a\nb"}, 422),
        ("/api/v1/incidents/4821/ack", {"actor": "a", "by": "sms"}, 422),
        ("/api/v1/incidents/4821/explode", {"actor": "a"}, 422),
        ("/api/v1/incidents/4821/resolve", {"actor": "a", "cause": "order_ended"}, 422),
        ("/api/v1/permits", {"home": "1", "purpose": "meal", "actor": "a", **SPAN}, 404),
        ("/api/v1/permits", {"home": CODE, "purpose": "party", "actor": "a", **SPAN}, 422),
        (
            "/api/v1/permits",
            {"home": CODE, "purpose": "meal", "actor": "a", **SPAN, "until_at": SPAN["from_at"]},
            422,
        ),
        (
            "/api/v1/permits",
            {"home": CODE, "purpose": "meal", "actor": "a", **SPAN, "until_at": "2026-11-21T15:00"},
            422,
        ),
    ],
)
def test_a_wrong_call_changes_nothing(
    client: httpx.Client, gateway: FakeGateway, path: str, body: dict[str, str], status: int
) -> None:
    assert client.post(path, json=body, headers=BEARER).status_code == status
    assert gateway.commands == []


def test_a_number_of_two_teams_is_not_guessed(client: httpx.Client, gateway: FakeGateway) -> None:
    twin = gateway._incident("i9", "4821", None, 1, 1, "opened", "open", 1, 5) | {"team": "team-4"}
    with gateway._engine.begin() as connection:
        connection.execute(insert(incidents).values(twin))
    answer = client.post("/api/v1/incidents/4821/ack", json={"actor": "a"}, headers=BEARER)
    assert answer.status_code == 409
    assert "i9 of team-4" in answer.json()["detail"]
    assert client.post("/api/v1/incidents/i9/ack", json={"actor": "a"}, headers=BEARER).is_success


def test_now_is_the_gateways(client: httpx.Client) -> None:
    permit = client.get("/api/v1/permits", headers=BEARER).json()["items"][0]
    assert permit["is_in_force"] is True
    assert NOW.isoformat()[:10] in permit["from_at"]
