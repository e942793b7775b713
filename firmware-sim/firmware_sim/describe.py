"""A scenario as one JSON object: what a product needs to configure itself for that street."""

import msgspec

from firmware_sim.scenario import Device, Scenario


def describe(scenario: Scenario) -> dict[str, object]:
    """Return the street's homes, devices, people and demands; never what will be sent when."""
    return {
        "name": scenario.name,
        "seed": scenario.seed,
        "speed": scenario.speed,
        "duration_s": scenario.duration_s,
        "local_time": scenario.local_time,
        "utc_offset_h": scenario.utc_offset_h,
        "buildings": msgspec.to_builtins(list(scenario.buildings.values())),
        "homes": [
            {
                "code": home.code,
                "address": home.address,
                "building": home.building,
                "area": list(home.area),
            }
            for home in scenario.homes.values()
        ],
        "bridges": msgspec.to_builtins(list(scenario.bridges.values())),
        "devices": [_device(device) for device in scenario.devices.values()],
        "teams": msgspec.to_builtins(list(scenario.teams)),
        "phones": msgspec.to_builtins(list(scenario.phones)),
        "demands": [
            {
                "step": n,
                "at_s": step.at_s,
                "truth": step.truth,
                "home": step.home,
                "building": step.building,
                "demand": step.demand.as_json(),
            }
            for n, step in enumerate(scenario.steps)
            if step.demand is not None
        ],
    }


def _device(device: Device) -> dict[str, object]:
    model = device.model
    return {
        "id": device.id,
        "kind": device.kind,
        "home": device.home,
        "building": device.building,
        "profile": model.profile,
        "model": model.contact_model if device.bridge else model.name,
        "parts": model.parts,
        "interval_s": model.interval_s,
        "supply": model.supply,
        "bridge": device.bridge,
    }
