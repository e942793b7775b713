"""The words of the page of reports, by language; those of reports stand in `gateway.reports`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.reports.period import Kind


@dataclass(frozen=True, slots=True)
class ReportPageWords:
    """One language."""

    intro: str
    intro_area: str
    kinds: Mapping[Kind, str]
    nothing: str
    open: str
    workbook: str
    made: str
    make: str
    make_why: str
    kind: str
    day: str
    day_hint: str
    form: str
    page: str
    in_full: str
    why: str
    why_hint: str
    get: str
    no_such: str


CHINESE = ReportPageWords(
    intro="每份含一图、一账、一日志，已脱敏：没有门牌、姓名、电话。打开后可直接打印。",
    intro_area="您只能看到本辖区的内容：打开时按本辖区现做，不保存。",
    kinds={Kind.DAILY: "每日研判", Kind.WEEKLY: "每周通报"},
    nothing="还没有报告。自动生成的第一份在明天，时钟不准时要等校准之后；也可以在下面现做一份。",
    open="打开",
    workbook="表格",
    made="生成于",
    make="现做一份",
    make_why="今天的报告只到此刻为止。",
    kind="种类",
    day="日期",
    day_hint="某一天，或一周的第一天；不填为最近一份",
    form="格式",
    page="网页（可打印）",
    in_full="不脱敏：含房屋编码和地址（不含姓名、电话），不在网关保存",
    why="理由",
    why_hint="不脱敏时必填，记入审计，如：核对处置记录",
    get="生成",
    no_such="没有这样的报告：日期不对，或还没有到",
)

ENGLISH = ReportPageWords(
    intro="Each has a map, a ledger and a log, masked: no house codes, names or phones. Open one"
    " and print it as it is.",
    intro_area="You see your own area alone: its report is made when you open it, and not kept.",
    kinds={Kind.DAILY: "Daily log", Kind.WEEKLY: "Weekly report"},
    nothing="There is none yet. The first is made tomorrow, or once the clock is known to be right;"
    " or make one below.",
    open="open",
    workbook="workbook",
    made="made",
    make="Make one now",
    make_why="That of today goes as far as now.",
    kind="Kind",
    day="Day",
    day_hint="a day, or the first of a week; the latest if left out",
    form="Format",
    page="page, to be printed",
    in_full="In full: with house codes and addresses (no names, no phones); not kept here",
    why="Reason",
    why_hint="for one in full; it goes into the audit",
    get="Make it",
    no_such="There is no such report: that day is none, or lies ahead",
)

LANGUAGES: Mapping[str, ReportPageWords] = {"zh": CHINESE, "en": ENGLISH}
