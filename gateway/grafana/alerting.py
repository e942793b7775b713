"""Alert rules for the gateway's own health: what it cannot say itself, or might say to nobody.

They are the second pair of eyes. What happens at a home is told by the gateway, by text; these go
to whoever looks after Grafana, over the contact point that is the default there.
"""

from __future__ import annotations

from dataclasses import dataclass

from gateway.export.schema import CHANNEL, CURSOR, FINDING, GATEWAY
from gateway.grafana.board import uid
from gateway.grafana.languages import LANGUAGES
from gateway.grafana.query import Json, Query, select
from gateway.health import BUDGET_WARNS_AT, DISK_LOW_BYTES, PROOF_LATE, WAITING_AFTER

GROUP = "menshen gateway"
FOLDER = "Menshen"
"""Of the rules. One for both languages: a rule speaks both."""
EVERY = "1m"
SILENT_M = 5
"""Minutes without a point that make a gateway silent; `influx.vitals_every_s` must be shorter."""
LAG_RECORDS = 50_000
"""Records a consumer may be behind (ours: an hour of a full gateway)."""
HOT_C = 80
"""From here on a Pi 4 slows down."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that somebody has to be told."""

    key: str
    title: tuple[str, str]  # zh, en
    what_to_do: tuple[str, str]
    query: Query
    is_above: bool  # it is bad above, or below ...
    limit: float  # ... this
    lasting: str  # for how long before somebody is told
    severity: str = "warning"
    reach_s: int = 900
    no_data: str = "OK"  # the rule on silence speaks of that


def _of_gateway(what: str, *where: str, by: str = '"gateway"') -> Query:
    return select(what, GATEWAY, *where, by=by)


def _found(part: str) -> Query:
    return select('last("level")', FINDING, f"\"part\" = '{part}'", by='"gateway"')


RULES = (
    Rule(
        "silent",
        ("网关没有数据", "The gateway is silent"),
        (
            "5 分钟没有数据：断电、断网、停机或写不进 InfluxDB。在网关上运行 menshen doctor。",
            (
                "No data for 5 minutes: no power, no network, the program or InfluxDB is down. Run "
                "menshen doctor on the gateway."
            ),
        ),
        _of_gateway('count("up_s")', by=f'time({SILENT_M}m), "gateway" fill(0)'),
        is_above=False,
        limit=1,
        lasting="3m",
        severity="critical",
        reach_s=24 * 3600,
        no_data="Alerting",
    ),
    Rule(
        "unwell",
        ("网关不能正常工作", "The gateway is not well"),
        (
            "看网关面板的“检查”：哪一部分坏了、为什么。",
            "See what was found on the dashboard Gateway: which part, and why.",
        ),
        _of_gateway('last("is_well")'),
        is_above=False,
        limit=1,
        lasting="2m",
        severity="critical",
    ),
    Rule(
        "late",
        ("短信发送延误", "Texts are late"),
        (
            "到时的短信等了超过 90 秒。看通道是否可发。",
            "A due text has waited for more than 90 seconds. See whether a channel can send.",
        ),
        _of_gateway('last("notice_wait_s")'),
        is_above=True,
        limit=WAITING_AFTER.total_seconds(),
        lasting="2m",
        severity="critical",
    ),
    Rule(
        "channel",
        ("通道不通", "A channel is down"),
        (
            "10 分钟不能发。看面板里的原因：欠费、信号、令牌。",
            (
                "It has not been able to send for 10 minutes. Why is on the dashboard: balance, "
                "signal, token."
            ),
        ),
        select('last("is_up")', CHANNEL, by='"gateway", "channel"'),
        is_above=False,
        limit=1,
        lasting="10m",
    ),
    Rule(
        "proof",
        ("测试短信没有到达", "No test text arrives"),
        (
            "超过 26 小时没有测试短信到达：通道说能发，却没有人收到。",
            "None for 26 hours: the channel says it can send, and nobody gets anything.",
        ),
        select('last("proof_age_s")', CHANNEL, by='"gateway", "channel"'),
        is_above=True,
        limit=PROOF_LATE.total_seconds(),
        lasting="10m",
    ),
    Rule(
        "lag",
        ("有消费者落后", "A consumer of the journal lags"),
        (
            "落后 5 万条以上，已 30 分钟。数据导出落后不影响报警；判断落后则立即处理。",
            (
                "More than 50,000 records behind for 30 minutes. An export that lags delays no "
                "alarm; an engine that lags does."
            ),
        ),
        select('last("lag_records")', CURSOR, by='"gateway", "consumer"'),
        is_above=True,
        limit=LAG_RECORDS,
        lasting="30m",
    ),
    Rule(
        "export",
        ("数据导出有问题", "The export has a problem"),
        (
            "InfluxDB 拒绝了数据、令牌或库名不对，或写不进。运行 menshen export status。",
            (
                "InfluxDB refuses lines, the token or the bucket, or does not answer. Run menshen "
                "export status."
            ),
        ),
        _found("export"),
        is_above=True,
        limit=0,
        lasting="15m",
    ),
    Rule(
        "disk",
        ("磁盘将满", "The disk is nearly full"),
        (
            "不足 512 MiB：腾出地方，否则最早的记录会提前删除。",
            "Less than 512 MiB: make room, or the oldest records go before their time.",
        ),
        _of_gateway('last("disk_free_bytes")'),
        is_above=False,
        limit=DISK_LOW_BYTES,
        lasting="10m",
    ),
    Rule(
        "budget",
        ("当日短信快用完", "The day's texts are nearly spent"),
        (
            "已用八成：之后只发重大短信。看哪一户、哪一台设备发得最多。",
            (
                "Four fifths are used: soon only critical texts go out. See which home or device "
                "causes them."
            ),
        ),
        _of_gateway('last("parts_today") / last("parts_a_day")'),
        is_above=True,
        limit=BUDGET_WARNS_AT,
        lasting="1m",
    ),
    Rule(
        "clock",
        ("时钟不可信", "The clock is not trusted"),
        (
            "隔离令不会自动结束。检查网络对时和时钟电池。",
            "No order ends by itself. Check time synchronisation and the battery of the clock.",
        ),
        _of_gateway('last("clock_trusted")'),
        is_above=False,
        limit=1,
        lasting="15m",
    ),
    Rule(
        "hot",
        ("网关过热", "The gateway is too hot"),
        (
            "处理器超过 80 °C，开始降速。检查通风。",
            "The processor is above 80 °C and slows down. Give it air.",
        ),
        _of_gateway('last("temperature_c")'),
        is_above=True,
        limit=HOT_C,
        lasting="10m",
    ),
)


