"""What each severity gets: when its texts go, what they wait for, and what limits them."""

from __future__ import annotations

from alerts import budget, quiet
from alerts.budget import Text
from alerts.model import Matter, NoticeKind, Severity
from alerts.policy import Policy, Spending, Telling
from docs.blocks.markdown import duration, table

ABOUT: dict[Severity, tuple[str, str]] = {
    Severity.HELP: ("A resident asks for help", "居民求助"),
    Severity.CRITICAL: ("Level 3 or 4: seal, tamper, sensors that agree", "3级、4级"),
    Severity.MAJOR: ("Level 2; people gather", "2级；多人聚集"),
    Severity.MINOR: ("Level 1; somebody comes or loiters", "1级；有人进门、徘徊"),
    Severity.HEALTH: ("Equipment", "设备"),
}
HEADS = {
    "en": ("what", "after another text", "at night", "nobody answers", "texts to one phone"),
    "zh": ("事件", "紧跟在别的短信后", "夜间", "无人报到", "每个号码"),
}


def severities(language: str) -> str:
    """One row a severity, the worst first, with the defaults."""
    return table(HEADS[language], [_row(each, language) for each in sorted(ABOUT, reverse=True)])


def _row(severity: Severity, language: str) -> tuple[str, ...]:
    is_english = language == "en"
    about = ABOUT[severity][0 if is_english else 1]
    return (
        about,
        _following(severity, is_english),
        _night(severity, is_english),
        _next_step(severity, language),
        _limits(severity, is_english),
    )


def _following(severity: Severity, is_english: bool) -> str:
    text, spending = Text(severity, NoticeKind.ALARM), Spending()
    if text.goes_alone:
        return "at once, by itself" if is_english else "立即，单独发"
    seconds = spending.bundle_critical_s if text.is_critical else spending.bundle_s
    within = duration(seconds, "en" if is_english else "zh")
    if is_english:
        return f"within {within} of one as grave: in one text with the others"
    return f"{within}内已有同样严重的：合并成一条"


def _night(severity: Severity, is_english: bool) -> str:
    policy = Policy()
    if not quiet.can_wait(severity, Matter.DEVICE, policy):
        return "at once" if is_english else "立即"
    begins, ends = policy.quiet.from_time, policy.quiet.until_time
    if is_english:
        return f"of one home: from {begins} it waits until {ends}; several homes blind: at once"
    return f"一户的设备：{begins} 以后等到 {ends}；多户看不到：立即"


def _next_step(severity: Severity, language: str) -> str:
    telling = Telling()
    after = telling.step_s
    if severity is Severity.HEALTH:
        after = telling.equipment_reminder_s
    elif severity >= Severity.CRITICAL:
        after = telling.critical_step_s
    said = duration(after, language)
    return f"next step after {said}" if language == "en" else f"{said}后下一步"


def _limits(severity: Severity, is_english: bool) -> str:
    spending, text = Spending(), Text(severity, NoticeKind.ALARM)
    if severity is Severity.HELP:
        return "no limit" if is_english else "不限"
    a_day = spending.phone_per_day - (0 if text.is_critical else spending.phone_kept)
    if text.is_critical:
        return (
            f"{a_day} a day, then another way" if is_english else f"每天 {a_day} 条，再多走别的通道"
        )
    shorter, hour = spending.phone_per_15_min, spending.phone_per_hour
    all_day = round(budget.parts_for_all(spending))
    if is_english:
        return (
            f"{shorter} in 15 min, {hour} an hour, {a_day} a day;"
            f" {all_day} parts a day from the gateway"
        )
    return f"15 分钟 {shorter} 条，每小时 {hour} 条，每天 {a_day} 条；整个网关每天 {all_day} 条"
