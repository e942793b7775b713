"""What happens when nobody answers, and who must: from the policy and the routes themselves."""

from __future__ import annotations

from alerts import quorum, retry, route
from alerts.dispatch import STALLED_AFTER_S
from alerts.model import (
    ConditionKind,
    Incident,
    IncidentState,
    Matter,
    Role,
    Severity,
)
from alerts.policy import Policy, Telling
from alerts.reason import Reason
from alerts.wording import WORDINGS
from docs.blocks.markdown import duration, table
from docs.blocks.rules import NOON

HEADS = {"en": ("when", "after", "what happens"), "zh": ("情况", "过多久", "门神怎么做")}

STEPS: tuple[tuple[str, str, str, str, str], ...] = (
    (
        "critical_step_s",
        "Nobody reports in: evidence level 3 or 4, or a call for help",
        "The next step is taken, and again after the same time",
        "无人报到：证据3级、4级或居民求助",
        "通知下一级，之后每隔同样时间再通知",
    ),
    (
        "step_s",
        "Nobody reports in: anything else at a door",
        "The next step is taken, and again after the same time",
        "无人报到：其他住户事件",
        "通知下一级，之后每隔同样时间再通知",
    ),
    (
        "lease_s",
        "You reported in, and nothing more was heard",
        "You are reminded, the incident is open again, the steps go on",
        "报到后再没有消息",
        "提醒报到人，事件重新待报到，继续往上通知",
    ),
    (
        "on_site_lease_s",
        "You are on site, and nothing more was heard",
        "The same",
        "到场后再没有消息",
        "同上",
    ),
    (
        "review_after_s",
        "Dealt with, and nobody reviewed it",
        "The lead is reminded (for equipment the maintainer), and again after the same time",
        "已处置，还没有人复核",
        "提醒牵头干部（设备故障提醒维护员），之后每隔同样时间再提醒",
    ),
    (
        "reopen_within_s",
        "It comes back this soon after it was dealt with",
        "The incident is open again under its number",
        "处置后在这段时间内再次发生",
        "原编号重新打开",
    ),
    (
        "equipment_reminder_s",
        "Equipment that nobody mended",
        "The maintainer is told again",
        "设备故障没有修好",
        "再次提醒维护员",
    ),
    (
        "expires_s",
        "A text that could not be sent at all",
        "It is given up; the record keeps why",
        "短信一直发不出去",
        "这条短信作废，原因留在记录里",
    ),
)

MATTERS: tuple[tuple[str, str, Matter, Severity, ConditionKind], ...] = (
    (
        *("Level 1: one opening, nothing else", "1级：开门一次，没有别的"),
        *(Matter.DEPARTURE, Severity.MINOR, ConditionKind.OPENED),
    ),
    (
        *(
            "Level 2: left open, repeated, at night, a camera saw an exit",
            "2级：久开、多次、夜间、摄像头见人外出",
        ),
        *(Matter.DEPARTURE, Severity.MAJOR, ConditionKind.LEFT_OPEN),
    ),
    (
        *("Level 3 or 4: seal, tamper, sensors that agree", "3级、4级：封条、拆动、多种设备印证"),
        *(Matter.DEPARTURE, Severity.CRITICAL, ConditionKind.SEAL_BROKEN),
    ),
    (
        *("A camera saw somebody come or loiter", "摄像头见有人进门或徘徊"),
        *(Matter.VISIT, Severity.MINOR, ConditionKind.LOITERING),
    ),
    (
        *("A camera saw people gather", "门外多人聚集"),
        *(Matter.VISIT, Severity.MAJOR, ConditionKind.GATHERING),
    ),
    (
        *("A resident asks for help", "居民求助"),
        *(Matter.HELP, Severity.HELP, ConditionKind.HELP),
    ),
    (
        *("Equipment fails", "设备故障"),
        *(Matter.DEVICE, Severity.HEALTH, ConditionKind.SILENT),
    ),
)


def steps(language: str) -> str:
    """What time alone brings, with the defaults of the policy."""
    policy = Policy()
    rows = []
    for name, when_en, what_en, when_zh, what_zh in STEPS:
        after = duration(getattr(policy.telling, name), language)
        rows.append((when_en, after, what_en) if language == "en" else (when_zh, after, what_zh))
    rows.append(_retries(language))
    return table(HEADS[language], rows)


def _retries(language: str) -> tuple[str, str, str]:
    again = duration(retry.RETRY_AFTER.total_seconds(), language)
    stalled = duration(STALLED_AFTER_S, language)
    english = (
        f"It is tried {retry.TRIES_PER_LEG} times (later where the channel knows better), then over"
        " the next channel, then to the person's next phone; a channel that is down, or silent for"
        f" {stalled}, is passed over. Where none worked the next step is hurried"
    )
    chinese = (
        f"试 {retry.TRIES_PER_LEG} 次（通道要求多等的除外），再换通道，再换这个人的下一个号码；"
        f"通道断了或 {stalled}没有动静就先绕过。都不行就提前通知下一级"
    )
    if language == "en":
        return "A text that is refused", again, english
    return "短信被退回", again, chinese


def roles(language: str) -> str:
    """Who is told at once, and who must report in."""
    words = WORDINGS[language].roles
    rows = []
    for english, chinese, matter, severity, headline in MATTERS:
        told = route.roles_at_once(matter, severity, headline)
        if matter in route.EQUIPMENT:
            told = (Role.MAINTAINER, *told)
        wanted = quorum.wanted_roles(_incident(matter, severity, headline))
        anyone = "any one person" if language == "en" else "任何一人"
        both = " and " if language == "en" else "和"
        rows.append(
            (
                english if language == "en" else chinese,
                ("、" if language == "zh" else ", ").join(words[role] for role in told),
                both.join(words[role] for role in wanted) or anyone,
            )
        )
    head = (
        ("what", "told at once", "must report in")
        if language == "en"
        else ("事件", "马上通知", "须报到")
    )
    return table(head, rows)


def every_step_names_a_setting() -> bool:
    """Say whether each row of `STEPS` is about a setting that exists."""
    return {row[0] for row in STEPS} == set(Telling.__struct_fields__)


def _incident(matter: Matter, severity: Severity, headline: ConditionKind) -> Incident:
    return Incident(
        id="i",
        number="1000",
        matter=matter,
        subject="w",
        watch="w",
        team="t",
        severity=severity,
        level=0,
        level_reason=Reason.SENSORS_AGREE,
        state=IncidentState.OPEN,
        headline=headline,
        opened_at=NOON,
        since_at=NOON,
        next_at=NOON,
    )
