"""Every word that a text to a person may hold, by language. Nothing else knows words.

Templates are filled by `alerts.render`, which sees to the length. A tired person reads these at
three in the morning on an old phone: who, where, what, how sure, since when, what to do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from alerts.model import ConditionKind, IncidentState, NoticeKind, Role, Severity
from alerts.reason import Reason


class Ask(StrEnum):
    """What a text asks of its reader."""

    REPORT_IN = "report_in"
    DEAL_WITH = "deal_with"  # say when it is dealt with
    KNOW = "know"  # nothing: they have it already
    REVIEW = "review"


class Say(StrEnum):
    """What an answer says."""

    ACKNOWLEDGED = "acknowledged"
    ACKNOWLEDGED_MISSING = "acknowledged_missing"
    YOU_HAVE_IT = "you_have_it"
    ANOTHER_HAS_IT = "another_has_it"
    ON_SITE = "on_site"
    ALREADY_ON_SITE = "already_on_site"
    RESOLVED = "resolved"
    ALREADY_RESOLVED = "already_resolved"
    STANDS = "stands"
    REVIEWED = "reviewed"
    SAME_PERSON = "same_person"
    NOT_RESOLVED = "not_resolved"
    REOPENED = "reopened"
    NOT_OVER = "not_over"
    ANOTHER_OPEN = "another_open"
    NOT_YOURS = "not_yours"
    HOW_TO_REPLY = "how_to_reply"
    IGNORED = "ignored"


@dataclass(frozen=True, slots=True)
class Phrase:
    """One thing that happened: in full, in short, and how it is called while it still stands."""

    full: str
    short: str = ""
    standing: str = ""

    @property
    def shortest(self) -> str:
        """Return the short form, or the only one there is."""
        return self.short or self.full


@dataclass(frozen=True, slots=True)
class Wording:
    """The words of one language."""

    signature: str
    resent: str  # mark of a text that may have arrived before
    no_address: str
    seconds: str
    minutes: str
    date: str
    at: str
    since: str
    level: str
    urgent: str  # stands where the level would, in a call for help
    homes_blind: str
    closed_again: str
    joint: str  # between who and what they did
    join_roles: str
    bridge: str
    gateway: str
    channel: str
    several: str  # devices, after the place of the first
    order_waits: str  # an order is over, and the clock is not to be believed
    others: str  # how much else there is
    digest: str  # what waited for the morning
    digest_part: str
    digest_rest: str
    digest_join: str
    outside: str  # for services that may not know the house
    test: str  # proof that texts arrive
    guessed: str  # to the lead: numbers were tried on somebody's phone
    taken: str  # to the others: a colleague has it
    taken_briefly: str
    has_it: Mapping[IncidentState, str]
    by: Mapping[str, str]  # the way in which it was said
    operator: str  # who sits at a screen and is of no team
    others_need_not: str
    others_missing: str
    you_are_missing: str
    urgency: Mapping[Severity, str]
    not_activated: str  # a device that was mounted, and never came into service
    what: Mapping[ConditionKind, Phrase]
    what_because: Mapping[tuple[ConditionKind, Reason], Phrase]
    why: Mapping[Reason, str]
    lead_in: Mapping[NoticeKind, str]
    lead_in_because: Mapping[tuple[NoticeKind, Reason], str]
    roles: Mapping[Role, str]
    ask: Mapping[Ask, str]
    say: Mapping[Say, str]


CHINESE = Wording(
    signature="【门神】",
    resent="重发 ",
    no_address="地址未登记",
    seconds="{n}秒",
    minutes="{n}分钟",
    date="{month}月{day}日{clock}",
    at="{time}",
    since="{time}起",
    level="证据{level}级",
    urgent="请立即联系",
    homes_blind="{n}户看不到",
    closed_again="门已关",
    joint="",
    join_roles="和",
    bridge="网关{id}",
    gateway="本网关{name}",
    channel="短信通道{id}",
    several="{place}等{n}台",
    order_waits="{address} 隔离期已满，但本机时钟不准，尚未解除，请核对时钟",
    others="另有{n}起，见平台",
    digest="夜间{parts}，见平台",
    digest_part="{what}{n}起",
    digest_rest="其他{n}起",
    digest_join="、",
    outside="{urgency} 编号 {number} {link}",
    test="测试短信 {token} {gateway} 不用回复",
    guessed="有人用{who}的手机连续试错编号，{time}内不受理它的短信，请核实",
    taken="{number} {place} {who}{time}{has_it}{by}，{rest}",
    taken_briefly="{number} {who}{time}{has_it}{by}",
    has_it={IncidentState.ACKNOWLEDGED: "已报到", IncidentState.ON_SITE: "已到场"},
    by={"sms": "(短信)", "web": "(平台)", "cli": "(命令行)"},
    operator="操作员",
    others_need_not="您不必再去",
    others_missing="还等{roles}",
    you_are_missing="还等您，{ask}",
    urgency={
        Severity.HELP: "求助",
        Severity.CRITICAL: "紧急",
        Severity.MAJOR: "重要",
        Severity.MINOR: "一般",
        Severity.HEALTH: "设备",
    },
    not_activated="{address} 设备装上{n}分钟仍未启用，请问安装员",
    what={
        ConditionKind.OPENED: Phrase("未报备开门", standing="门还开着"),
        ConditionKind.LEFT_OPEN: Phrase("门开超{left_open}未报备", "门一直开着", "门还开着"),
        ConditionKind.REPEATED: Phrase(
            "{repeated_within}内{repeated_count}次未报备开门", "多次开门"
        ),
        ConditionKind.SEAL_BROKEN: Phrase("电子封条断开", "封条断开", "封条还断着"),
        ConditionKind.SEAL_REMOVED: Phrase("电子封条被取下", "封条被取下", "封条还没装回"),
        ConditionKind.TAMPERED: Phrase("设备被拆动", standing="设备还没装好"),
        ConditionKind.CAMERA_EXIT: Phrase("摄像头见有人外出", "有人外出"),
        ConditionKind.CAMERA_ENTRY: Phrase("摄像头见有人进门", "有人进门"),
        ConditionKind.LOITERING: Phrase("门外有人徘徊", "有人徘徊"),
        ConditionKind.GATHERING: Phrase("门外多人聚集", "多人聚集"),
        ConditionKind.CAMERA_COVERED: Phrase("摄像头被遮挡"),
        ConditionKind.CAMERA_FAULT: Phrase("摄像头故障"),
        ConditionKind.HELP: Phrase("居民按铃求助", "居民求助"),
        ConditionKind.SILENT: Phrase("设备失联"),
        ConditionKind.BATTERY_LOW: Phrase("设备电量低"),
        ConditionKind.MAINS_LOST: Phrase("设备断电"),
        ConditionKind.FLOODING: Phrase("设备消息过多", "消息过多"),
        ConditionKind.OUTAGE: Phrase("多台设备失联", "设备失联"),
        ConditionKind.INTAKE_DOWN: Phrase("网关收不到任何设备", "网关失联"),
        ConditionKind.CHANNEL_DOWN: Phrase("不能发短信", "不通"),
    },
    what_because={
        (ConditionKind.OPENED, Reason.OPENED_AT_NIGHT): Phrase(
            "夜间未报备开门", "夜间开门", "门还开着"
        ),
        (ConditionKind.LEFT_OPEN, Reason.PERMIT_OVERRUN): Phrase(
            "报备时间过了门未关", "门未关", "门还开着"
        ),
        (ConditionKind.SILENT, Reason.LAST_WILL): Phrase("设备掉线"),
        (ConditionKind.SILENT, Reason.LEFT_NETWORK): Phrase("设备已退网", "设备退网"),
        (ConditionKind.OUTAGE, Reason.BRIDGE_OFFLINE): Phrase("网关离线"),
        (ConditionKind.INTAKE_DOWN, Reason.BROKER_GONE): Phrase("消息服务中断"),
        (ConditionKind.CHANNEL_DOWN, Reason.TEST_TEXT_MISSING): Phrase(
            "每日测试短信没有送达", "测试未达"
        ),
    },
    why={Reason.SENSORS_AGREE: "多种设备印证"},
    lead_in={
        NoticeKind.ALARM: "",
        NoticeKind.UPDATE: "加重",
        NoticeKind.ESCALATION: "无人报到",
        NoticeKind.REMINDER: "提醒",
        NoticeKind.ANSWER: "",
        NoticeKind.HEALTH: "",
        NoticeKind.TAKEN: "",
        NoticeKind.DIGEST: "",
        NoticeKind.TEST: "",
    },
    lead_in_because={
        (NoticeKind.ALARM, Reason.CAME_BACK): "再次发生",
        (NoticeKind.HEALTH, Reason.CAME_BACK): "再次发生",
        (NoticeKind.UPDATE, Reason.CAME_BACK): "再次发生",
        (NoticeKind.UPDATE, Reason.COMMANDED): "重新打开",
        (NoticeKind.UPDATE, Reason.HELP_ASKED): "再次呼叫",
        (NoticeKind.ESCALATION, Reason.QUORUM_MISSING): "{roles}未报到",
        (NoticeKind.ESCALATION, Reason.STEPS_REPEAT): "仍无人报到",
        (NoticeKind.REMINDER, Reason.NO_ACKNOWLEDGEMENT): "仍未修复",
        (NoticeKind.REMINDER, Reason.LEASE_LAPSED): "报到已超时",
        (NoticeKind.REMINDER, Reason.REVIEW_DUE): "已处置待复核",
    },
    roles={
        Role.WORKER: "网格员",
        Role.DOCTOR: "社康医生",
        Role.POLICE: "民警",
        Role.LEAD: "牵头干部",
        Role.STREET: "街道值班",
        Role.MAINTAINER: "维护员",
    },
    ask={
        Ask.REPORT_IN: "回复 1 {number}",
        Ask.DEAL_WITH: "处置完回复 3 {number}",
        Ask.KNOW: "编号 {number}",
        Ask.REVIEW: "编号 {number}",
    },
    say={
        Say.ACKNOWLEDGED: "{number} 已记您报到。到场后回复 2 {number}",
        Say.ACKNOWLEDGED_MISSING: "{number} 已记您报到，还等{roles}报到。到场后回复 2 {number}",
        Say.YOU_HAVE_IT: "{number} 您{time}已报到。到场回复 2，处置完回复 3",
        Say.ANOTHER_HAS_IT: "{number} {roles}{time}已报到，您不必再去",
        Say.ON_SITE: "{number} 已记您到场。处置完回复 3 {number}",
        Say.ALREADY_ON_SITE: "{number} {roles}{time}已到场。处置完回复 3 {number}",
        Say.RESOLVED: "{number} 已记处置完，待另一人复核",
        Say.ALREADY_RESOLVED: "{number} {time}已处置，不必再去",
        Say.STANDS: "{number} 还不能记处置完：{what}。恢复后再回复 3 {number}",
        Say.REVIEWED: "{number} 已复核办结",
        Say.SAME_PERSON: "{number} 须由处置人以外的另一人复核",
        Say.NOT_RESOLVED: "{number} 还没处置完，不能复核",
        Say.REOPENED: "{number} 已重新打开",
        Say.NOT_OVER: "{number} 还没处置完，不必重新打开",
        Say.ANOTHER_OPEN: "{number} 同一住户已有未结编号 {other}",
        Say.NOT_YOURS: "没有发给您的编号 {number}，请核对短信里的四位数",
        Say.HOW_TO_REPLY: "没看懂。回复 1 加编号=报到，2=到场，3=处置完，例如 1 1234",
        Say.IGNORED: "编号多次不对，{time}内不受理您的短信。有急事请联系牵头干部",
    },
)

ENGLISH = Wording(
    signature="[Menshen]",
    resent="RE: ",
    no_address="no address",
    seconds="{n} s",
    minutes="{n} min",
    date="{month}/{day} {clock}",
    at="{time}",
    since="{time}",
    level="level {level}",
    urgent="URGENT",
    homes_blind="{n} blind",
    closed_again="now shut",
    joint=" ",
    join_roles="+",
    bridge="bridge {id}",
    gateway="gateway {name}",
    channel="channel {id}",
    several="{place} +{more}",
    order_waits="{address}: order over, but our clock is unsure. Check it",
    others="+{n} more, see platform",
    digest="overnight: {parts}, see platform",
    digest_part="{n} {what}",
    digest_rest="{n} more",
    digest_join=", ",
    outside="{urgency} no. {number} {link}",
    test="test {token} {gateway}, no reply needed",
    guessed="wrong numbers from the {who}'s phone: ignored {time}",
    taken="{number} {place}: {who} {has_it} {time}{by}, {rest}",
    taken_briefly="{number} {who} {has_it} {time}{by}",
    has_it={IncidentState.ACKNOWLEDGED: "has it", IncidentState.ON_SITE: "there"},
    by={"sms": " (SMS)", "web": " (web)", "cli": " (CLI)"},
    operator="operator",
    others_need_not="no need to go",
    others_missing="no {roles}",
    you_are_missing="{ask}",
    urgency={
        Severity.HELP: "HELP",
        Severity.CRITICAL: "CRITICAL",
        Severity.MAJOR: "major",
        Severity.MINOR: "minor",
        Severity.HEALTH: "equipment",
    },
    not_activated="{address}: device mounted {n} min ago, still not in service",
    what={
        ConditionKind.OPENED: Phrase("unannounced opening", "opened", "the door is open"),
        ConditionKind.LEFT_OPEN: Phrase("door open {left_open}", "open", "the door is open"),
        ConditionKind.REPEATED: Phrase(
            "{repeated_count} openings in {repeated_within}", "repeated"
        ),
        ConditionKind.SEAL_BROKEN: Phrase("seal broken", "seal cut", "the seal is broken"),
        ConditionKind.SEAL_REMOVED: Phrase("seal removed", "seal off", "the seal is off"),
        ConditionKind.TAMPERED: Phrase("device tampered", "tampered", "a device is off its place"),
        ConditionKind.CAMERA_EXIT: Phrase("camera saw exit", "exit"),
        ConditionKind.CAMERA_ENTRY: Phrase("camera saw entry", "entry"),
        ConditionKind.LOITERING: Phrase("someone loitering", "loitering"),
        ConditionKind.GATHERING: Phrase("people gathering", "crowd"),
        ConditionKind.CAMERA_COVERED: Phrase("camera covered", "covered"),
        ConditionKind.CAMERA_FAULT: Phrase("camera fault", "cam fault"),
        ConditionKind.HELP: Phrase("resident calls for help", "HELP"),
        ConditionKind.SILENT: Phrase("device silent", "silent"),
        ConditionKind.BATTERY_LOW: Phrase("battery low", "low batt"),
        ConditionKind.MAINS_LOST: Phrase("mains lost", "no mains"),
        ConditionKind.FLOODING: Phrase("device floods", "flood"),
        ConditionKind.OUTAGE: Phrase("several devices silent", "silent"),
        ConditionKind.INTAKE_DOWN: Phrase("gateway hears nobody", "deaf"),
        ConditionKind.CHANNEL_DOWN: Phrase("cannot send texts", "down"),
    },
    what_because={
        (ConditionKind.OPENED, Reason.OPENED_AT_NIGHT): Phrase(
            "opened at night", "night", "the door is open"
        ),
        (ConditionKind.LEFT_OPEN, Reason.PERMIT_OVERRUN): Phrase(
            "open past its permit", "overdue", "the door is open"
        ),
        (ConditionKind.SILENT, Reason.LAST_WILL): Phrase("device dropped off", "off"),
        (ConditionKind.SILENT, Reason.LEFT_NETWORK): Phrase("device left network", "left"),
        (ConditionKind.OUTAGE, Reason.BRIDGE_OFFLINE): Phrase("bridge offline", "offline"),
        (ConditionKind.INTAKE_DOWN, Reason.BROKER_GONE): Phrase("broker gone", "no broker"),
        (ConditionKind.CHANNEL_DOWN, Reason.TEST_TEXT_MISSING): Phrase(
            "test text lost", "untested"
        ),
    },
    why={Reason.SENSORS_AGREE: "sensors agree"},
    lead_in={
        NoticeKind.ALARM: "",
        NoticeKind.UPDATE: "WORSE",
        NoticeKind.ESCALATION: "NO REPLY",
        NoticeKind.REMINDER: "STILL",
        NoticeKind.ANSWER: "",
        NoticeKind.HEALTH: "",
        NoticeKind.TAKEN: "",
        NoticeKind.DIGEST: "",
        NoticeKind.TEST: "",
    },
    lead_in_because={
        (NoticeKind.ALARM, Reason.CAME_BACK): "AGAIN",
        (NoticeKind.HEALTH, Reason.CAME_BACK): "AGAIN",
        (NoticeKind.UPDATE, Reason.CAME_BACK): "AGAIN",
        (NoticeKind.UPDATE, Reason.COMMANDED): "REOPENED",
        (NoticeKind.UPDATE, Reason.HELP_ASKED): "AGAIN",
        (NoticeKind.ESCALATION, Reason.QUORUM_MISSING): "NO {roles}",
        (NoticeKind.REMINDER, Reason.LEASE_LAPSED): "LAPSED",
        (NoticeKind.REMINDER, Reason.REVIEW_DUE): "REVIEW",
    },
    roles={
        Role.WORKER: "worker",
        Role.DOCTOR: "doctor",
        Role.POLICE: "police",
        Role.LEAD: "lead",
        Role.STREET: "street",
        Role.MAINTAINER: "maintainer",
    },
    ask={
        Ask.REPORT_IN: "reply 1 {number}",
        Ask.DEAL_WITH: "done? 3 {number}",
        Ask.KNOW: "no. {number}",
        Ask.REVIEW: "no. {number}",
    },
    say={
        Say.ACKNOWLEDGED: "{number} is yours. On site, reply 2 {number}",
        Say.ACKNOWLEDGED_MISSING: "{number} yours, {roles} still missing. On site: 2 {number}",
        Say.YOU_HAVE_IT: "{number} is yours since {time}. On site 2, done 3",
        Say.ANOTHER_HAS_IT: "{number} taken by {roles} at {time}. No need to go",
        Say.ON_SITE: "{number}: on site. Dealt with? Reply 3 {number}",
        Say.ALREADY_ON_SITE: "{number}: {roles} on site {time}. Done? 3 {number}",
        Say.RESOLVED: "{number} dealt with, waits for another to review",
        Say.ALREADY_RESOLVED: "{number} was dealt with at {time}. No need to go",
        Say.STANDS: "{number} not over: {what}. Then 3 {number}",
        Say.REVIEWED: "{number} reviewed and closed",
        Say.SAME_PERSON: "{number}: another person must review it",
        Say.NOT_RESOLVED: "{number} is not dealt with yet: no review",
        Say.REOPENED: "{number} reopened",
        Say.NOT_OVER: "{number} is not over: nothing to reopen",
        Say.ANOTHER_OPEN: "{number}: {other} is open for the same home",
        Say.NOT_YOURS: "{number} was not sent to you, check the four digits",
        Say.HOW_TO_REPLY: "Reply 1, 2 (on site) or 3 (done) + number: 1 1234",
        Say.IGNORED: "Too many wrong numbers: ignored for {time}. Call the lead",
    },
)

WORDINGS: Mapping[str, Wording] = {"zh": CHINESE, "en": ENGLISH}
