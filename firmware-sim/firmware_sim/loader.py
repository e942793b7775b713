"""Reads a scenario file (TOML) and resolves it; what can't be played is refused with its place.

Built-in scenarios go by name. Generators keep files short: a `[[homes]]` entry with `rooms` makes
one home a room, and each home gets one device of every model named in `devices`.
"""

import tomllib
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Literal, TypeVar

import msgspec

from firmware_sim import people
from firmware_sim.clock import Trust
from firmware_sim.faults import Fault
from firmware_sim.payloads import STATES
from firmware_sim.scenario import (
    Bridge,
    Building,
    Device,
    Home,
    Model,
    Phone,
    Scenario,
    ScenarioError,
    Step,
    Supply,
    Team,
)

BUILT_IN = Path(__file__).parent / "scenarios"

T = TypeVar("T")


class _Header(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    duration_s: float
    seed: int = 0
    speed: float = 10.0
    local_time: str = "14:30"
    utc_offset_h: float = 8.0


class _Homes(msgspec.Struct, forbid_unknown_fields=True):
    building: str
    rooms: list[str]
    devices: list[str]


class _Own(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """A device of its own, or (by the id of a generated one) what is different about it."""

    id: str
    home: str | None = None
    model: str | None = None
    interval_s: float | None = None
    repeat_s: float | None = None
    supply: Supply | None = None
    battery: float | None = None
    drain_per_day: float | None = None
    clock: Trust | None = None
    drift_ppm: float | None = None
    rssi: int | None = None
    loss: float | None = None
    listens: bool | None = None
    parts: tuple[str, ...] | None = None
    contact_model: Literal["MCCGQ11LM", "SNZB-04P"] | None = None

    def differences(self) -> dict[str, object]:
        """Return the fields in which the device differs from its model."""
        named: dict[str, object] = msgspec.structs.asdict(self)
        placed = ("id", "home", "model")
        return {k: v for k, v in named.items() if v is not None and k not in placed}


class _File(msgspec.Struct, forbid_unknown_fields=True):
    scenario: _Header
    buildings: list[Building]
    models: list[Model]
    homes: list[_Homes]
    bridges: list[Bridge] = []
    devices: list[_Own] = []
    team: list[Team] = []
    phones: list[Phone] = []
    steps: list[Step] = []
    faults: list[Fault] = []


def built_in_names() -> list[str]:
    """Return the names of the scenarios that come with the simulator."""
    return sorted(path.stem for path in BUILT_IN.glob("*.toml"))


def load(name: str) -> Scenario:
    """Return the scenario of a path or a built-in name; ScenarioError says what is wrong."""
    path = BUILT_IN / f"{name}.toml" if name in built_in_names() else Path(name)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        known = ", ".join(built_in_names())
        raise ScenarioError(f"{name}: can't be read ({error}); built in are {known}") from error
    return parse(text, where=str(name))


def parse(text: str, *, where: str) -> Scenario:
    """Return the scenario written in a TOML text; `where` names it in errors."""
    try:
        file = msgspec.convert(tomllib.loads(text), _File)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise ScenarioError(f"{where}: {error}") from error
    try:
        return _resolve(file)
    except ScenarioError as error:
        raise ScenarioError(f"{where}: {error}") from error


def _resolve(file: _File) -> Scenario:
    buildings = _by("buildings", ((b.code, b) for b in file.buildings))
    bridges = _by("bridges", ((b.id, b) for b in file.bridges))
    for n, bridge in enumerate(file.bridges):
        _find(buildings, bridge.building, f"bridges[{n}].building")
    homes, devices = _homes(file, buildings)
    devices |= _own_devices(file, homes, devices)
    teams = _by("team", ((team.id, team) for team in file.team))
    for n, phone in enumerate(file.phones):
        for team in phone.teams:
            _find(teams, team, f"phones[{n}].teams")
    scenario = Scenario(
        **msgspec.structs.asdict(file.scenario),
        buildings=buildings,
        bridges=bridges,
        homes=homes,
        devices=devices,
        teams=tuple(file.team),
        phones=tuple(file.phones),
        steps=tuple(sorted(file.steps, key=lambda step: step.at_s)),
        faults=tuple(file.faults),
    )
    _check_steps(file.steps, scenario)
    return scenario


def _homes(
    file: _File, buildings: Mapping[str, Building]
) -> tuple[dict[str, Home], dict[str, Device]]:
    models = _by("models", ((model.name, model) for model in file.models))
    homes: dict[str, Home] = {}
    devices: dict[str, Device] = {}
    for n, group in enumerate(file.homes):
        building = _find(buildings, group.building, f"homes[{n}].building")
        made = [_find(models, name, f"homes[{n}].devices") for name in group.devices]
        for room in group.rooms:
            home = Home(
                f"{building.code}-{room}",
                f"{building.name}{room}",
                building.code,
                tuple(building.area),
            )
            if home.code in homes:
                raise ScenarioError(f"homes[{n}].rooms: {home.code} is there twice")
            homes[home.code] = home
            for model in made:
                device = _place(f"{model.prefix}-{home.code.lower()}", home, model, file.bridges)
                devices[device.id] = device
    return homes, devices


def _own_devices(
    file: _File, homes: Mapping[str, Home], generated: Mapping[str, Device]
) -> dict[str, Device]:
    models = {model.name: model for model in file.models}
    own: dict[str, Device] = {}
    for n, entry in enumerate(file.devices):
        place = f"devices[{n}]"
        if entry.home is None or entry.model is None:
            known = _find(generated, entry.id, f"{place}.id (without home and model)")
            home, model = homes[known.home], known.model
        else:
            home = _find(homes, entry.home, f"{place}.home")
            model = _find(models, entry.model, f"{place}.model")
        model = msgspec.structs.replace(model, **entry.differences())
        own[entry.id] = _place(entry.id, home, model, file.bridges)
    return own


def _place(device_id: str, home: Home, model: Model, bridges: Iterable[Bridge]) -> Device:
    bridge = None
    if model.profile == "zigbee2mqtt":
        bridge = next((b.id for b in bridges if b.building == home.building), None)
        if bridge is None:
            raise ScenarioError(f"{device_id} speaks Zigbee, but {home.building} has no bridge")
    return Device(device_id, home.code, home.building, model, bridge)


def _check_steps(steps: list[Step], scenario: Scenario) -> None:
    for n, step in enumerate(steps):
        if step.home is not None:
            _find(scenario.homes, step.home, f"steps[{n}].home")
        try:
            acts = people.acts(step, scenario)
        except LookupError as error:
            raise ScenarioError(f"steps[{n}]: {error.args[0]}") from error
        for act in acts:
            if isinstance(act, people.Sense) and act.state not in STATES[act.kind]:
                raise ScenarioError(f"steps[{n}].state: no {act.kind} state is {act.state!r}")
        if step.demand is not None and step.truth is None:
            raise ScenarioError(f"steps[{n}]: a demand needs the truth it rests on")


def _by(place: str, pairs: Iterable[tuple[str, T]]) -> dict[str, T]:
    found: dict[str, T] = {}
    for name, value in pairs:
        if name in found:
            raise ScenarioError(f"{place}: {name} is there twice")
        found[name] = value
    return found


def _find(known: Mapping[str, T], name: str, place: str) -> T:
    if name in known:
        return known[name]
    nearest = get_close_matches(name, known, n=1)
    hint = f"; the nearest is {nearest[0]!r}" if nearest else ""
    raise ScenarioError(f"{place}: there is no {name!r}{hint}")
