"""Each push service takes our text, or is heard to refuse it, at the wire."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
from apprise.plugins.dingtalk import NotifyDingTalk
from apprise.plugins.feishu import NotifyFeishu
from apprise.plugins.wecombot import NotifyWeComBot

from alerts.channels.base import Attempt, Message, Outcome
from alerts.channels.push import PushAddressError, PushChannel, answers, services
from alerts.channels.push.channel import BACK_AFTER_S, FAILURES_IN_A_ROW
from tests.fakes.loopback import Loopback, Mood
from tests.fakes.push_services import DingTalk, Feishu, Mail, Ntfy, WeCom

TEXT = "【门神】紧急：事件4821，请处理 https://gw.example/i/4821?a=1&b=<2>_x_"
SECRETS = (WeCom.key, DingTalk.token, DingTalk.secret, Feishu.token, "geheim7")


@dataclass
class Services:
    """All stand-ins and where they listen."""

    wecom: WeCom
    dingtalk: DingTalk
    feishu: Feishu
    ntfy: Ntfy
    mail: Mail
    servers: dict[str, Loopback]
    urls: dict[str, str]

    def texts(self, name: str) -> list[str]:
        return list(getattr(self, name).texts)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[Services]:
    """Serve them all; the fixed hosts of three are led to loopback, their paths kept."""
    fakes = {"wecom": WeCom(), "dingtalk": DingTalk(), "feishu": Feishu(), "ntfy": Ntfy()}
    mail = Mail()
    with ExitStack() as stack:
        servers = {name: stack.enter_context(Loopback(fake.answer)) for name, fake in fakes.items()}
        smtp = stack.enter_context(mail.serve())
        for plugin, host, name in (
            (NotifyWeComBot, "https://qyapi.weixin.qq.com", "wecom"),
            (NotifyDingTalk, "https://oapi.dingtalk.com", "dingtalk"),
            (NotifyFeishu, "https://open.feishu.cn", "feishu"),
        ):
            assert plugin.notify_url.startswith(host)
            led = plugin.notify_url.replace(host, servers[name].url)
            monkeypatch.setattr(plugin, "notify_url", led)
        urls = {
            "wecom": f"wecombot://{WeCom.key}",
            "dingtalk": f"dingtalk://{DingTalk.secret}@{DingTalk.token}",
            "feishu": f"feishu://{Feishu.token}",
            "ntfy": f"ntfy://{Ntfy.login}@127.0.0.1:{servers['ntfy'].port}/{Ntfy.topic}",
            "mail": f"mailto://127.0.0.1:{smtp}?from=gate@example.cn&to={mail.address}",
        }
        yield Services(mail=mail, servers=servers, urls=urls, **fakes)  # type: ignore[arg-type]


async def push(url: str, to: str = "", text: str = TEXT) -> Attempt:
    return await PushChannel("push", url).send(to, Message(text))


@pytest.mark.parametrize("name", ["wecom", "dingtalk", "feishu", "ntfy", "mail"])
async def test_the_text_arrives_as_it_is_and_counts_as_sent(world: Services, name: str) -> None:
    attempt = await push(world.urls[name])
    assert (attempt.outcome, attempt.reason) == (Outcome.SENT, "service_took_it")
    assert world.texts(name) == [TEXT]
    assert attempt.references == ()  # no report will follow


@pytest.mark.parametrize("name", ["wecom", "dingtalk", "feishu", "ntfy"])
async def test_a_service_is_told_nothing_but_the_text(world: Services, name: str) -> None:
    await push(world.urls[name], text="4821")
    (asked,) = world.servers[name].asked
    said = asked.body.decode() + "".join(asked.headers.values())
    assert "apprise" not in said.lower()
    assert "http" not in asked.body.decode()  # no picture to be fetched from elsewhere


async def test_a_mail_has_its_text_as_subject_too(world: Services) -> None:
    await push(world.urls["mail"])
    (mail,) = world.mail.mails
    assert mail["Subject"] == TEXT
    assert mail.get_content_type() == "text/plain"


# ---- refusals ----


@pytest.mark.parametrize(
    ("name", "no", "outcome"),
    [
        ("wecom", 93000, Outcome.FAILED_PERMANENT),
        ("wecom", 45009, Outcome.FAILED_TEMPORARY),
        ("wecom", -1, Outcome.FAILED_TEMPORARY),
        ("feishu", 19022, Outcome.FAILED_PERMANENT),
        ("feishu", 11232, Outcome.FAILED_TEMPORARY),
    ],
)
async def test_a_refusal_with_status_200_is_no_success(
    world: Services, name: str, no: int, outcome: Outcome
) -> None:
    getattr(world, name).no = no
    attempt = await push(world.urls[name])
    service = "wecombot" if name == "wecom" else name
    assert (attempt.outcome, attempt.reason) == (outcome, f"{service}_{no}")


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("wecombot://another-key", "wecombot_93000"),
        (f"dingtalk://{DingTalk.secret}@another", "dingtalk_300005"),
        (f"dingtalk://SECanother@{DingTalk.token}", "dingtalk_310000"),
        (f"dingtalk://{DingTalk.token}", "dingtalk_310000"),
        ("feishu://another", "feishu_19001"),
    ],
)
async def test_a_wrong_key_or_secret_is_for_good(world: Services, url: str, reason: str) -> None:
    attempt = await push(url)
    assert (attempt.outcome, attempt.reason) == (Outcome.FAILED_PERMANENT, reason)


async def test_a_feishu_robot_says_what_it_misses(world: Services) -> None:
    world.feishu.keyword = "门神"
    assert (await push(world.urls["feishu"])).outcome is Outcome.SENT
    assert (await push(world.urls["feishu"], text="4821")).reason == "feishu_19024"
    world.feishu.wants_signature = True
    assert (await push(world.urls["feishu"])).reason == "feishu_19021"


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (403, Outcome.FAILED_PERMANENT),
        (302, Outcome.FAILED_PERMANENT),
        (429, Outcome.FAILED_TEMPORARY),
        (507, Outcome.FAILED_TEMPORARY),
    ],
)
async def test_an_http_status_says_whether_trying_again_can_help(
    world: Services, status: int, outcome: Outcome
) -> None:
    world.ntfy.status = status
    attempt = await push(world.urls["ntfy"])
    assert (attempt.outcome, attempt.reason) == (outcome, f"http_{status}")


@pytest.mark.parametrize(
    ("step", "answer", "outcome", "reason"),
    [
        ("RCPT", "550 no such user", Outcome.FAILED_PERMANENT, "smtp_550"),
        ("RCPT", "450 try later", Outcome.FAILED_TEMPORARY, "smtp_450"),
        ("END", "554 looks like spam", Outcome.FAILED_PERMANENT, "smtp_554"),
        ("END", "", Outcome.UNCONFIRMED, "no_answer"),
    ],
)
async def test_a_mail_server_is_understood(
    world: Services, step: str, answer: str, outcome: Outcome, reason: str
) -> None:
    world.mail.no = {step: answer}
    attempt = await push(world.urls["mail"])
    assert (attempt.outcome, attempt.reason) == (outcome, reason)
    assert world.mail.mails == []


# ---- no answer ----


@pytest.mark.parametrize(
    ("mood", "outcome", "reason"),
    [
        (Mood.HANGS, Outcome.UNCONFIRMED, "no_answer"),
        (Mood.CUTS, Outcome.UNCONFIRMED, "no_answer"),
        (Mood.BREAKS, Outcome.FAILED_TEMPORARY, "http_502"),
        (Mood.MUMBLES, Outcome.FAILED_TEMPORARY, "wecombot_not_understood"),
    ],
)
async def test_what_may_have_gone_out_is_unconfirmed(
    world: Services, monkeypatch: pytest.MonkeyPatch, mood: Mood, outcome: Outcome, reason: str
) -> None:
    monkeypatch.setattr(services, "IO_WITHIN_S", 0.2)
    world.servers["wecom"].mood = mood
    attempt = await push(world.urls["wecom"])
    assert (attempt.outcome, attempt.reason) == (outcome, reason)
    assert len(world.servers["wecom"].asked) == 1  # and nobody but the outbox asks again


@pytest.mark.parametrize("scheme", ["ntfy", "mailto"])
async def test_what_was_never_connected_did_not_go_out(world: Services, scheme: str) -> None:
    with Loopback(lambda _: (200, b"")) as gone:
        port = gone.port
    attempt = await push(f"{scheme}://127.0.0.1:{port}/x?to=a@example.cn&from=b@example.cn")
    assert (attempt.outcome, attempt.reason) == (Outcome.FAILED_TEMPORARY, "not_connected")


async def test_a_push_takes_no_longer_than_the_channel_says(
    world: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.servers["ntfy"].mood = Mood.HANGS
    monkeypatch.setattr(PushChannel, "slowest_s", 0.1)
    attempt = await push(world.urls["ntfy"])
    assert (attempt.outcome, attempt.reason) == (Outcome.UNCONFIRMED, "no_answer")


# ---- what Apprise would do by itself ----


async def test_nothing_is_tried_again_or_put_off_whatever_the_address_says(
    world: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    naps: list[float] = []
    monkeypatch.setattr("time.sleep", naps.append)
    two_topics = f"{world.urls['ntfy']}/night?retry=3&wait=9&overflow=split"
    channel = PushChannel("push", two_topics)
    await channel.send("", Message(TEXT * 200))
    world.ntfy.status = 503
    await channel.send("", Message(TEXT))
    assert naps == []
    assert len(world.servers["ntfy"].asked) == 4


async def test_what_some_of_a_group_have_taken_is_not_sent_to_them_again(world: Services) -> None:
    attempt = await push(f"{world.urls['ntfy']}/gone")
    assert (attempt.outcome, attempt.reason) == (Outcome.SENT, "part_of_it_taken")
    assert attempt.detail == "1 of 2"


async def test_nothing_is_written_to_the_disk(
    world: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "TMPDIR"):
        monkeypatch.setenv(name, str(tmp_path))
    for name in ("mail", "ntfy", "wecom"):
        assert (await push(world.urls[name])).outcome is Outcome.SENT
    assert list(tmp_path.rglob("*")) == []


async def test_no_address_stands_in_a_log_an_attempt_or_the_health(
    world: Services,
) -> None:
    said: list[object] = []
    with logged() as written:
        for no in (0, 93000):
            world.wecom.no = no
            for url in world.urls.values():
                channel = PushChannel("push", url)
                said += [await channel.send("", Message(TEXT)), channel.health(), channel]
        for wrong in ("wecombot://geheim7!", "geheim7", "wecom://geheim7", "mailto://geheim7@"):
            said.append(await PushChannel("push").send(f"{wrong}://", Message(TEXT)))
            with pytest.raises(PushAddressError) as caught:
                PushChannel("push", wrong)
            said.append(caught.value)
    written += [repr(said), *map(str, said)]
    assert not [secret for secret in SECRETS if secret in "\n".join(written)]


@contextmanager
def logged() -> Iterator[list[str]]:
    """Collect what reaches the root logger, as the gateway's own log would hold it."""
    written: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: written.append(record.getMessage())  # type: ignore[method-assign]
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        yield written
    finally:
        root.removeHandler(handler)
        root.setLevel(level)


