"""What is in InfluxDB: every measurement, its tags and fields, and how many series it may make.

docs/export.md is generated from here. Tags hold ids and enum words alone: no name, no phone, no
free text. Series are bounded by homes, devices, contacts and channels, never by time.
"""

from __future__ import annotations

from gateway.export.measured import Bucket, Field, Measurement, Points, Type
from gateway.export.schema_counts import CHANNEL_DAY, GATEWAY_HOUR, HOMES_HOUR, INCIDENTS_DAY
from gateway.export.schema_gateway import ATTEMPT, CHANNEL, COUNTER, CURSOR, FINDING, GATEWAY
from gateway.export.schema_homes import (
    CONDITION,
    DEVICE,
    HOME,
    INCIDENT,
    NOTICE,
    OBSERVATION,
    PLACE,
    STATE,
    SUPERVISION,
    TRANSITION,
    UNKNOWN,
)

__all__ = [
    "ATTEMPT",
    "CHANNEL",
    "CHANNEL_DAY",
    "CONDITION",
    "COUNTER",
    "CURSOR",
    "DEVICE",
    "FINDING",
    "GATEWAY",
    "GATEWAY_HOUR",
    "HOME",
    "HOMES_HOUR",
    "INCIDENT",
    "INCIDENTS_DAY",
    "MEASUREMENTS",
    "NOTICE",
    "OBSERVATION",
    "PLACE",
    "STATE",
    "SUPERVISION",
    "TAGS",
    "TRANSITION",
    "UNKNOWN",
    "Bucket",
    "Field",
    "Measurement",
    "Points",
    "Type",
]

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

MEASUREMENTS = (
    *(OBSERVATION, STATE, UNKNOWN, HOME, SUPERVISION, DEVICE),
    *(INCIDENT, TRANSITION, NOTICE, CONDITION),
    *(ATTEMPT, GATEWAY, CHANNEL, FINDING, CURSOR, COUNTER),
    *(HOMES_HOUR, INCIDENTS_DAY, CHANNEL_DAY, GATEWAY_HOUR),
)
"""Everything there is."""
