"""Devices: from an entry to what is staged, or to what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from alerts.model import DeviceClass
from devices.profile import DeviceSettings
from gateway.registry.lifecycle import AT_NO_PLACE, DeviceState, Refused, reachable, why_not
from gateway.registry.rows import Entry, Problem
from gateway.registry.staging import Change, Known, Row, differing
from gateway.registry.tables import equipment
from gateway.registry.take_places import Taken, unknown
from gateway.release.freed import waits_to_be_wiped
from gateway.schema.tables import buildings, devices, homes

_PLAIN = msgspec.json.encode(DeviceSettings()).decode()
_MADE = ("make", "model", "serial")


class TakeDevices:
    """Devices, matched on their id."""

    def __init__(self, known: Known, watch_of: Mapping[str, str], now: int) -> None:
        """`watch_of` as for homes; `now` in microseconds since 1970 UTC."""
        self._known = known
        self._watch_of = watch_of
        self._now = now

    def take(self, entry: Entry) -> Taken:
        """Stage one device: what it is, and where it hangs."""
        values: dict[str, Any] = dict(entry.values)
        device = values["device"]
        if problem := self._wrong_id(entry, device):
            return [problem]
        hung = self._known.row(devices, device)
        known = self._known.row(equipment, device)
        place = self._place(entry, hung)
        if isinstance(place, Problem):
            return [place]
        if place and hung is None and waits_to_be_wiped(self._known.reader, device):
            wrong = "was at a home that was released, and is not wiped yet"
            remedy = f"reset it to factory settings, then say `menshen device wiped {device}`"
            return [Problem(entry.row, "device", wrong, remedy)]
        before = DeviceState(known["state"]) if known else None
        state = self._state(values, before, hung, has_place=bool(place))
        if problem := _refused(entry, before, state, has_place=bool(place)):
            return [problem]
        row = self._hung(device, values, hung, place) if state not in AT_NO_PLACE else None
        return self._stage(device, row, hung, self._made(device, values, known, state), known)

    def _stage(
        self, device: str, row: Row | None, hung: Row | None, made: Row, known: Row | None
    ) -> Change:
        fields: set[str] = set()
        if row is not None and row != hung:
            self._known.staging.put(devices, row)
            fields.update(differing(hung, row))
        if row is None and hung is not None:
            self._known.staging.add("unbound", device)
            fields.add("place")
        if known is None or known != made:
            self._known.staging.put(equipment, made)
            fields.update(set(differing(known, made)) - {"changed_at"})
        if not fields:
            return Change.UNCHANGED
        change = Change.NEW if known is None and hung is None else Change.UPDATED
        self._known.note("device", device, change, tuple(sorted(fields)))
        return change

    def _wrong_id(self, entry: Entry, device: str) -> Problem | None:
        if device.startswith("bridge:"):
            wrong = '"bridge:" begins what is kept of bridges'
            return Problem(entry.row, "device", wrong, "rename the device")
        return None

    def _place(self, entry: Entry, hung: Row | None) -> tuple[str | None, str] | Problem | None:
        """Return watch and building where it is to hang; None: nowhere."""
        code, building = (str(entry.values.get(key, "")) for key in ("house_code", "building"))
        if code:
            home = self._known.row(homes, code)
            if home is None:
                return unknown_home(entry, "no home has this house code")
            if building and building != home["building"]:
                wrong = "is not the building of that home"
                return Problem(entry.row, "building", wrong, "name the home alone")
            watch = self._watch_of.get(code)
            if watch is None:
                return unknown_home(entry, "the home has no order")
            return watch, home["building"]
        if building:
            if not self._known.has(buildings, building):
                return unknown(entry, "building", "building")
            return None, building
        is_emptied = any(entry.values.get(key) == "" for key in ("house_code", "building"))
        return None if hung is None or is_emptied else (hung["watch"], hung["building"])

    def _state(
        self,
        values: Mapping[str, Any],
        before: DeviceState | None,
        hung: Row | None,
        *,
        has_place: bool,
    ) -> DeviceState:
        if values.get("state"):
            return DeviceState(values["state"])
        if before is None or (before in AT_NO_PLACE and has_place):
            return DeviceState.IN_SERVICE if has_place else DeviceState.REGISTERED
        if not has_place and hung is not None:
            return DeviceState.REMOVED
        return before

    def _hung(
        self,
        device: str,
        values: Mapping[str, Any],
        hung: Row | None,
        place: tuple[str | None, str] | None,
    ) -> Row:
        assert place is not None  # each other state has one, or was refused
        row: Row = hung or {
            "device_class": DeviceClass.SLEEPING.value,
            "bridge": None,
            "place": "",
            "settings": _PLAIN,
        }
        said = {"id": device, "watch": place[0], "building": place[1]}
        if "class" in values:
            said["device_class"] = values["class"] or DeviceClass.SLEEPING.value
        if "bridge" in values:
            said["bridge"] = values["bridge"] or None
        if "place" in values:
            said["place"] = values["place"]
        return row | said

    def _made(
        self, device: str, values: Mapping[str, Any], known: Row | None, state: DeviceState
    ) -> Row:
        row: Row = known or dict.fromkeys(_MADE, "") | {"state": "", "changed_at": self._now}
        said = {key: values[key] for key in _MADE if key in values}
        changed_at = row["changed_at"] if row["state"] == state.value else self._now
        return row | said | {"device": device, "state": state.value, "changed_at": changed_at}


def unknown_home(entry: Entry, wrong: str) -> Problem:
    """Return that a device cannot hang at a home; the house code stands in no message."""
    return Problem(entry.row, "house_code", wrong, "import the home with its order first")


def _refused(
    entry: Entry, before: DeviceState | None, state: DeviceState, *, has_place: bool
) -> Problem | None:
    refused = why_not(before or state, state, has_place=has_place)
    if before is None or refused is not Refused.NOT_FROM_HERE:
        if refused is None:
            return None
        wrong = f"a device that is {state} hangs somewhere"
        return Problem(entry.row, "house_code", wrong, "name its home or building")
    may = "、".join(reachable(before))
    return Problem(entry.row, "state", f"{before} does not become {state}", f"one of {may}")