def test_calls_of_others_are_neither_heard_nor_changed(world: Services) -> None:
    with answers.hearing() as heard:
        requests.post(world.servers["ntfy"].url, timeout=5)
    requests.post(world.servers["ntfy"].url, timeout=5)
    assert [each.status for each in heard if isinstance(each, answers.Answered)] == [401]


# ---- addresses ----


async def test_a_person_is_reached_at_an_address_of_their_own(world: Services) -> None:
    channel = PushChannel("push", world.urls["wecom"])
    assert (await channel.send(world.urls["feishu"], Message(TEXT))).outcome is Outcome.SENT
    assert (world.wecom.texts, world.feishu.texts) == ([], [TEXT])


async def test_a_persons_part_is_put_into_the_address_of_the_channel(world: Services) -> None:
    shared = world.urls["mail"].replace(world.mail.address, "{to}")
    assert (await push(shared, "duty@example.cn")).outcome is Outcome.SENT
    (mail,) = world.mail.mails
    assert mail["To"] == "duty@example.cn"


async def test_a_persons_part_changes_nothing_else_of_the_address(world: Services) -> None:
    shared = world.urls["ntfy"].replace(Ntfy.topic, "{to}")
    assert (await push(shared, Ntfy.topic)).outcome is Outcome.SENT
    assert (await push(shared, f"{Ntfy.topic}?priority=max")).outcome is not Outcome.SENT
    assert world.ntfy.texts == [TEXT]


