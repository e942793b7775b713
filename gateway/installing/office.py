"""Installs devices in a running gateway: every step is checked again here, written and audited.

What was done stands in the registry and the audit; a page only asks. Who may do it, and where, is
decided by whoever calls.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, select

from alerts.permits import GrantPermit, RevokePermit
from alerts.tables import micros, permits
from devices import provisioning
from gateway import journal
from gateway.accounts.rights import Account
from gateway.audit import store as audit
from gateway.audit.chain import Action
from gateway.installing import store
from gateway.installing.admission import (
    Refused,
    why_not_begin,
    why_not_home,
    why_not_place,
    why_not_sign_off,
)
from gateway.installing.checklist import CONFIRMED, Limits, Tick, Ticked, judge
from gateway.installing.ears import Ears
from gateway.installing.kinds import CALLED, DeviceKind, Place
from gateway.installing.places import Home, device_of, home_of, known_of
from gateway.installing.store import Installing
from gateway.memories import Decode
from gateway.privacy import GATEWAY
from gateway.registry.columns import Kind
from gateway.registry.lifecycle import DeviceState
from gateway.registry.service import ManagedByFileError, Registry, RegistryError
from gateway.registry.stage import Report
from gateway.release import freed
from gateway.web.ports import GatewayActs, GatewayView

TRIAL: Final = "installing"
"""Purpose of the permit under which a door is tried at a home that is watched already."""


@dataclass(frozen=True, slots=True)
class Turned:
    """A step that was refused, and what else is to be said of it."""

    why: Refused
    detail: str = ""
    since: datetime | None = None


@dataclass(slots=True)
class InstallingOffice:
    """Everything that is asked of installing at run time."""

    registry: Registry
    view: GatewayView
    act: GatewayActs
    decode: Decode
    ears: Ears = field(init=False)

    def __post_init__(self) -> None:
        """Begin to listen."""
        self.ears = Ears(self.view.read, self.decode)

    @property
    def within(self) -> timedelta:
        """Return how long a device may take from mounting to service."""
        return timedelta(seconds=self.registry.config.installing.within_s)

    @property
    def limits(self) -> Limits:
        """Return from where on signal and battery are good enough."""
        said = self.registry.config.installing
        return Limits(said.weakest_dbm, said.least_link_quality, said.least_battery_pct)

    # ---- looking ----

    def get(self, id_: str) -> Installing | None:
        """Return an installing."""
        with self.view.read() as connection:
            return store.get(connection, id_)

    def home(self, code: str) -> Home | None:
        """Return a home by its house code."""
        with self.view.read() as connection:
            return home_of(connection, code, self.registry.index.watch_of().get(code))

    def home_under(self, watch: str | None) -> Home | None:
        """Return the home of an order; None where that is over."""
        code = self.registry.index.code_of(watch) if watch else None
        return self.home(code) if code else None

    async def heard_at(self, devices: Collection[str]) -> dict[str, datetime]:
        """Return when each of these devices was heard last; one never heard is not in it."""

        def look(_connection: Connection) -> dict[str, datetime]:
            state = self.registry.pipeline.state
            known = {each: state.devices.get(each) for each in devices} if state else {}
            return {each: at for each, it in known.items() if it and (at := it.heard_at)}

        return await self.registry.writer.run_turn(look)

    async def ticks(self, installing: Installing) -> tuple[Ticked, ...]:
        """Return every tick as it stands now; none before it was mounted."""
        kind, mounted_at = installing.kind, installing.mounted_at
        if kind is None or mounted_at is None:
            return ()
        facts = await asyncio.to_thread(self.ears.facts, installing)
        return judge(kind, facts, mounted_at, installing.answers, self.limits)

    # ---- from the label to the place ----

    async def read_label(self, scanned: str) -> str | None:
        """Return the id of the device whose QR code or short code this is; None: nobody's."""
        label = provisioning.read_label(scanned.strip())
        if label is not None:
            return label.device
        code = provisioning.read_short_code(scanned)
        return await asyncio.to_thread(self._by_code, code) if code else None

    def _by_code(self, code: str) -> str | None:
        with self.view.read() as connection:
            return device_of(connection, code)

    async def begin(self, by: Account, device: str) -> str | Turned:
        """Begin to install a device, or go on where somebody began; return the installing's id."""
        with self.view.read() as connection:
            goes_on = store.of_device(connection, device)
            known = known_of(connection, device, is_bound_here=goes_on is not None)
        if refused := why_not_begin(known):
            return Turned(refused, device, known.bound_since)
        if goes_on is not None:
            return goes_on.id

        def job(connection: Connection) -> str:
            seq = journal.last_seq(connection)
            return store.begin(connection, device, by.id, seq, self.view.now())

        return await self.act.write(job)

    async def choose_home(self, installing: Installing, code: str) -> Home | Turned:
        """Note at which home it is to hang."""
        home = self.home(code)
        if home is None:
            return Turned(Refused.UNKNOWN_HOME)
        if refused := why_not_home(home.order, self.view.now()):
            return Turned(refused)
        if installing.mounted_at is not None and installing.watch != home.watch:
            return Turned(Refused.STALE)
        if not await self._change(installing, watch=home.watch):
            return Turned(Refused.STALE)
        return home

    async def mount(
        self, by: Account, installing: Installing, kind: DeviceKind, place: Place
    ) -> Turned | None:
        """Bind the device to its home and place; from now on the door counts."""
        home = self.home_under(installing.watch)
        if home is None or installing.ended_at is not None:
            return Turned(Refused.STALE)
        if refused := why_not_place(kind, place):
            return Turned(refused)
        called = CALLED[self.view.language][place]
        values = {
            "device": installing.device,
            "house_code": home.code,
            "place": called,
            "state": DeviceState.MOUNTED,
        }
        await self._allow_trying(by, home)
        what = (Action.DEVICE_MOUNTED, installing.device, f"{kind}: {called}")
        if turned := await self._enter(by, home.watch, what, Kind.DEVICES, values):
            return turned
        mounted_at = micros(self.view.now())
        await self._change(installing, kind=kind, place=place, mounted_at=mounted_at, told_at=None)
        return None

    async def confirm(self, installing: Installing, answers: Mapping[Tick, bool]) -> Turned | None:
        """Note what the installer confirms."""
        kept = {each.value: said for each, said in answers.items() if each in CONFIRMED}
        merged = json.dumps({**installing.answers, **kept}, sort_keys=True)
        return None if await self._change(installing, answers=merged) else Turned(Refused.STALE)

    # ---- signing off ----

    async def sign_off(
        self, by: Account, installing: Installing, *, is_served: bool
    ) -> Turned | None:
        """Put the device into service, with the notice served or not."""
        home = self.home_under(installing.watch)
        if home is None or installing.mounted_at is None or installing.ended_at is not None:
            return Turned(Refused.STALE)
        if refused := why_not_sign_off(await self.ticks(installing)):
            return Turned(refused)
        served_now = is_served and home.order is not None and not home.order.notice_served_at
        said = "notice served" if served_now else "notice on record" if is_served else "no notice"
        what = (Action.DEVICE_IN_SERVICE, installing.device, said)
        for state in (DeviceState.COMMISSIONED, DeviceState.IN_SERVICE):
            values = {"device": installing.device, "state": state}
            is_last = state is DeviceState.IN_SERVICE
            turned = await self._enter(
                by, home.watch, what if is_last else None, Kind.DEVICES, values
            )
            if turned:
                return turned
        if served_now:
            served = {"house_code": home.code, "notice_served_at": _local(self.view.now(), self)}
            if turned := await self._enter(by, home.watch, None, Kind.HOMES, served):
                return turned
        now = self.view.now()
        await self.act.write(lambda c: store.end(c, installing.id, "in_service", now))
        await self._end_trying(by, home)
        return None

    # ---- afterwards ----

    async def take_back(self, by: Account, device: str, watch: str | None) -> Turned | None:
        """Unbind a device: nobody is told when it is unscrewed afterwards."""
        values = {
            "device": device,
            "house_code": "-",
            "building": "-",
            "state": DeviceState.REMOVED,
        }
        what = (Action.DEVICE_TAKEN_BACK, device, "")
        if turned := await self._enter(by, watch, what, Kind.DEVICES, values):
            return turned
        now = self.view.now()
        await self.act.write(lambda c: store.end_of_device(c, device, now))
        return None

    async def give_up(self, installing: Installing) -> None:
        """End what was begun and never mounted."""
        now = self.view.now()
        await self.act.write(lambda c: store.end(c, installing.id, "given_up", now))

    async def wiped(self, by: Account, device: str) -> None:
        """Note that somebody wiped a device that was freed by a release."""

        def job(connection: Connection) -> None:
            now = self.view.now()
            if freed.wiped(connection, device, now):
                subject = f"device:{device}"
                audit.append(connection, self.view.keys, now, by.id, Action.DEVICE_WIPED, subject)

        await self.act.write(job)

    async def check(
        self, by: Account, device: str, watch: str | None, *, is_good: bool
    ) -> Turned | None:
        """Enter the daily check of a device; a bad one makes it faulty."""
        outcome = "good" if is_good else "faulty"
        if not is_good:
            values = {"device": device, "state": DeviceState.FAULTY}
            if turned := await self._enter(by, watch, None, Kind.DEVICES, values):
                return turned

        def job(connection: Connection) -> None:
            now = self.view.now()
            store.check(connection, device, by.id, outcome, now)
            self._note(connection, by, watch, (Action.DEVICE_CHECKED, device, outcome))

        await self.act.write(job)
        return None

    # ---- how it is written ----

    async def _enter(
        self,
        by: Account,
        watch: str | None,
        what: tuple[Action, str, str] | None,
        kind: Kind,
        values: Mapping[str, str],
    ) -> Turned | None:
        """Enter it into the registry; what is done is in the audit before it is."""
        try:
            if what is not None:
                tried = await self.registry.enter(kind, values, by.login, dry_run=True)
                if not tried.is_good:
                    return _mistaken(tried)
                noted = what
                await self.act.write(lambda c: self._note(c, by, watch, noted))
            entered = await self.registry.enter(kind, values, by.login)
        except ManagedByFileError:
            return Turned(Refused.MANAGED_BY_FILE)
        except RegistryError as error:
            return Turned(Refused.REGISTRY, str(error))
        return None if entered.is_good else _mistaken(entered)

    def _note(
        self,
        connection: Connection,
        by: Account,
        watch: str | None,
        what: tuple[Action, str, str],
    ) -> None:
        action, device, detail = what
        audit.append(
            connection,
            self.view.keys,
            self.view.now(),
            by.id,
            action,
            f"device:{device}",
            detail,
            owner=watch or GATEWAY,
        )

    async def _change(self, installing: Installing, **values: Any) -> bool:
        return await self.act.write(lambda c: store.change(c, installing.id, **values))

    # ---- trying a door that is watched already ----

    async def _allow_trying(self, by: Account, home: Home) -> None:
        """Announce the openings by which a door is tried; of a home not watched it says nothing."""
        now = self.view.now()
        until = now + self.within
        await self.act.command(GrantPermit(home.watch, now, until, TRIAL, by.login))

    async def _end_trying(self, by: Account, home: Home) -> None:
        query = select(permits.c.id).where(
            permits.c.watch == home.watch,
            permits.c.purpose == TRIAL,
            permits.c.granted_by == by.login,
            permits.c.revoked_at.is_(None),
            permits.c.until_at > micros(self.view.now()),
        )
        with self.view.read() as connection:
            still_good = list(connection.scalars(query))
        for permit in still_good:
            await self.act.command(RevokePermit(permit, by.login))


def _local(now: datetime, office: InstallingOffice) -> str:
    """Write a time as a list of homes has it."""
    return f"{now.astimezone(office.registry.zone):%Y-%m-%d %H:%M:%S}"


def _mistaken(report: Report) -> Turned:
    """Return what the registry says is wrong."""
    problem = report.problems[0]
    return Turned(Refused.REGISTRY, f"{problem.column}: {problem.wrong}; {problem.instead}")
