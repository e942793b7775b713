"""Every text that people get, written by the very code that writes it, and what each means."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from alerts import bundling, drafts, evidence, render, strikes
from alerts.drafts import Taking
from alerts.model import ConditionKind, IncidentState, Matter, NoticeKind, Role
from alerts.reason import Reason
from alerts.render import Story
from alerts.route import EQUIPMENT
from alerts.wording import Ask
from docs.blocks.markdown import table
from docs.blocks.rules import assessed

SINCE = datetime(2026, 11, 21, 14, 32, tzinfo=ZoneInfo("Asia/Shanghai"))
NOW = SINCE.replace(minute=35)
NIGHT = SINCE.replace(hour=23, minute=10)
ADDRESS, SHORT, NUMBER = "南岭村3栋1203", "3栋1203", "4821"
NEIGHBOURS = (ADDRESS, "南岭村3栋1101")


class Example(NamedTuple):
    """One first text, and what it means in both languages."""

    headline: ConditionKind
    because: Reason
    english: str
    chinese: str
    place: str = ADDRESS
    devices: tuple[str, ...] = ()  # where they hang
    level: int | None = None  # where sensors agree; else what the condition amounts to alone
    is_closed_again: bool = False
    homes_blind: int = 0


_BUILDING = render.place("building:nanling-3", NEIGHBOURS)
_BRIDGE = render.place("bridge:zigbee2mqtt", ())
_GATEWAY = render.place("gateway", (), gateway="nanling")
_CHANNEL = render.place("channel:gsm", ())

EXAMPLES: tuple[Example, ...] = (
    Example(
        *(ConditionKind.OPENED, Reason.OPENED_UNANNOUNCED),
        "The door was opened at 14:32 and nobody had announced it. Ask first: most are innocent",
        "14:32 开了门，没有报备。先问一声，多数没有问题",
    ),
    Example(
        *(ConditionKind.OPENED, Reason.OPENED_AT_NIGHT),
        "The same, at night: all three of you are told",
        "夜间开门，没有报备，三人组都会收到",
    ),
    Example(
        *(ConditionKind.LEFT_OPEN, Reason.STILL_OPEN),
        "It is open since 14:32. All three of you are told",
        "14:32 开门后一直没关，三人组都会收到",
    ),
    Example(
        *(ConditionKind.LEFT_OPEN, Reason.PERMIT_OVERRUN),
        "The opening was announced, its time is over, and the door is still open",
        "这次开门报备过，时间过了还没关门",
    ),
    Example(
        *(ConditionKind.REPEATED, Reason.OPENED_REPEATEDLY),
        "The door was opened several times, none of them announced",
        "短时间内多次开门，都没有报备",
    ),
    Example(
        *(ConditionKind.SEAL_BROKEN, Reason.SEAL_BROKEN),
        "The electronic seal is cut. Go there: community worker and police both report in",
        "电子封条断了。请到现场，网格员和民警都要报到",
    ),
    Example(
        *(ConditionKind.SEAL_BROKEN, Reason.SEAL_BROKEN),
        "The same, and another kind of sensor says so too; three kinds make level 4",
        "封条断开，另有设备同时印证；三种设备印证为4级",
        level=4,
    ),
    Example(
        *(ConditionKind.SEAL_REMOVED, Reason.SEAL_REMOVED),
        "The seal is whole but off its place",
        "封条没断，但被取下",
    ),
    Example(
        *(ConditionKind.TAMPERED, Reason.DEVICE_TAMPERED),
        "Somebody opened a device or took it off the wall",
        "有人拆开或取下了设备",
    ),
    Example(
        *(ConditionKind.CAMERA_EXIT, Reason.CAMERA_SAW_EXIT),
        "The camera outside the door saw somebody come out. There is no picture",
        "门外摄像头见有人出来（不存、不发图像）",
    ),
    Example(
        *(ConditionKind.CAMERA_ENTRY, Reason.CAMERA_SAW_ENTRY),
        "Somebody went in, and no visit was announced",
        "有人进门，没有报备",
    ),
    Example(
        *(ConditionKind.LOITERING, Reason.CAMERA_SAW_LOITERING),
        "Somebody stays outside the door",
        "有人在门外停留不走",
    ),
    Example(
        *(ConditionKind.GATHERING, Reason.CAMERA_SAW_GATHERING),
        "Several people stay outside the door",
        "门外有多人停留",
    ),
    Example(
        *(ConditionKind.HELP, Reason.HELP_ASKED),
        "The resident pressed the help button. Call at once; worker and doctor both report in",
        "居民按了求助按钮。马上联系，网格员和医生都要报到",
    ),
    Example(
        *(ConditionKind.SILENT, Reason.REPORTING_TIME_PASSED),
        "The device at the front door said nothing for too long. Nobody behind the door is blamed",
        "前门的设备太久没有消息。与居民无关",
        devices=("前门",),
        homes_blind=1,
    ),
    Example(
        *(ConditionKind.SILENT, Reason.LAST_WILL),
        "A device lost its connection",
        "设备断了连接",
        homes_blind=1,
    ),
    Example(
        *(ConditionKind.SILENT, Reason.LEFT_NETWORK),
        "A Zigbee device left its network: somebody took it out, or it was reset",
        "Zigbee 设备退出了网络：被移除或重置",
        homes_blind=1,
    ),
    Example(
        *(ConditionKind.BATTERY_LOW, Reason.BATTERY_LOW),
        "A battery is to be changed",
        "该换电池了",
    ),
    Example(
        *(ConditionKind.MAINS_LOST, Reason.MAINS_LOST),
        "A device lost its mains supply",
        "设备断了市电",
    ),
    Example(
        *(ConditionKind.CAMERA_COVERED, Reason.CAMERA_COVERED),
        "A camera is covered",
        "摄像头被挡住",
    ),
    Example(
        *(ConditionKind.CAMERA_FAULT, Reason.CAMERA_FAULT),
        "A camera does not work",
        "摄像头坏了",
    ),
    Example(
        *(ConditionKind.FLOODING, Reason.FLOODING),
        "Maintainers only: this device sends far more than any device has to say",
        "只发给维护员：这台设备发来的消息远多于正常",
        place=_BUILDING,
        devices=("door-1203",),
    ),
    Example(
        *(ConditionKind.OUTAGE, Reason.SEVERAL_SILENT),
        "Many devices of one building at once: think of power or network, not of people",
        "同一楼栋多台设备同时没有消息：先查停电、断网，不是人的问题",
        place=_BUILDING,
        homes_blind=12,
    ),
    Example(
        *(ConditionKind.OUTAGE, Reason.BRIDGE_OFFLINE),
        "A Zigbee bridge is gone, and all homes behind it with it",
        "Zigbee 网关断了，后面的住户都看不到",
        place=_BRIDGE,
        homes_blind=12,
    ),
    Example(
        *(ConditionKind.INTAKE_DOWN, Reason.BROKER_GONE),
        "The gateway hears no device at all",
        "门神收不到任何设备的消息",
        place=_GATEWAY,
        homes_blind=30,
    ),
    Example(
        *(ConditionKind.CHANNEL_DOWN, Reason.CHANNEL_GONE),
        "Maintainers only: a modem or provider cannot be used; texts go over the other channels",
        "只发给维护员：短信模块或服务商用不了，短信改走其他通道",
        place=_CHANNEL,
    ),
    Example(
        *(ConditionKind.CHANNEL_DOWN, Reason.TEST_TEXT_MISSING),
        "Maintainers only: the channel says it works, and the day's test text did not come back",
        "只发给维护员：通道显示正常，但每日测试短信没有收到",
        place=_CHANNEL,
    ),
)


class Situation(NamedTuple):
    """A later text about the same incident."""

    kind: NoticeKind
    reason: Reason
    headline: ConditionKind
    english: str
    chinese: str
    ask: Ask = Ask.REPORT_IN
    missing: tuple[Role, ...] = ()
    is_closed_again: bool = False


SITUATIONS: tuple[Situation, ...] = (
    Situation(
        *(NoticeKind.UPDATE, Reason.RAISED, ConditionKind.SEAL_BROKEN),
        "It grew worse than what you were told before",
        "比上一条更严重",
    ),
    Situation(
        *(NoticeKind.UPDATE, Reason.RAISED, ConditionKind.SEAL_BROKEN),
        "It grew worse; you have reported in already, so you are only to know",
        "更严重了；您已报到，只需知道",
        Ask.KNOW,
    ),
    Situation(
        *(NoticeKind.UPDATE, Reason.HELP_ASKED, ConditionKind.HELP),
        "The resident pressed again",
        "居民再次按铃",
    ),
    Situation(
        *(NoticeKind.ESCALATION, Reason.NO_ACKNOWLEDGEMENT, ConditionKind.LEFT_OPEN),
        "Nobody reported in, so the next people are told",
        "无人报到，往上通知",
    ),
    Situation(
        *(NoticeKind.ESCALATION, Reason.QUORUM_MISSING, ConditionKind.SEAL_BROKEN),
        "Somebody reported in, and this role is still missing",
        "已有人报到，还缺这个角色",
        missing=(Role.POLICE,),
    ),
    Situation(
        *(NoticeKind.ESCALATION, Reason.STEPS_REPEAT, ConditionKind.LEFT_OPEN),
        "Everybody was told once, and still nobody reported in",
        "都通知过一遍，仍然无人报到",
    ),
    Situation(
        *(NoticeKind.ESCALATION, Reason.NO_ACKNOWLEDGEMENT, ConditionKind.OPENED),
        "Nobody reported in; the door is shut by now",
        "无人报到；门现在已经关上",
        is_closed_again=True,
    ),
    Situation(
        *(NoticeKind.REMINDER, Reason.LEASE_LAPSED, ConditionKind.LEFT_OPEN),
        "You reported in long ago; is it still yours?",
        "您报到已久，还在处理吗",
    ),
    Situation(
        *(NoticeKind.REMINDER, Reason.LEASE_LAPSED, ConditionKind.OPENED),
        "The same; the door is shut, so say when it is dealt with",
        "同上；门已关，处置完请回复",
        Ask.DEAL_WITH,
        is_closed_again=True,
    ),
    Situation(
        *(NoticeKind.REMINDER, Reason.REVIEW_DUE, ConditionKind.SEAL_BROKEN),
        "To the lead: dealt with, and waits for a second person's review",
        "发给牵头干部：已处置，等另一人复核",
        Ask.REVIEW,
    ),
    Situation(
        *(NoticeKind.REMINDER, Reason.NO_ACKNOWLEDGEMENT, ConditionKind.SILENT),
        "To the maintainer: nobody mended it",
        "发给维护员：还没修好",
    ),
    Situation(
        *(NoticeKind.ALARM, Reason.CAME_BACK, ConditionKind.LEFT_OPEN),
        "It came back after it was dealt with; you were not told before",
        "处置后再次发生；之前没有通知过您",
    ),
    Situation(
        *(NoticeKind.UPDATE, Reason.CAME_BACK, ConditionKind.LEFT_OPEN),
        "It came back after it was dealt with",
        "处置后再次发生",
    ),
    Situation(
        *(NoticeKind.HEALTH, Reason.CAME_BACK, ConditionKind.SILENT),
        "Equipment that was resolved failed again",
        "处置过的设备再次出故障",
    ),
    Situation(
        *(NoticeKind.UPDATE, Reason.COMMANDED, ConditionKind.SEAL_BROKEN),
        "Somebody opened the incident again at the screen",
        "有人重新打开了这件事",
    ),
)


TAKING = Taking(
    NUMBER,
    SHORT,
    Role.WORKER,
    NOW.replace(hour=3, minute=15),
    IncidentState.ACKNOWLEDGED,
    "sms",
)

OTHERS: tuple[tuple[str, str, str], ...] = (
    (
        drafts.of_taking(TAKING).text,
        "A colleague has reported in, by text message; you need not go",
        "同事用短信报到了，您不必再去",
    ),
    (
        drafts.of_taking(replace(TAKING, missing=(Role.POLICE,))).text,
        "A colleague has reported in, and this role is still missing",
        "同事报到了，还缺这个角色",
    ),
    (
        drafts.of_taking(replace(TAKING, missing=(Role.POLICE,), is_asked=True)).text,
        "A colleague has reported in, and you are still waited for",
        "同事报到了，还等您报到",
    ),
    (
        drafts.of_taking(replace(TAKING, role=None, by="web", state=IncidentState.ON_SITE)).text,
        "Somebody at a screen has taken it; (短信) is by text, (命令行) by the command line",
        "有人在平台上接手：（短信）、（平台）、（命令行）是从哪里报到的",
    ),
    (
        bundling.with_others(drafts.of_taking(TAKING).short_text, 3),
        "Any text may end so: there are three more, to be seen at the status page",
        "短信末尾可能这样写：另外还有三起，请看平台",
    ),
    (
        bundling.digest({ConditionKind.SILENT: 3, ConditionKind.BATTERY_LOW: 1}),
        "In the morning: what could wait through the night, in one text",
        "早上一条：夜里可以等的事，合在一起",
    ),
    (
        drafts.guessed(Role.DOCTOR, strikes.IGNORED_FOR.total_seconds()).text,
        "To the lead: somebody tries numbers on the doctor's phone, or in its name. Ask the doctor",
        "发给牵头干部：有人用（或冒用）社康医生的手机试编号，请问本人",
    ),
    (
        drafts.order_waits(ADDRESS).text,
        "To the lead: an order is over, and the gateway's clock cannot be believed",
        "发给牵头干部：隔离期满，但本机时钟不准",
    ),
)
"""Later texts that tell of no condition."""


def texts(language: str) -> str:
    """Every first text."""
    rows = [(_first(each), each.english if language == "en" else each.chinese) for each in EXAMPLES]
    return table(("text", "meaning") if language == "en" else ("短信", "意思"), rows)


def situations(language: str) -> str:
    """Every later text."""
    rows = [
        (_later(each), each.english if language == "en" else each.chinese) for each in SITUATIONS
    ]
    rows += [(text, english if language == "en" else chinese) for text, english, chinese in OTHERS]
    return table(("text", "meaning") if language == "en" else ("短信", "意思"), rows)


def _first(example: Example) -> str:
    found = assessed(example.headline, example.because)
    matter = evidence.matter_of(example.headline)
    is_departure = matter is Matter.DEPARTURE
    reason = Reason.SENSORS_AGREE if example.level is not None else found.reason
    at_night = example.because is Reason.OPENED_AT_NIGHT
    return render.notice(
        Story(
            kind=NoticeKind.HEALTH if matter in EQUIPMENT else NoticeKind.ALARM,
            reason=Reason.ON_CALL,
            headline=example.headline,
            because=example.because,
            address=example.place,
            short_address=SHORT if example.place == ADDRESS else example.place,
            since_local=NIGHT if at_night else SINCE,
            now_local=NIGHT if at_night else NOW,
            number=NUMBER,
            places=example.devices,
            level=(example.level or found.level) if is_departure else None,
            level_reason=reason,
            is_closed_again=example.is_closed_again,
            homes_blind=example.homes_blind,
        )
    )


def _later(situation: Situation) -> str:
    because = {
        ConditionKind.OPENED: Reason.OPENED_UNANNOUNCED,
        ConditionKind.LEFT_OPEN: Reason.STILL_OPEN,
        ConditionKind.SEAL_BROKEN: Reason.SEAL_BROKEN,
        ConditionKind.HELP: Reason.HELP_ASKED,
        ConditionKind.SILENT: Reason.REPORTING_TIME_PASSED,
    }[situation.headline]
    found = assessed(situation.headline, because)
    is_departure = evidence.matter_of(situation.headline) is Matter.DEPARTURE
    return render.notice(
        Story(
            kind=situation.kind,
            reason=situation.reason,
            headline=situation.headline,
            because=because,
            address=ADDRESS,
            short_address=SHORT,
            since_local=SINCE,
            now_local=NOW,
            number=NUMBER,
            ask=situation.ask,
            level=found.level if is_departure else None,
            is_closed_again=situation.is_closed_again,
            homes_blind=int(situation.headline is ConditionKind.SILENT),
            missing=situation.missing,
        )
    )
