"""Scenario files: what comes with the simulator can be played; what can't is refused by place."""

from pathlib import Path

import pytest

from firmware_sim import loader, people
from firmware_sim.describe import describe
from firmware_sim.people import Ordered, Sense
from firmware_sim.scenario import DeviceKind, ScenarioError, Step, What
from firmware_sim.truth import Demand, Role, Truth

SMALL = """
[scenario]
name = "small"
duration_s = 60.0

[[buildings]]
code = "NL-03"
name = "南岭村3栋"
area = ["市", "区", "街道", "社区", "网格"]

[[models]]
name = "magnet"
kind = "magnet"
prefix = "mag"

[[models]]
name = "button"
kind = "button"
prefix = "btn"

[[homes]]
building = "NL-03"
rooms = ["1203", "1204"]
devices = ["magnet", "button"]
"""


def small(more: str = "") -> str:
    return SMALL + more


@pytest.mark.parametrize("name", ["street", "quiet", "night", "faults"])
def test_every_built_in_scenario_can_be_played(name: str) -> None:
    scenario = loader.load(name)
    assert scenario.steps
    assert all(step.at_s < scenario.duration_s for step in scenario.steps)


def test_the_street_is_as_large_and_as_eventful_as_the_demo_needs() -> None:
    street = loader.load("street")
    assert (len(street.homes), len(street.buildings), len(street.devices)) == (30, 3, 80)
    in_a_minute = {step.truth for step in street.steps if step.at_s <= 60 * street.speed}
    assert in_a_minute >= {
        Truth.OPENED_BRIEFLY,
        Truth.OPENED_ANNOUNCED,
        Truth.LEFT_OPEN,
        Truth.SEAL_BROKEN,
        Truth.LEFT_UNANNOUNCED,
        Truth.CONTACT_BOUNCED,
        Truth.HELP_WANTED,
        Truth.DEVICE_REBOOTED,
        Truth.BRIDGE_RESTARTED,
        Truth.POWER_CUT,
    }
    assert street.steps[0].at_s / street.speed == pytest.approx(5, abs=1)
    assert len({d.home for d in street.devices.values() if not d.is_native}) == 10


def test_who_is_told_of_the_seal_first_never_answers_so_that_it_escalates() -> None:
    street = loader.load("street")
    team = next(team.id for team in street.teams if "SW-12" in team.buildings)
    on_duty = [p for p in street.phones if team in p.teams and p.shift != "night"]
    answering = {p.role for p in on_duty if p.answers}
    assert answering == {Role.LEAD}


def test_nothing_may_be_sent_on_the_quiet_street() -> None:
    assert all(s.demand is None or s.demand.told == [] for s in loader.load("quiet").steps)


def test_a_room_becomes_a_home_with_one_device_of_each_model() -> None:
    scenario = loader.parse(small(), where="small")
    assert scenario.homes["NL-03-1203"].address == "南岭村3栋1203"
    assert list(scenario.devices) == [
        "mag-nl-03-1203",
        "btn-nl-03-1203",
        "mag-nl-03-1204",
        "btn-nl-03-1204",
    ]


def test_a_device_entry_changes_one_generated_device_and_no_other() -> None:
    more = '[[devices]]\nid = "mag-nl-03-1203"\nclock = "1970"\nloss = 0.1\n'
    devices = loader.parse(small(more), where="small").devices
    assert devices["mag-nl-03-1203"].model.clock == "1970"
    assert devices["mag-nl-03-1204"].model.clock == "synced"


