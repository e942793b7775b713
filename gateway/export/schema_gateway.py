"""What InfluxDB has of the gateway and its channels, which leads to nobody."""

from __future__ import annotations

from gateway.export.measured import Bucket, Measurement, number, text, whole

ATTEMPT = Measurement(
    "attempt",
    Bucket.GATEWAY,
    "Every try to send a text.",
    "when it began; nanoseconds keep them apart",
    ("gateway", "channel", "team", "kind"),
    "channels x teams x kinds of notice",
    (
        text("outcome", "what became of it"),
        text("reason", "why"),
        number("took_s", "how long the channel took"),
        whole("parts", "parts sent, each of which costs"),
        number("cost_yuan", "what they cost"),
        text("reported", "what the delivery report said"),
        whole("is_delivered", "1 where it is known to have arrived"),
        whole("is_failed", "1 where it did not go out"),
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
        number("up_s", "since its start"),
        whole("is_well", "1 while it can do its work"),
        whole("broker_connected", "1 while it hears devices"),
        whole("clock_trusted", "1 while orders may end by its clock"),
        whole("journal_seq", "the last record"),
        number("messages_per_s", "taken in since the sample before"),
        number("commits_per_s", "of the journal, since the sample before"),
        whole("lag_records", "records not applied yet"),
        whole("notices_waiting", "texts no channel took yet"),
        number("notice_wait_s", "how long the oldest due one has waited"),
        whole("parts_today", "parts sent today over channels that cost"),
        whole("parts_a_day", "how many there may be"),
        number("cost_today_yuan", "what they cost"),
        whole("disk_free_bytes", "room on the disk"),
        whole("database_bytes", "size of its own database"),
        number("disk_written_bytes_per_s", "written by this program: what wears a card"),
        whole("memory_bytes", "its resident memory"),
        number("cpu_pct", "of one core"),
        number("temperature_c", "of the processor, where it tells"),
        number("load", "threads of the machine that want to run, over a minute"),
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
        whole("is_up", "1 while it can send"),
        text("reason", "why"),
        number("signal_dbm", "of a modem"),
        whole("texts_today", "texts since midnight"),
        whole("parts_today", "parts since midnight"),
        number("cost_today_yuan", "what they cost"),
        number("proof_age_s", "since a test text last arrived"),
        number("proof_took_s", "how long it took"),
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
        whole("level", "0 well, 1 somebody should look, 2 the work is not done"),
        text("reason", "why"),
        text("detail", "figures"),
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
        whole("seq", "the last record it has"),
        whole("lag_records", "records it does not have yet"),
    ),
)

COUNTER = Measurement(
    "counter",
    Bucket.GATEWAY,
    "Running totals since the start, as in docs/metrics.md.",
    "of the sample",
    ("gateway", "name"),
    "about 120 a gateway",
    (whole("total", "since the start"),),
)
