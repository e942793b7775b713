"""The columns of each list: the one description for import, export, the API and the documentation.

A file's first row names its columns, in English or Chinese, in any order. A column that is not
there, like a cell that is empty, leaves what is known as it is; `-` empties it.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from alerts.model import DeviceClass, Role
from gateway.homes.file import AREA_LEVELS
from gateway.registry.lifecycle import DeviceState

EMPTY = "-"
"""A cell that says so empties its field."""

CATEGORIES = ("urban_village", "estate", "factory", "commercial", "scattered")


class Kind(StrEnum):
    """What a list is of."""

    AREAS = "areas"
    BUILDINGS = "buildings"
    TEAMS = "teams"
    HOMES = "homes"
    DEVICES = "devices"


class Form(StrEnum):
    """How a cell is to be read."""

    ID = "id"
    CODE = "code"
    DEVICE = "device"
    TEXT = "text"
    WORD = "word"
    MOMENT = "moment"
    LAST_MOMENT = "last_moment"
    TIME = "time"
    FLAG = "flag"
    NAMES = "names"
    PHONES = "phones"


@dataclass(frozen=True, slots=True)
class Column:
    """One column."""

    key: str
    chinese: str
    form: Form
    what: str
    example: str
    is_required: bool = False  # of an entry that is new
    is_personal: bool = False  # never in an error, masked in an export
    also: tuple[str, ...] = ()  # other headings under which it is known
    words: tuple[
        tuple[str, tuple[str, ...]], ...
    ] = ()  # of a WORD: each, and what else it is called
    longest: int = 60


def _words(*known: str, **called: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return tuple((word, tuple(filter(None, called.get(word, "").split()))) for word in known)


_LEVELS = _words(
    *AREA_LEVELS, city="市", district="区 区县", street="街道 镇", community="社区 村", grid="网格"
)
_CATEGORIES = _words(
    *CATEGORIES,
    urban_village="城中村",
    estate="小区 住宅小区 花园小区",
    factory="厂区 工业区",
    commercial="商业 商铺 写字楼",
    scattered="散居 其他",
)
_ROLES = _words(
    *(role.value for role in Role),
    worker="网格员 社区工作者 社工",
    doctor="医生 社区医生 社康医生",
    police="民警 社区民警",
    lead="牵头干部 组长 负责人",
    street="街道 值班室 部门",
    maintainer="维护 维护员 运维",
)
_CLASSES = _words(*(each.value for each in DeviceClass), mains="市电", sleeping="电池")
_STATES = _words(
    *(state.value for state in DeviceState),
    registered="已登记",
    mounted="已安装",
    commissioned="已调试",
    in_service="使用中 在用",
    faulty="故障",
    removed="已拆除",
)

_AREAS = (
    Column("id", "区域编码", Form.ID, "Its id; what lies below names it.", "nanling", True),
    Column("name", "区域名称", Form.TEXT, "What people call it.", "南岭社区", True, also=("名称",)),
    Column("level", "级别", Form.WORD, "Where in the tree.", "社区", True, words=_LEVELS),
    Column(
        "parent", "上级区域", Form.ID, "Id of the area above.", "nanwan", also=("上级区域编码",)
    ),
)
_BUILDINGS = (
    Column("id", "楼栋编码", Form.ID, "Its id; homes and devices name it.", "nl-3", True),
    Column(
        "name", "楼栋名称", Form.TEXT, "What people call it.", "南岭村3栋", True, also=("楼栋",)
    ),
    Column(
        "area", "所属区域", Form.ID, "Id of its area.", "nanling", also=("区域编码", "网格编码")
    ),
    Column("category", "楼栋类别", Form.WORD, "What kind.", "城中村", words=_CATEGORIES),
)
_TEAMS = (
    Column("team", "三人组", Form.ID, "Id of the team; homes name it.", "team-3", True,
           also=("三人组编码", "小组")),
    Column("member", "成员编号", Form.ID, "Unique in the team; stands in records for the name.",
           "worker", True, also=("成员",)),
    Column("role", "角色", Form.WORD, "What the person is to the homes.", "网格员", True,
           words=_ROLES),
    Column("name", "姓名", Form.NAMES, "Encrypted at rest.", "王小明", is_personal=True),
    Column("phones", "手机号", Form.PHONES, "Encrypted at rest; several with `、`, the first tried"
           " first.", "13900000001", is_personal=True,
           also=("手机", "电话", "联系电话", "phone", "手机号码")),
    Column("shift", "班次", Form.ID, "Name of the shift; none: on every shift.", "day"),
    Column("shift_starts", "班次开始", Form.TIME, "Local time the shift begins.", "08:00"),
    Column("shift_until", "班次结束", Form.TIME, "Local time it ends.", "20:00"),
    Column("beyond", "上级", Form.FLAG, "Whether told only where the team does not report in.",
           "否", also=("组外",)),
)  # fmt: skip
_HOMES = (
    Column("house_code", "房屋编码", Form.CODE, "By it rows are matched.", "440307006031203", True,
           also=("房屋编号", "code"), longest=40),
    Column("building", "楼栋编码", Form.ID, "Id of its building.", "nl-3", True, also=("楼栋",)),
    Column("team", "三人组", Form.ID, "Id of the team that answers for it.", "team-3", True,
           also=("三人组编码", "小组")),
    Column("address", "地址", Form.TEXT, "As it stands in texts, with no name.", "南岭村3栋1203",
           True, True, also=("住址", "详细地址")),
    Column("short_address", "短地址", Form.TEXT, "The same without village or street.", "3栋1203",
           is_personal=True),
    Column("starts_at", "开始时间", Form.MOMENT, "When the order begins; none: no order.",
           "2026-11-20 10:00", also=("隔离开始", "开始日期", "隔离开始时间", "隔离开始日期")),
    Column("ends_at", "结束时间", Form.LAST_MOMENT, "When it ends by itself; a day alone: with the"
           " end of that day.", "2026-12-04 10:00",
           also=("隔离结束", "结束日期", "隔离结束时间", "隔离结束日期")),
    Column("notice_served_at", "告知书送达", Form.MOMENT, "When the resident was told in writing;"
           " none: the home is not watched.", "2026-11-20 09:00",
           also=("送达时间", "告知时间", "告知书送达时间")),
    Column("residents", "姓名", Form.NAMES, "Who lives there; several with `、`, or a row each.",
           "张三、李四", is_personal=True, also=("隔离人员", "住户姓名")),
    Column("phones", "手机号", Form.PHONES, "Theirs, in the same order.", "13900000002",
           is_personal=True, also=("手机", "电话", "联系电话", "phone", "手机号码")),
)  # fmt: skip
_DEVICES = (
    Column("device", "设备编号", Form.DEVICE, "Its id in the topic, or the name its bridge gives.",
           "door-7f3a", True, also=("设备", "设备id", "id"), longest=128),
    Column("house_code", "房屋编码", Form.CODE, "The home it watches ...", "440307006031203",
           also=("房屋编号", "home"), longest=40),
    Column("building", "楼栋编码", Form.ID, "... or the building it serves.", "nl-3",
           also=("楼栋",)),
    Column("class", "供电", Form.WORD, "On mains, or asleep on a battery.", "电池",
           also=("供电方式",), words=_CLASSES),
    Column("bridge", "网关", Form.TEXT, "Id or base topic of what it speaks through.",
           "zigbee2mqtt"),
    Column("place", "安装位置", Form.TEXT, "Where it hangs, for texts.", "前门",
           also=("位置",), longest=12),
    Column("make", "品牌", Form.TEXT, "Who made it.", "Aqara", also=("厂家", "厂商")),
    Column("model", "型号", Form.TEXT, "Which model.", "MCCGQ11LM"),
    Column("serial", "序列号", Form.TEXT, "The maker's number.", "SN20261121", also=("sn",)),
    Column("state", "状态", Form.WORD, "Where in its life.", "使用中", words=_STATES,
           also=("设备状态",)),
)  # fmt: skip

COLUMNS = MappingProxyType(
    {
        Kind.AREAS: _AREAS,
        Kind.BUILDINGS: _BUILDINGS,
        Kind.TEAMS: _TEAMS,
        Kind.HOMES: _HOMES,
        Kind.DEVICES: _DEVICES,
    }
)

KEYS = MappingProxyType(
    {
        Kind.AREAS: ("id",),
        Kind.BUILDINGS: ("id",),
        Kind.TEAMS: ("team", "member"),
        Kind.HOMES: ("house_code",),
        Kind.DEVICES: ("device",),
    }
)
"""By which columns a row is matched with what is there."""


def known_as(heading: str, kind: Kind) -> Column | None:
    """Return the column that a heading names, however it is written; None for none of ours."""
    wanted = _plain(heading)
    for column in COLUMNS[kind]:
        if wanted in {_plain(name) for name in (column.key, column.chinese, *column.also)}:
            return column
    return None


def kinds_of(headings: list[str]) -> list[Kind]:
    """Return the kinds of lists that headings name: of those complete, the ones that know most."""
    found: dict[Kind, int] = {}
    for kind, columns in COLUMNS.items():
        named = {column.key for each in headings if (column := known_as(each, kind))}
        if named >= {column.key for column in columns if column.is_required}:
            found[kind] = len(named)
    return [kind for kind, known in found.items() if known == max(found.values())]


def _plain(heading: str) -> str:
    """Leave out what people add to a heading: spaces, case, a star, a unit in brackets."""
    folded = unicodedata.normalize("NFKC", heading).casefold()
    return re.sub(r"\(.*?\)|[\s_*:：-]", "", folded)
