"""The simulator's pages name every option, step, fault and scenario, and none besides."""

from __future__ import annotations

import argparse
import re

import pytest

from docs.generate import ROOT
from firmware_sim import cli, load_cli, modem_cli
from firmware_sim.faults import FaultKind
from firmware_sim.loader import built_in_names
from firmware_sim.modem_families import FAMILIES
from firmware_sim.modem_faults import KNOWN
from firmware_sim.scenario import What

README = (ROOT / "firmware-sim" / "README.md").read_text(encoding="utf-8")
MODEM = (ROOT / "firmware-sim" / "MODEM.md").read_text(encoding="utf-8")


def options(parser: argparse.ArgumentParser) -> set[str]:
    """Every long option of a parser and of the commands below it."""
    found: set[str] = set()
    for action in parser._actions:
        found |= {name for name in action.option_strings if name.startswith("--")}
        if isinstance(action, argparse._SubParsersAction):
            for inner in action.choices.values():
                found |= options(inner)
    return found - {"--help"}


def first_cells(text: str) -> set[str]:
    rows = re.findall(r"^\| ([^|]+) \|", text, re.MULTILINE)
    return {word for cell in rows for word in re.findall(r"`([^`]+)`", cell)}


@pytest.mark.parametrize(
    ("parser", "page"),
    [(cli._parser(), README), (load_cli._parser(), README), (modem_cli._parser(), MODEM)],
    ids=["play", "load", "modem"],
)
def test_every_option_is_named(parser: argparse.ArgumentParser, page: str) -> None:
    assert not [option for option in options(parser) if option not in page]


def test_no_option_is_named_that_does_not_exist() -> None:
    known = options(cli._parser()) | options(load_cli._parser()) | options(modem_cli._parser())
    assert set(re.findall(r"`?(--[a-z][a-z-]*)", README + MODEM)) <= known


def test_every_step_is_explained_and_none_besides() -> None:
    section = README.partition("| `what` |")[2].partition("\nFaults,")[0]
    assert first_cells(section) == {what.value for what in What}


def test_every_fault_of_devices_is_explained_and_none_besides() -> None:
    section = README.partition("| fault | value |")[2].partition("## load")[0]
    assert first_cells(section) == {kind.value for kind in FaultKind}


def test_every_fault_of_the_modem_is_explained_and_none_besides() -> None:
    section = MODEM.partition("## Faults")[2].partition("## Families")[0]
    assert first_cells(section) == set(KNOWN)


def test_every_scenario_and_family_is_named() -> None:
    assert not [name for name in built_in_names() if f"`{name}`" not in README]
    assert not [family.name for family in FAMILIES.values() if family.name not in MODEM]
