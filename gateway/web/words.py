"""The words of the status page, by language. Those of texts stand in `alerts.wording`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from alerts.model import IncidentState, NoticeState, Severity
from gateway.health import Level
from gateway.homes.look import Standing


@dataclass(frozen=True, slots=True)
class Words:
    """One language."""

    tag: str
    other: str  # the other language's tag, and its name in itself
    other_name: str
    title: str
    well: str
    unwell: str
    standing: Mapping[Standing, str]
    homes: str
    doors_open: str
    incidents: str
    no_incidents: str
    more: str
    next_step: str
    seconds: str
    minutes: str
    hours: str
    overdue: str
    level: str
    since: str
    blind: str
    this_gateway: str
    state: Mapping[IncidentState, str]
    next_is: Mapping[IncidentState, str]
    severity: Mapping[Severity, str]
    texts: str
    no_texts: str
    notice: Mapping[NoticeState, str]
    no_report: str  # in place of *expired*, for what was sent
    nobody: str
    channels: str
    up: str
    down: str
    signal: str
    registration: Mapping[str, str]
    stored: str
    today: str
    fate: Mapping[str, str]
    proof: str
    took: str
    never: str
    waiting: str
    held: Mapping[str, str]
    budget: str
    gateway: str
    part: Mapping[str, str]
    reason: Mapping[str, str]
    judged: Mapping[Level, str]
    buildings: str
    lag: str
    masked: str
    stale: str
    refreshes: str
    account: str
    reports: str


CHINESE = Words(
    tag="zh-CN",
    other="en",
    other_name="English",
    title="门神",
    well="运行正常",
    unwell="需要处理",
    standing={
        Standing.QUIET: "平静",
        Standing.INCIDENT: "有事件",
        Standing.UNKNOWN: "看不到",
        Standing.UNWATCHED: "未监看",
    },
    homes="户",
    doors_open="扇门开着",
    incidents="未办结事件",
    no_incidents="没有未办结的事件",
    more="另有 {n} 项",
    next_step="下一步",
    seconds="{s} 秒后",
    minutes="{m} 分钟后",
    hours="{h} 小时 {m} 分后",
    overdue="已到时",
    level="证据 {n} 级",
    since="{time} 起",
    blind="{n} 户看不到",
    this_gateway="本网关",
    state={
        IncidentState.OPEN: "待报到",
        IncidentState.ACKNOWLEDGED: "已报到",
        IncidentState.ON_SITE: "已到场",
        IncidentState.RESOLVED: "已处置，待复核",
    },
    next_is={
        IncidentState.OPEN: "再通知",
        IncidentState.ACKNOWLEDGED: "报到到期",
        IncidentState.ON_SITE: "到场到期",
        IncidentState.RESOLVED: "提醒复核",
    },
    severity={
        Severity.HEALTH: "设备",
        Severity.MINOR: "一般",
        Severity.MAJOR: "重要",
        Severity.CRITICAL: "紧急",
        Severity.HELP: "求助",
    },
    texts="最近短信",
    no_texts="还没有发过短信",
    notice={
        NoticeState.PENDING: "待发",
        NoticeState.SENDING: "正在发",
        NoticeState.SENT: "已发出",
        NoticeState.UNCONFIRMED: "未确认",
        NoticeState.FAILED_TEMPORARY: "将重试",
        NoticeState.DELIVERED: "已送达",
        NoticeState.FAILED_PERMANENT: "发不出",
        NoticeState.SUPERSEDED: "已不需要",
        NoticeState.EXPIRED: "过期未发",
    },
    no_report="已发出，无回执",
    nobody="—",
    channels="通道",
    up="可发",
    down="不通",
    signal="信号 {dbm} dBm",
    registration={
        "home": "本地网",
        "roaming": "漫游",
        "home_sms_only": "本地网仅短信",
        "roaming_sms_only": "漫游仅短信",
        "searching": "搜网中",
        "not_searching": "未搜网",
        "denied": "被网络拒绝",
        "emergency_only": "仅限紧急呼叫",
        "unknown": "网络未知",
    },
    stored="卡内短信 {of}",
    today="今天 {texts} 条 {parts} 段",
    fate={
        "delivered": "已送达",
        "unknown": "无回执",
        "unconfirmed": "未确认",
        "failed": "失败",
    },
    proof="测试短信",
    took="{s} 秒到达",
    never="还没有到达过",
    waiting="待发 {n}",
    held={
        "follows_another": "等合并",
        "phone_limit": "单人限额",
        "phone_day_limit": "单人当日限额",
        "day_budget": "当日预算",
        "quiet_hours": "等早晨",
    },
    budget="今天已用 {n}/{of} 段",
    gateway="网关",
    part={
        "broker": "消息服务",
        "journal": "日志",
        "engine": "判断",
        "channels": "短信通道",
        "outbox": "待发短信",
        "clock": "时钟",
        "heartbeat": "外部心跳",
        "homes": "住户名册",
        "proof": "测试短信",
        "budget": "当日短信",
        "channel": "通道",
        "pins": "接线",
        "power": "供电",
        "export": "数据导出",
    },
    reason={
        "connected": "已连接",
        "not_connected": "未连接",
        "writing": "写入正常",
        "disk_low": "磁盘将满",
        "oldest_removed": "磁盘将满，最早的记录已提前删除",
        "disk_full": "磁盘已满",
        "commit_refused": "写不进磁盘",
        "up_to_date": "已跟上",
        "catching_up": "正在跟上",
        "behind": "落后",
        "none_configured": "没有配置，无法通知任何人",
        "as_in_file": "与文件一致",
        "file_has_errors": "文件有错，沿用旧名册",
        "texts_arrive": "短信能到达",
        "not_proven_yet": "还没有测试短信到达",
        "not_proven": "超过 26 小时没有测试短信到达",
        "within": "在预算内",
        "nearly_spent": "预算将用完",
        "spent": "预算已用完，只发重大短信",
        "serving": "发送正常",
        "late": "发送延误",
        "trusted": "可信",
        "not_trusted": "未校准，隔离令不会自动结束",
        "no_address": "未设置，网关失效无人知道",
        "not_heard": "呼叫不到",
        "heard": "正常",
        "in_use": "读取正常",
        "not_usable": "有引脚不能用",
        "on_mains": "市电",
        "on_battery": "市电中断，靠电池运行",
        "exporting": "导出正常",
        "outage": "InfluxDB 暂时无应答，数据先存着",
        "unauthorized": "InfluxDB 拒绝令牌",
        "not_found": "InfluxDB 里没有要写的库",
        "refuses_all": "InfluxDB 拒绝全部数据",
        "lines_refused": "有数据被 InfluxDB 拒绝",
        "records_removed": "磁盘将满，有记录未导出就删除了",
        "erasure_not_proven": "解除隔离的数据未证实已从 InfluxDB 删除",
    },
    judged={Level.OK: "正常", Level.WARN: "注意", Level.BAD: "故障"},
    buildings="楼栋",
    lag="待处理记录",
    masked="本页不显示姓名、电话和门牌",
    stale="联系不到网关，以下是旧数据",
    refreshes="每 5 秒更新",
    account="账号",
    reports="报告",
)

ENGLISH = Words(
    tag="en",
    other="zh",
    other_name="中文",
    title="Menshen",
    well="All is working",
    unwell="Needs attention",
    standing={
        Standing.QUIET: "quiet",
        Standing.INCIDENT: "incident",
        Standing.UNKNOWN: "unknown",
        Standing.UNWATCHED: "not watched",
    },
    homes="homes",
    doors_open="doors open",
    incidents="Incidents",
    no_incidents="No incident is open",
    more="{n} more",
    next_step="Next",
    seconds="in {s} s",
    minutes="in {m} min",
    hours="in {h} h {m} min",
    overdue="due now",
    level="evidence {n}",
    since="since {time}",
    blind="{n} homes blind",
    this_gateway="this gateway",
    state={
        IncidentState.OPEN: "nobody reported in",
        IncidentState.ACKNOWLEDGED: "acknowledged",
        IncidentState.ON_SITE: "on site",
        IncidentState.RESOLVED: "resolved, to be reviewed",
    },
    next_is={
        IncidentState.OPEN: "next step",
        IncidentState.ACKNOWLEDGED: "report-in lapses",
        IncidentState.ON_SITE: "visit lapses",
        IncidentState.RESOLVED: "review reminder",
    },
    severity={
        Severity.HEALTH: "equipment",
        Severity.MINOR: "minor",
        Severity.MAJOR: "major",
        Severity.CRITICAL: "critical",
        Severity.HELP: "help",
    },
    texts="Last texts",
    no_texts="No text was sent yet",
    notice={
        NoticeState.PENDING: "waits",
        NoticeState.SENDING: "being sent",
        NoticeState.SENT: "sent",
        NoticeState.UNCONFIRMED: "unconfirmed",
        NoticeState.FAILED_TEMPORARY: "to be retried",
        NoticeState.DELIVERED: "delivered",
        NoticeState.FAILED_PERMANENT: "failed",
        NoticeState.SUPERSEDED: "superseded",
        NoticeState.EXPIRED: "expired unsent",
    },
    no_report="sent, no report",
    nobody="—",
    channels="Channels",
    up="up",
    down="down",
    signal="signal {dbm} dBm",
    registration={"home": "home network"},
    stored="{of} texts stored",
    today="{texts} texts, {parts} parts today",
    fate={
        "delivered": "delivered",
        "unknown": "no report",
        "unconfirmed": "unconfirmed",
        "failed": "failed",
    },
    proof="Test text",
    took="took {s} s",
    never="never arrived",
    waiting="{n} waiting",
    held={"follows_another": "to go in one", "quiet_hours": "for the morning"},
    budget="{n} of {of} parts today",
    gateway="Gateway",
    part={},
    reason={
        "none_configured": "none: nobody can be told anything",
        "not_proven": "no test text arrived for 26 hours",
        "spent": "spent: only critical texts go out",
        "not_trusted": "not trusted: no order ends by itself",
        "no_address": "no address: nobody would miss this gateway",
        "outage": "InfluxDB does not answer now; it all waits here",
        "unauthorized": "InfluxDB refuses the token",
        "not_found": "its bucket is missing",
        "refuses_all": "InfluxDB refuses everything",
        "records_removed": "records went before they were exported",
        "erasure_not_proven": "a released home is not proven to be deleted there",
    },
    judged={Level.OK: "ok", Level.WARN: "check", Level.BAD: "bad"},
    buildings="Buildings",
    lag="records to apply",
    masked="No name, phone or door is shown here",
    stale="The gateway does not answer: this is old",
    refreshes="renewed every 5 s",
    account="Account",
    reports="Reports",
)

LANGUAGES: Mapping[str, Words] = {"zh": CHINESE, "en": ENGLISH}
