"""Homes with their orders and residents: from an entry to what is staged, or what is wrong with it.

An order keeps its watch as long as its period overlaps the one before, as in a homes file; a later
period is another order, and the devices of the home go over to it.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, MutableMapping
from datetime import datetime
from typing import Any, NamedTuple

from alerts.tables import micros
from gateway.masking import mask_address, mask_name
from gateway.privacy import KeyStore
from gateway.registry.rows import Entry, Problem
from gateway.registry.staging import Change, Known, OneTimeSeal, Row
from gateway.registry.tables import residents
from gateway.registry.take_places import MASKED, Taken, full_phones, missing, unknown
from gateway.schema.tables import buildings, homes, orders, teams

AS_IT_IS = ""
"""State of a staged order that keeps the state it has by then: it may have ended meanwhile."""
_PERIOD = ("starts_at", "ends_at", "notice_served_at")


class Person(NamedTuple):
    """A resident."""

    name: str
    phone: str


class TakeHomes:
    """Homes, matched on their house code."""

    def __init__(
        self,
        known: Known,
        keys: KeyStore,
        seal: OneTimeSeal,
        watch_of: Mapping[str, str],
    ) -> None:
        """`watch_of`: the watch of the standing order of each home, by house code."""
        self._known = known
        self._keys = keys
        self._seal = seal
        self._watch_of = watch_of
        self.watches: MutableMapping[str, str] = {}
        """Those that are staged, by house code."""

    def take(self, entry: Entry) -> Taken:
        """Stage one home."""
        code = str(entry.values["house_code"])
        before = self._known.row(homes, code)
        row = self._home(code, entry, before)
        if isinstance(row, list):
            return row
        watch = self._watch_of.get(code)
        order = self._order(entry, watch)
        if isinstance(order, list):
            return order
        settled_in = order["watch"] if order else watch
        people = self._people(entry, watch)
        if isinstance(people, Problem):
            return [people]
        if people is not None and settled_in is None:
            wrong = "there is no order under whose key a name could be kept"
            return [
                Problem(entry.row, "starts_at", wrong, "fill in when the order begins and ends")
            ]
        done = [self._known.stage(homes, row, "home", code)]
        if watch is not None and before is not None and row["building"] != before["building"]:
            self._known.staging.add("rehoused", settled_in, row["building"])
        if order is not None:
            done.append(self._stage_order(code, order, watch))
        if people is not None and settled_in is not None:
            done.append(self._settle(settled_in, people, watch))
        if done[0] is Change.UNCHANGED and Change.UPDATED in done:
            return Change.UPDATED
        return done[0]

    # ---- the dwelling ----

    def _home(self, code: str, entry: Entry, before: Row | None) -> Row | list[Problem]:
        values: dict[str, Any] = dict(entry.values)
        problems = missing(entry, before, "building", "team", "address")
        for key, table in (("building", buildings), ("team", teams)):
            if key in values and not self._known.has(table, values[key]):
                problems.append(unknown(entry, key, key))
        row = before or {"code": code, "policy": "{}", "address": "", "short_address": ""}
        said: Row = {key: values[key] for key in ("building", "team") if key in values}
        for key in ("address", "short_address"):
            if key in values:
                address = _unmasked(values[key], row[key])
                if address is None:
                    problems.append(Problem(entry.row, key, MASKED, "write it in full"))
                said[key] = address
        if problems:
            return problems
        is_long = row["short_address"] == row["address"]  # nobody gave another one
        after = row | said
        if not after["short_address"] or ("short_address" not in said and is_long):
            after["short_address"] = after["address"]
        return after

    # ---- the order ----

    def _order(self, entry: Entry, watch: str | None) -> Row | list[Problem] | None:
        """Return the order as it is to be; None where nothing is said of it."""
        said: dict[str, Any] = {key: entry.values[key] for key in _PERIOD if key in entry.values}
        before = self._known.row(orders, watch) if watch else None
        if not said or (before is None and all(value == "" for value in said.values())):
            return None
        problems = [
            Problem(entry.row, key, "is missing", "an order has both")
            for key in ("starts_at", "ends_at")
            if said.get(key) == "" or (before is None and key not in said)
        ]
        if problems:
            return problems
        times: Row = {key: _micros(value) for key, value in said.items()}
        starts_at: int = times["starts_at"] if "starts_at" in times else (before or {})["starts_at"]
        ends_at: int = times["ends_at"] if "ends_at" in times else (before or {})["ends_at"]
        if ends_at <= starts_at:
            wrong = "is not later than the beginning"
            return [Problem(entry.row, "ends_at", wrong, "correct one of both")]
        if before is None or starts_at >= before["ends_at"]:
            before = {"watch": secrets.token_hex(8), "notice_served_at": None, "sealed_home": b""}
            state = "active"
        else:
            state = "extended" if ends_at > before["ends_at"] else AS_IT_IS
        return {**before, "starts_at": starts_at, "ends_at": ends_at, "state": state} | {
            "notice_served_at": times.get("notice_served_at", before["notice_served_at"])
        }

    def _stage_order(self, code: str, order: Row, watch: str | None) -> Change:
        is_new = order["watch"] != watch
        if not is_new:
            before = self._known.row(orders, order["watch"]) or {}
            fields = tuple(key for key in _PERIOD if before[key] != order[key])
            if not fields:
                return Change.UNCHANGED
        order["sealed_home"] = self._seal.seal(code)
        self._known.staging.put(orders, order)
        change = Change.NEW if is_new else Change.UPDATED
        self._known.note("order", order["watch"], change, () if is_new else fields)
        if is_new:
            self._known.staging.add("owners", order["watch"])
            self.watches[code] = order["watch"]
            if watch is not None:
                self._known.staging.add("rebound", watch, order["watch"])
        return Change.UPDATED

    # ---- who lives there ----

    def _people(self, entry: Entry, watch: str | None) -> list[Person] | Problem | None:
        """Return the residents as they are to be; None where nothing is said of them."""
        said: dict[str, Any] = dict(entry.values)
        if not said.get("residents") and not said.get("phones") and "residents" not in said:
            return None if "phones" not in said else self._without_phones(watch)
        before = self._residents(watch)
        names: list[str | None] = [each.name for each in before]
        if "residents" in said:
            names = [_known_name(written, before, i) for i, written in enumerate(said["residents"])]
        if any(name is None for name in names):
            return Problem(entry.row, "residents", MASKED, "write it in full, or leave it out")
        phone_of = {each.name: each.phone for each in before}
        phones = [phone_of.get(str(name), "") for name in names]
        if "phones" in said:
            found = full_phones(said["phones"], [each.phone for each in before])
            if found is None:
                return Problem(entry.row, "phones", MASKED, "write it in full, or leave it out")
            phones = found
        if len(phones) > len(names):
            wrong = "there are more phones than names"
            return Problem(entry.row, "phones", wrong, "one phone a name, `-` for none")
        phones += [""] * (len(names) - len(phones))
        return [Person(str(name), phone) for name, phone in zip(names, phones, strict=True)]

    def _without_phones(self, watch: str | None) -> list[Person] | None:
        before = self._residents(watch)
        return [each._replace(phone="") for each in before] if before else None

    def _residents(self, watch: str | None) -> list[Person]:
        if watch is None:
            return []
        query = "SELECT sealed FROM residents WHERE watch = ? ORDER BY position"
        rows = self._known.reader.execute(query, (watch,))
        return [Person(**json.loads(self._keys.unseal(watch, row[0]))) for row in rows]

    def _settle(self, watch: str, people: list[Person], before: str | None) -> Change:
        """Stage the residents of a home, if they are others than before."""
        if people == (self._residents(before) if before == watch else []):
            return Change.UNCHANGED
        self._known.staging.add("resettled", watch)
        for position, person in enumerate(people):
            sealed = self._seal.seal(json.dumps(person._asdict(), ensure_ascii=False))
            row = {"id": secrets.token_hex(8), "watch": watch, "position": position}
            self._known.staging.put(residents, row | {"sealed": sealed})
        self._known.note("order", watch, Change.UPDATED, ("residents",))
        return Change.UPDATED


def _unmasked(written: str, known: str) -> str | None:
    """Return an address in full; None where it is the mask of another."""
    if "*" not in written:
        return written
    return known if known and written == mask_address(known) else None


def _known_name(written: str, before: list[Person], position: int) -> str | None:
    if "*" not in written:
        return written
    known = before[position].name if position < len(before) else ""
    return known if known and mask_name(known) == written else None


def _micros(value: object) -> int | None:
    return micros(value) if isinstance(value, datetime) else None
