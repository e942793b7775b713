"""What is in InfluxDB: every measurement, its tags and fields, and how many series it may make.

docs/export.md is generated from here. Tags hold ids and enum words alone: no name, no phone, no
free text. Series are bounded by homes, devices, contacts and channels, never by time.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Bucket(StrEnum):
    """What is kept together, and as long; a database in InfluxDB 1.x."""

    HOMES = "homes"
    """What leads to a home: deleted when its order is released, 88 days old at the latest."""
    GATEWAY = "gateway"
    """How the gateway and its channels do. Leads to nobody."""
    COUNTS = "counts"
    """Hourly and daily figures by community: kept for years. Leads to nobody."""


class Type(StrEnum):
    """Type of a field; for ever, as InfluxDB refuses another."""

    TEXT = "text"
    WHOLE = "whole"  # an integer; facts that are true or false are 1 or 0
    NUMBER = "number"  # a float


@dataclass(frozen=True, slots=True)
class Field:
    """One field. Its unit is in its name: `_s`, `_ms` (since 1970 UTC where it is a time)."""

    name: str
    type: Type
    what: str


@dataclass(frozen=True, slots=True)
class Measurement:
    """One measurement."""

    name: str
    bucket: Bucket
    what: str
    time: str  # what the time of a point is
    tags: tuple[str, ...]
    series: str  # how many series at most
    fields: tuple[Field, ...]


def _text(name: str, what: str) -> Field:
    return Field(name, Type.TEXT, what)


def _whole(name: str, what: str) -> Field:
    return Field(name, Type.WHOLE, what)


def _number(name: str, what: str) -> Field:
    return Field(name, Type.NUMBER, what)


TAGS = {
    "watch": "random id of the order: what is deleted when it is released",
    "home": "house code, or a key that only this gateway can tell the house of",
    "building": "id of the building",
    "grid": "id of the grid",
    "community": "id of the community",
    "team": "id of the three-person team",
    "device": "id of the device",
    "kind": "what a fact, condition or notice is about or for",
    "part": "which door, seal or zone of a device",
    "matter": "what an incident is about",
    "to": "the state an incident came to",
    "contact": "team and member id; never a name or phone",
    "standing": "what is known of a home: incident, unknown, quiet, unwatched",
    "gateway": "name of the gateway",
    "channel": "name of the channel",
    "consumer": "name of a consumer of the journal",
    "name": "name of a running total",
    "statistic": "which figure of a day: mean, max, last, sum",
}
"""Every tag there is."""

PLACE = ("building", "community", "grid", "home", "team", "watch")
"""Tags of whatever happens at a watched home; one series more for none of them."""

OBSERVATION = Measurement(
    "observation",
    Bucket.HOMES,
    "Every fact a device reported.",
    "when it happened: arrival, less the age that the device gave; nanoseconds keep facts apart",
    (*PLACE, "device", "kind", "part"),
    "devices x kinds x parts, about 6 a device",
    (
        _text("state", "what it said"),
        _text("origin", "event, report, cached or retained: how much it says about now"),
        _whole("seq", "number of the journal's record"),
        _number("late_s", "how long after it happened it arrived"),
        _whole("observed_at_ms", "the device's own clock"),
        _text("clock", "how far the device trusts its clock"),
        _whole("persons", "of a camera"),
        _number("confidence", "of a camera, 0 to 1"),
        _text("note", "a word of the decoder's"),
    ),
)

STATE = Measurement(
    "state",
    Bucket.HOMES,
    "What a door, seal, camera, device or permit was from this moment on. Written when it is said, "
    "when it becomes unknown, and again every few minutes.",
    "from when it was so",
    (*PLACE, "device", "kind", "part"),
    "standing kinds x parts, about 4 a device, and 1 a home for permits",
    (
        _text(
            "state", "the state; `unknown` while nobody can say; of a permit its purpose or none"
        ),
        _text("source", "said, unknown or rewritten"),
    ),
)

UNKNOWN = Measurement(
    "unknown",
    Bucket.HOMES,
    "A span in which nobody could say what a device did; without `device`: the gateway was deaf "
    "or off.",
    "when it began",
    (*PLACE, "device"),
    "1 a device and 1",
    (
        _text("reason", "why"),
        _whole("until_ms", "when it ended; 0 while it lasts"),
        _number("lasted_s", "how long, once it ended"),
        _whole("stands", "1 while it lasts"),
    ),
)

HOME = Measurement(
    "home",
    Bucket.HOMES,
    "How each home stood, every few minutes.",
    "of the sample, on whole multiples of its interval",
    PLACE,
    "1 a home",
    (
        _text("standing", "incident, unknown, quiet or unwatched"),
        _whole("doors_open", "doors that are open"),
        _whole("devices", "devices registered"),
        _whole("missing", "devices that owe messages"),
        _number("unknown_s", "seconds of the interval before in which it was unknown"),
        _number("watched_s", "seconds of that interval in which its order ran"),
        _number("ends_in_s", "until its order ends"),
    ),
)

SUPERVISION = Measurement(
    "supervision",
    Bucket.HOMES,
    "How each device stood, every few minutes.",
    "of the sample",
    (*PLACE, "device"),
    "1 a device",
    (
        _number("silent_s", "since it was last heard"),
        _number("owes_every_s", "the longest silence allowed"),
        _whole("is_missing", "1 while it owes messages"),
        _whole("is_unknown", "1 while nobody can say what it does"),
        _whole("is_battery_low", "1 while its battery is low"),
        _whole("is_on_battery", "1 while its mains is lost"),
    ),
)

DEVICE = Measurement(
    "device",
    Bucket.HOMES,
    "Readings of a device, with whatever it reported.",
    "as of the observation",
    (*PLACE, "device"),
    "1 a device",
    (
        _number("battery_pct", "charge, 0 to 100"),
        _number("battery_v", "volts"),
        _whole("rssi_dbm", "how it hears its network"),
        _whole("link_quality", "0 to 255, of the last radio hop"),
        _number("clock_off_s", "its clock less ours, where it has one"),
        _number("interval_s", "the longest pause it promised"),
    ),
)

INCIDENT = Measurement(
    "incident",
    Bucket.HOMES,
    "Every incident, written again whenever it changes.",
    "when it was opened",
    (*PLACE, "device", "matter"),
    "matters x (homes + devices + buildings)",
    (
        _text("id", "its durable id"),
        _text("number", "the four digits people say"),
        _text("state", "open, acknowledged, on_site, resolved or reviewed"),
        _text("headline", "the worst condition"),
        _text("title_zh", "what it is, in Chinese"),
        _text("title_en", "what it is, in English"),
        _whole("severity", "0 to 4"),
        _whole("level", "evidence, 0 to 4"),
        _text("level_reason", "why that level"),
        _whole("since_ms", "since when the headline was true"),
        _whole("end_ms", "when it was resolved; while it is open, when this was written"),
        _whole("is_open", "1 until it is resolved"),
        _number("acknowledged_s", "from opening to the first report-in"),
        _number("on_site_s", "from opening to arrival"),
        _number("resolved_s", "from opening to the end of it"),
        _number("reviewed_s", "from opening to the review"),
        _whole("in_time", "1 where somebody reported in within 15 minutes, 0 where nobody did"),
        _text("cause", "what it was in the end"),
        _whole("reopened", "how often it came back"),
        _whole("homes_blind", "homes that could not be watched"),
    ),
)

TRANSITION = Measurement(
    "transition",
    Bucket.HOMES,
    "Every recorded change of an incident.",
    "when it was decided; nanoseconds keep them apart",
    (*PLACE, "device", "matter", "to"),
    "6 x those of incidents",
    (
        _text("incident", "id of the incident"),
        _text("number", "its four digits"),
        _text("from", "the state before"),
        _text("reason", "why"),
        _text("role", "role of who did it; `system` where nobody did"),
        _number("after_s", "since the incident was opened"),
    ),
)

NOTICE = Measurement(
    "notice",
    Bucket.HOMES,
    "Every text to a person, written again when its end is known.",
    "when it was written",
    (*PLACE, "contact", "kind"),
    "contacts x kinds x homes of their team",
    (
        _text("incident", "id of the incident"),
        _text("role", "role of the contact"),
        _text("state", "what became of it"),
        _text("reason", "why this person, and why now"),
        _text("end_reason", "why it ended so"),
        _whole("severity", "0 to 4"),
        _text("channel", "that had it last"),
        _number("settled_s", "until the network took it, or it ended"),
        _whole("is_resend", "1 where it may have gone out before"),
        _whole("count", "1, to be summed"),
    ),
)

CONDITION = Measurement(
    "condition",
    Bucket.HOMES,
    "Everything a rule found true, from-to.",
    "when it became true",
    (*PLACE, "device", "kind", "part"),
    "conditions x devices, about 4 a device",
    (
        _text("id", "its id"),
        _text("reason", "why"),
        _whole("stands", "1 while it is true"),
        _number("lasted_s", "how long, once it cleared"),
        _text("clear_reason", "why it cleared"),
        _text("incident", "id of the incident it joined"),
    ),
)

ATTEMPT = Measurement(
    "attempt",
    Bucket.GATEWAY,
    "Every try to send a text.",
    "when it began; nanoseconds keep them apart",
    ("gateway", "channel", "team", "kind"),
    "channels x teams x kinds of notice",
    (
        _text("outcome", "what became of it"),
        _text("reason", "why"),
        _number("took_s", "how long the channel took"),
        _whole("parts", "parts sent, each of which costs"),
        _number("cost_yuan", "what they cost"),
        _text("reported", "what the delivery report said"),
        _whole("is_delivered", "1 where it is known to have arrived"),
        _whole("is_failed", "1 where it did not go out"),
    ),
)

GATEWAY = Measurement(
    "gateway",
    Bucket.GATEWAY,
    "How the gateway does.",
    "of the sample",
    ("gateway",),
    "1 a gateway",
    (
        _number("up_s", "since its start"),
        _whole("is_well", "1 while it can do its work"),
        _whole("broker_connected", "1 while it hears devices"),
        _whole("clock_trusted", "1 while orders may end by its clock"),
        _whole("journal_seq", "the last record"),
        _number("messages_per_s", "taken in since the sample before"),
        _number("commits_per_s", "of the journal, since the sample before"),
        _whole("lag_records", "records not applied yet"),
        _whole("notices_waiting", "texts no channel took yet"),
        _number("notice_wait_s", "how long the oldest due one has waited"),
        _whole("parts_today", "parts sent today over channels that cost"),
        _whole("parts_a_day", "how many there may be"),
        _number("cost_today_yuan", "what they cost"),
        _whole("disk_free_bytes", "room on the disk"),
        _whole("database_bytes", "size of its own database"),
        _number("disk_written_bytes_per_s", "written by this program: what wears a card"),
        _whole("memory_bytes", "its resident memory"),
        _number("cpu_pct", "of one core"),
        _number("temperature_c", "of the processor, where it tells"),
    ),
)

CHANNEL = Measurement(
    "channel",
    Bucket.GATEWAY,
    "How each channel does.",
    "of the sample",
    ("gateway", "channel"),
    "1 a channel",
    (
        _whole("is_up", "1 while it can send"),
        _text("reason", "why"),
        _number("signal_dbm", "of a modem"),
        _whole("texts_today", "texts since midnight"),
        _whole("parts_today", "parts since midnight"),
        _number("cost_today_yuan", "what they cost"),
        _number("proof_age_s", "since a test text last arrived"),
        _number("proof_took_s", "how long it took"),
    ),
)

FINDING = Measurement(
    "finding",
    Bucket.GATEWAY,
    "What is found of each part of the gateway.",
    "of the sample",
    ("gateway", "part"),
    "about 12 a gateway",
    (
        _whole("level", "0 well, 1 somebody should look, 2 the work is not done"),
        _text("reason", "why"),
        _text("detail", "figures"),
    ),
)

CURSOR = Measurement(
    "cursor",
    Bucket.GATEWAY,
    "How far each consumer of the journal is.",
    "of the sample",
    ("gateway", "consumer"),
    "about 4 a gateway",
    (
        _whole("seq", "the last record it has"),
        _whole("lag_records", "records it does not have yet"),
    ),
)

COUNTER = Measurement(
    "counter",
    Bucket.GATEWAY,
    "Running totals since the start, as in docs/metrics.md.",
    "of the sample",
    ("gateway", "name"),
    "about 120 a gateway",
    (_whole("total", "since the start"),),
)

HOMES_HOUR = Measurement(
    "homes_hour",
    Bucket.COUNTS,
    "Homes of a community in an hour, by how they stood.",
    "the beginning of the hour",
    ("community", "standing"),
    "4 a community",
    (
        _number("homes", "how many, on average"),
        _number("unknown_s", "home-seconds unknown (with standing `unknown` alone)"),
    ),
)

INCIDENTS_DAY = Measurement(
    "incidents_day",
    Bucket.COUNTS,
    "Incidents of a community in a day (UTC), by what they were about.",
    "the beginning of the day",
    ("community", "matter"),
    "5 a community",
    (
        _whole("opened", "how many were opened"),
        _whole("acknowledged", "of these somebody reported in"),
        _whole("in_time", "of these within 15 minutes"),
        _number("median_s", "median time to the first report-in"),
    ),
)

CHANNEL_DAY = Measurement(
    "channel_day",
    Bucket.COUNTS,
    "What a channel sent in a day (UTC).",
    "the beginning of the day",
    ("gateway", "channel"),
    "1 a channel",
    (
        _whole("attempts", "tries"),
        _whole("parts", "parts"),
        _whole("delivered", "known to have arrived"),
        _number("cost_yuan", "what they cost"),
    ),
)

GATEWAY_HOUR = Measurement(
    "gateway_hour",
    Bucket.COUNTS,
    "The gateway in an hour.",
    "the beginning of the hour",
    ("gateway", "statistic"),
    "2 a gateway",
    (
        _number("messages_per_s", "taken in"),
        _number("lag_records", "records not applied yet"),
        _number("disk_free_bytes", "room on the disk"),
        _number("disk_written_bytes_per_s", "written"),
        _number("memory_bytes", "resident memory"),
        _number("cpu_pct", "of one core"),
        _number("is_well", "share of the time it was well"),
    ),
)

MEASUREMENTS = (
    *(OBSERVATION, STATE, UNKNOWN, HOME, SUPERVISION, DEVICE),
    *(INCIDENT, TRANSITION, NOTICE, CONDITION),
    *(ATTEMPT, GATEWAY, CHANNEL, FINDING, CURSOR, COUNTER),
    *(HOMES_HOUR, INCIDENTS_DAY, CHANNEL_DAY, GATEWAY_HOUR),
)
"""Everything there is."""
