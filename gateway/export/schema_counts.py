"""Hourly and daily figures in InfluxDB, kept for years, which lead to nobody."""

from __future__ import annotations

from gateway.export.measured import Bucket, Measurement, number, whole

HOMES_HOUR = Measurement(
    "homes_hour",
    Bucket.COUNTS,
    "Homes of a community in the samples of an hour, which each count since the one before.",
    "the beginning of the hour",
    ("community", "standing"),
    "4 a community",
    (
        number("homes", "how many, on average"),
        number("unknown_s", "home-seconds unknown (with standing `unknown` alone)"),
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
        whole("opened", "how many were opened"),
        whole("acknowledged", "of these somebody reported in"),
        whole("in_time", "of these within 15 minutes"),
        number("median_s", "median time to the first report-in"),
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
        whole("attempts", "tries"),
        whole("parts", "parts"),
        whole("delivered", "known to have arrived"),
        number("cost_yuan", "what they cost"),
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
        number("messages_per_s", "taken in"),
        number("lag_records", "records not applied yet"),
        number("disk_free_bytes", "room on the disk"),
        number("disk_written_bytes_per_s", "written"),
        number("memory_bytes", "resident memory"),
        number("cpu_pct", "of one core"),
        number("is_well", "share of the time it was well"),
    ),
)
