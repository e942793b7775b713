"""Areas, buildings and teams: from an entry to what is staged, or to what is wrong with it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from gateway.homes.file import AREA_LEVELS
from gateway.masking import mask_name, mask_phone
from gateway.privacy import KeyStore, team_owner
from gateway.registry.rows import Entry, Problem
from gateway.registry.staging import Change, Known, OneTimeSeal, Row
from gateway.schema.tables import areas, buildings, contacts, teams

Taken = Change | list[Problem]

MASKED = "shows a mask and not who it is"


def missing(entry: Entry, before: Row | None, *keys: str) -> list[Problem]:
    """Return what a new entry must say and does not."""
    if before is not None:
        return []
    return [
        Problem(entry.row, key, "is missing", "a new entry needs it")
        for key in keys
        if key not in entry.values
    ]


def unknown(entry: Entry, key: str, what: str) -> Problem:
    """Return that something is named that is not there."""
    shown = entry.values.get(key, "")
    return Problem(entry.row, key, f'there is no {what} "{shown}"', f"import its {what} first")


class TakeAreas:
    """The five levels, from the top down: what lies above must be there already."""

    def __init__(self, known: Known) -> None:
        self._known = known

    def take(self, entry: Entry) -> Taken:
        """Stage one area."""
        values: dict[str, Any] = dict(entry.values)
        before = self._known.row(areas, values["id"])
        if problems := missing(entry, before, "name", "level"):
            return problems
        row = {**(before or {"parent": None}), **values}
        row["parent"] = row["parent"] or None
        if row["parent"] is not None:
            above = self._known.row(areas, row["parent"])
            if above is None:
                return [unknown(entry, "parent", "area")]
            if AREA_LEVELS.index(above["level"]) >= AREA_LEVELS.index(row["level"]):
                wrong = f"a {above['level']} does not stand above a {row['level']}"
                return [Problem(entry.row, "parent", wrong, "name an area of a higher level")]
        return self._known.stage(areas, row, "area", row["id"])


class TakeBuildings:
    """Buildings in their areas."""

    def __init__(self, known: Known) -> None:
        self._known = known

    def take(self, entry: Entry) -> Taken:
        """Stage one building."""
        values: dict[str, Any] = dict(entry.values)
        before = self._known.row(buildings, values["id"])
        if problems := missing(entry, before, "name"):
            return problems
        row = {**(before or {"area": None, "category": "estate"}), **values}
        row["area"] = row["area"] or None
        row["category"] = row["category"] or "estate"
        if row["area"] is not None and not self._known.has(areas, row["area"]):
            return [unknown(entry, "area", "area")]
        return self._known.stage(buildings, row, "building", row["id"])


class TakeMembers:
    """People of teams; a team is there as soon as somebody is on it."""

    def __init__(self, known: Known, keys: KeyStore, seal: OneTimeSeal) -> None:
        self._known = known
        self._keys = keys
        self._seal = seal
        self._said: dict[str, dict[str, Any]] = {}
        """Names and phones that are staged, by contact: they cannot be compared sealed."""

    def take(self, entry: Entry) -> Taken:
        """Stage one member, with the team and its shift."""
        values: dict[str, Any] = dict(entry.values)
        contact = f"{values['team']}/{values['member']}"
        before = self._known.row(contacts, contact)
        if problems := missing(entry, before, "role"):
            return problems
        team = self._team(values, entry)
        if isinstance(team, Problem):
            return [team]
        personal = self._personal(contact, values["team"], values, before)
        if isinstance(personal, str):
            return [Problem(entry.row, personal, MASKED, "write it in full, or leave it out")]
        row = {
            "id": contact,
            "team": values["team"],
            "position": before["position"] if before else self._next(values["team"]),
            "role": values.get("role") or (before or {})["role"],
            "shift": values.get("shift", (before or {}).get("shift")) or None,
            "is_beyond": int(bool(values.get("beyond", before and before["is_beyond"]))),
        }
        fields = [name for name, value in row.items() if before and before[name] != value]
        if before and personal != self._before(contact, values["team"], before):
            fields += [name for name in ("name", "phones") if name in values]
        is_team_new = self._stage_team(values["team"], team)
        if before and not fields:
            return Change.UPDATED if is_team_new else Change.UNCHANGED
        self._said[contact] = personal
        row["sealed"] = self._seal.seal(json.dumps(personal, ensure_ascii=False))
        self._known.staging.put(contacts, row)
        change = Change.UPDATED if before else Change.NEW
        self._known.note("member", contact, change, tuple(fields))
        return change

    def _team(self, values: dict[str, Any], entry: Entry) -> Row | Problem:
        """Return the team with the member's shift in it."""
        team = self._known.row(teams, values["team"])
        shifts = json.loads(team["shifts"]) if team else []
        name = values.get("shift")
        if not name:
            return team or {"id": values["team"], "shifts": "[]", "overrides": "[]"}
        here = next((each for each in shifts if each["name"] == name), None)
        starts = values.get("shift_starts") or (here or {}).get("starts")
        until = values.get("shift_until") or (here or {}).get("until")
        if not starts or not until or starts == until:
            wrong = "nobody said when the shift begins and ends, or both are the same"
            return Problem(entry.row, "shift", wrong, "fill in 班次开始 and 班次结束, like 08:00")
        said = {"name": name, "starts": starts, "until": until}
        shifts = [said if each is here else each for each in shifts] + ([] if here else [said])
        written = json.dumps(shifts, ensure_ascii=False, separators=(",", ":"))
        return {"id": values["team"], "overrides": team["overrides"] if team else "[]"} | {
            "shifts": written
        }

    def _stage_team(self, name: str, row: Row) -> bool:
        before = self._known.row(teams, name)
        is_same = before is not None and json.loads(before["shifts"]) == json.loads(row["shifts"])
        if not is_same:
            self._known.staging.put(teams, row)
            self._known.staging.add("owners", team_owner(name))
            change = Change.UPDATED if before else Change.NEW
            self._known.note("team", name, change, ("shifts",))
        return not is_same

    def _personal(
        self, contact: str, team: str, values: dict[str, Any], before: Row | None
    ) -> dict[str, Any] | str:
        """Return name and phones as they are to be; the column that is masked where one is."""
        said: dict[str, Any] = {"name": "", "phones": []}
        if before:
            said = self._before(contact, team, before)
        after = dict(said)
        if "name" in values:
            name = "、".join(values["name"])
            if "*" in name:
                if name != mask_name(said["name"]):
                    return "name"
                name = said["name"]
            after["name"] = name
        if "phones" in values:
            phones = full_phones([each for each in values["phones"] if each], said["phones"])
            if phones is None:
                return "phones"
            after["phones"] = phones
        return after

    def _before(self, contact: str, team: str, before: Row) -> dict[str, Any]:
        if contact not in self._said:
            said = json.loads(self._keys.unseal(team_owner(team), before["sealed"]))
            self._said[contact] = {**said, "phones": list(said["phones"])}
        return self._said[contact]

    def _next(self, team: str) -> int:
        """Return the position after the last one of a team, staged ones too."""
        query = "SELECT max(position) FROM contacts WHERE team = ?"
        found = [
            connection.execute(query, (team,)).fetchone()[0]
            for connection in (self._known.reader, self._known.staging.connection)
        ]
        return max((int(each) + 1 for each in found if each is not None), default=0)


def full_phones(written: Sequence[str], before: Sequence[str]) -> list[str] | None:
    """Put known phones where their masks stand; None where a mask is of none of them."""
    found = []
    for phone in written:
        if "*" not in phone:
            found.append(phone)
            continue
        known = next((each for each in before if mask_phone(each) == phone), None)
        if known is None:
            return None
        found.append(known)
    return found
