"""What InfluxDB has of homes, devices and incidents: it goes when an order is released."""

from __future__ import annotations

from gateway.export.measured import Bucket, Measurement, number, text, whole

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
        text("state", "what it said"),
        text("origin", "event, report, cached or retained: how much it says about now"),
        whole("seq", "number of the journal's record"),
        number("late_s", "how long after it happened it arrived"),
        whole("observed_at_ms", "the device's own clock"),
        text("clock", "how far the device trusts its clock"),
        whole("persons", "of a camera"),
        number("confidence", "of a camera, 0 to 1"),
        text("note", "a word of the decoder's"),
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
        text("state", "the state; `unknown` while nobody can say; of a permit its purpose or none"),
        text("source", "said, unknown or rewritten"),
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
        text("reason", "why"),
        whole("until_ms", "when it ended; 0 while it lasts"),
        number("lasted_s", "how long, once it ended"),
        whole("stands", "1 while it lasts"),
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
        text("standing", "incident, unknown, quiet or unwatched"),
        whole("doors_open", "doors that are open"),
        whole("devices", "devices registered"),
        whole("missing", "devices that owe messages"),
        number("unknown_s", "seconds since the sample before in which it was unknown"),
        number("watched_s", "seconds since then in which its order ran"),
        number("ends_in_s", "until its order ends"),
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
        number("silent_s", "since it was last heard"),
        number("owes_every_s", "the longest silence allowed"),
        whole("is_missing", "1 while it owes messages"),
        whole("is_unknown", "1 while nobody can say what it does"),
        whole("is_battery_low", "1 while its battery is low"),
        whole("is_on_battery", "1 while its mains is lost"),
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
        number("battery_pct", "charge, 0 to 100"),
        number("battery_v", "volts"),
        whole("rssi_dbm", "how it hears its network"),
        whole("link_quality", "0 to 255, of the last radio hop"),
        number("clock_off_s", "its clock less ours, where it has one"),
        number("interval_s", "the longest pause it promised"),
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
        text("id", "its durable id"),
        text("number", "the four digits people say"),
        text("state", "open, acknowledged, on_site, resolved or reviewed"),
        text("headline", "the worst condition"),
        text("title_zh", "what it is, in Chinese"),
        text("title_en", "what it is, in English"),
        whole("severity", "0 to 4"),
        whole("level", "evidence, 0 to 4"),
        text("level_reason", "why that level"),
        whole("since_ms", "since when the headline was true"),
        whole("end_ms", "when it was resolved; while it is open, when this was written"),
        whole("is_open", "1 until it is resolved"),
        number("acknowledged_s", "from opening to the first report-in"),
        text("reported_in", "roles that reported in, the first one first, with commas; or empty"),
        number("on_site_s", "from opening to arrival"),
        number("resolved_s", "from opening to the end of it"),
        number("reviewed_s", "from opening to the review"),
        whole("in_time", "1 where somebody reported in within 15 minutes, 0 where nobody did"),
        text("cause", "what it was in the end"),
        whole("reopened", "how often it came back"),
        whole("homes_blind", "homes that could not be watched"),
    ),
)

TRANSITION = Measurement(
    "transition",
    Bucket.HOMES,
    "Every recorded change of an incident.",
    "when it was decided; nanoseconds keep them apart",
    (*PLACE, "device", "matter", "to"),
    "5 x those of incidents",
    (
        text("incident", "id of the incident"),
        text("number", "its four digits"),
        text("from", "the state before"),
        text("reason", "why"),
        text("role", "role of who did it; `system` where nobody did"),
        number("after_s", "since the incident was opened"),
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
        text("incident", "id of the incident"),
        text("role", "role of the contact"),
        text("state", "what became of it"),
        text("reason", "why this person, and why now"),
        text("end_reason", "why it ended so"),
        whole("severity", "0 to 4"),
        text("channel", "that had it last"),
        number("settled_s", "until the network took it, or it ended"),
        whole("is_resend", "1 where it may have gone out before"),
        whole("count", "1, to be summed"),
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
        text("id", "its id"),
        text("reason", "why"),
        whole("stands", "1 while it is true"),
        number("lasted_s", "how long, once it cleared"),
        text("clear_reason", "why it cleared"),
        text("incident", "id of the incident it joined"),
    ),
)