STEP = '[[steps]]\nat_s = 1\nwhat = "open"\n'


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (STEP + 'home = "NL-03-1230"', r"steps\[0\].home: there is no 'NL-03-1230'; the nearest"),
        (STEP, r"steps\[0\]: 'open' needs a home or a device"),
        (STEP + 'home = "NL-03-1203"\nfor = 3', r"unknown field `for` - at `\$.steps\[0\]`"),
        ('[[steps]]\nat_s = 1\nwhat = "fly"', r"'fly' - at `\$.steps\[0\].what`"),
        (
            '[[steps]]\nat_s = 1\nwhat = "break_seal"\nhome = "NL-03-1203"',
            r"steps\[0\]: home 'NL-03-1203' has no seal",
        ),
        (
            '[[steps]]\nat_s = 1\nwhat = "bridge_restart"\nbridge = "z"',
            r"steps\[0\]: there is no bridge 'z'",
        ),
        (
            STEP + 'home = "NL-03-1203"\ndemand = { told = ["worker"], within_s = 5 }',
            r"steps\[0\]: a demand needs the truth",
        ),
        (
            STEP + 'home = "NL-03-1203"\ntruth = "left_open"\ndemand = { told = ["worker"] }',
            r"needs within_s - at `\$.steps\[0\].demand`",
        ),
        ('[[faults]]\nkind = "drop"\nvalue = 3.0', r"chance from 0 to 1.*at `\$.faults\[0\]`"),
        ('[[devices]]\nid = "mag-nl-03-9999"', r"devices\[0\].id"),
        (
            '[[phones]]\nname = "a"\nrole = "worker"\nnumber = "1"\nteams = ["x"]',
            r"phones\[0\].teams: there is no 'x'",
        ),
        (
            '[[homes]]\nbuilding = "NL-03"\nrooms = ["1203"]\ndevices = []',
            r"homes\[1\].rooms: NL-03-1203 is there twice",
        ),
        ("[[steps]", "Expected"),
    ],
)
def test_what_cannot_be_played_is_refused_with_its_place(more: str, said: str) -> None:
    with pytest.raises(ScenarioError, match=said) as error:
        loader.parse(small(more), where="small.toml")
    assert str(error.value).startswith("small.toml: ")


def test_a_zigbee_sensor_needs_a_bridge_in_its_building() -> None:
    text = small().replace('prefix = "mag"', 'prefix = "mag"\nprofile = "zigbee2mqtt"')
    with pytest.raises(ScenarioError, match="NL-03 has no bridge"):
        loader.parse(text, where="small.toml")


def test_a_missing_file_names_what_is_built_in(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="built in are faults, night, quiet, street"):
        loader.load(str(tmp_path / "none.toml"))


def test_an_announced_opening_is_a_press_and_then_a_door() -> None:
    scenario = loader.parse(small(), where="small")
    step = Step(at_s=10, what=What.OPEN, home="NL-03-1203", announced_s=15, for_s=30)
    acts = [a for a in people.acts(step, scenario) if isinstance(a, Sense)]
    assert [(a.at_s, a.kind, a.state) for a in acts] == [
        (10, "button", "announce"),
        (25, "door", "open"),
        (55, "door", "closed"),
    ]


def test_a_late_announcement_comes_after_the_door() -> None:
    scenario = loader.parse(small(), where="small")
    step = Step(at_s=10, what=What.OPEN, home="NL-03-1203", announced_s=-30)
    acts = [a for a in people.acts(step, scenario) if isinstance(a, Sense)]
    assert [(a.at_s, a.state) for a in acts] == [(10, "open"), (40, "announce")]


def test_whoever_leaves_is_seen_by_the_camera_between_door_and_door() -> None:
    scenario = loader.load("street")
    step = Step(at_s=0, what=What.LEAVE, home="NL-03-0802")
    acts = [a for a in people.acts(step, scenario) if isinstance(a, Sense)]
    assert [a.state for a in acts] == ["open", "exit", "closed"]


def test_a_bounce_flaps_within_five_seconds_and_ends_closed() -> None:
    scenario = loader.parse(small(), where="small")
    step = Step(at_s=0, what=What.BOUNCE, home="NL-03-1203", times=5)
    acts = [a for a in people.acts(step, scenario) if isinstance(a, Sense)]
    assert len(acts) == 10
    assert acts[-1].at_s <= 5
    assert acts[-1].state == "closed"


def test_a_power_cut_takes_every_native_device_and_the_bridge_of_its_building() -> None:
    scenario = loader.load("street")
    step = Step(at_s=0, what=What.POWER_CUT, building="NL-05", for_s=60)
    targets = {a.target for a in people.acts(step, scenario) if isinstance(a, Ordered)}
    buttons = {d.id for d in scenario.devices.values() if d.building == "NL-05" and d.is_native}
    assert targets == buttons | {"z2m-nl-05"}


def test_a_description_has_what_a_product_configures_itself_from() -> None:
    told = describe(loader.load("street"))
    assert {"homes", "devices", "bridges", "teams", "phones", "demands", "speed"} <= set(told)
    devices = told["devices"]
    assert isinstance(devices, list)
    assert {d["profile"] for d in devices} == {"native", "zigbee2mqtt"}
    assert {d["kind"] for d in devices} == set(DeviceKind)


def test_a_demand_keeps_silence_visible() -> None:
    assert Demand(told=[]).as_json() == {"told": []}
    assert Demand(told=[Role.WORKER], within_s=5, level=1).as_json() == {
        "told": ["worker"],
        "within_s": 5,
        "level": 1,
    }