@pytest.mark.parametrize(
    ("url", "to"),
    [("", ""), ("", "somebody"), ("ntfy://h/{to}", ""), ("wecombot://key", "somebody")],
)
async def test_an_address_that_leads_nowhere_is_for_good(url: str, to: str) -> None:
    attempt = await push(url, to)
    assert (attempt.outcome, attempt.reason) == (Outcome.FAILED_PERMANENT, "wrong_address")


def test_the_address_that_is_not_wecoms_is_said_to_be_pushplus() -> None:
    with pytest.raises(PushAddressError, match=r"is Pushplus.*wecombot://KEY"):
        PushChannel("push", "wecom://0123456789abcdef0123456789abcdef")


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone() -> Any:
        raise ImportError

    monkeypatch.setattr(services, "_asset", gone)
    with pytest.raises(PushAddressError, match=r"pip install 'menshen\[push\]'"):
        PushChannel("push", "wecombot://key")


# ---- pace and health ----


@dataclass
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


async def test_dingtalk_is_never_sent_so_much_that_it_stops_taking(world: Services) -> None:
    clock = Clock()
    world.dingtalk.now = clock
    channel = PushChannel("push", world.urls["dingtalk"], clock=clock)
    outcomes: Counter[Outcome] = Counter()
    for _ in range(400):
        attempt = await channel.send("", Message(TEXT))
        outcomes[attempt.outcome] += 1
        assert attempt.outcome is Outcome.SENT or attempt.retry_after_s
        clock.now += 0.5
    assert outcomes.keys() == {Outcome.SENT, Outcome.NOT_TRIED}
    assert outcomes[Outcome.SENT] == len(world.dingtalk.texts) > 40


async def test_a_service_that_fails_again_and_again_is_down_for_a_minute(world: Services) -> None:
    clock = Clock()
    channel = PushChannel("push", world.urls["wecom"], clock=clock)
    world.wecom.no = -1
    for left in range(FAILURES_IN_A_ROW - 1, -1, -1):
        assert channel.health().is_up, left
        await channel.send("", Message(TEXT))
    assert not channel.health().is_up
    assert channel.health().reason == "wecombot_-1"
    clock.now += BACK_AFTER_S
    assert (channel.health().is_up, channel.health().reason) == (True, "trying_again")
    world.wecom.no = 0
    await channel.send("", Message(TEXT))
    assert (channel.health().is_up, channel.health().reason) == (True, "ready")


async def test_a_refused_address_of_one_person_takes_no_channel_down(world: Services) -> None:
    channel = PushChannel("push", world.urls["wecom"])
    for _ in range(FAILURES_IN_A_ROW + 1):
        await channel.send("wecombot://left-the-group", Message(TEXT))
    assert channel.health().is_up