def rules() -> Json:
    """Return the rules as a provisioning file has them."""
    group = {
        "orgId": 1,
        "name": GROUP,
        "folder": FOLDER,
        "interval": EVERY,
        "rules": [to_json(rule) for rule in RULES],
    }
    return {"apiVersion": 1, "groups": [group]}


def to_json(rule: Rule) -> Json:
    """Return one rule: its query, the last value of it, and the limit."""
    zh, en = rule.title
    todo_zh, todo_en = rule.what_to_do
    evaluator = {"type": "gt" if rule.is_above else "lt", "params": [rule.limit]}
    return {
        "uid": f"menshen-{rule.key}",
        "title": f"{zh} · {en}",
        "condition": "C",
        "data": [
            _asked(rule),
            _computed("B", {"type": "reduce", "expression": "A", "reducer": "last"}),
            _computed(
                "C",
                {
                    "type": "threshold",
                    "expression": "B",
                    "conditions": [{"evaluator": evaluator}],
                },
            ),
        ],
        "noDataState": rule.no_data,
        "execErrState": "Alerting" if rule.no_data == "Alerting" else "OK",
        "for": rule.lasting,
        "annotations": {
            "summary": f"{zh} · {en}",
            "description": f"{todo_zh}\n{todo_en}",
            "summary_zh": zh,
            "summary_en": en,
            "description_zh": todo_zh,
            "description_en": todo_en,
            "dashboard": f"/d/{uid('gateway', LANGUAGES['zh'])}",
        },
        "labels": {"source": "menshen", "severity": rule.severity},
        "isPaused": False,
    }


def _asked(rule: Rule) -> Json:
    return {
        "refId": "A",
        "relativeTimeRange": {"from": rule.reach_s, "to": 0},
        "datasourceUid": rule.query.source["uid"],
        "model": {
            "refId": "A",
            "datasource": rule.query.source,
            "rawQuery": True,
            "query": rule.query.text,
            "resultFormat": "time_series",
            "intervalMs": 60_000,
            "maxDataPoints": 1000,
        },
    }


def _computed(ref: str, expression: Json) -> Json:
    reference = {"type": "__expr__", "uid": "__expr__"}
    return {
        "refId": ref,
        "relativeTimeRange": {"from": 0, "to": 0},
        "datasourceUid": "__expr__",
        "model": {"refId": ref, "datasource": reference, **expression},
    }
