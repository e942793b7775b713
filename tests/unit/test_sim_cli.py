"""The simulator's commands: one JSON object or a sentence about what is wrong, and a status."""

import json

import pytest

from firmware_sim import loader
from firmware_sim.cli import main
from firmware_sim.phones import read_phones


def test_describe_prints_one_object(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["describe", "street"]) == 0
    told = json.loads(capsys.readouterr().out)
    worker = next(phone for phone in told["phones"] if phone["number"] == "+8613800000301")
    assert worker["answers"][0] == {"after_s": 40.0, "verb": 1}
    assert told["demands"][0]["demand"] == {"told": ["worker"], "within_s": 60.0, "level": 1}


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["describe", "strete"], "built in are faults, night, quiet, street"),
        (["play", "street", "--broker", "pi"], "no broker address"),
        (["play", "street", "--broker", "mqtt://pi", "--fault", "drop=7"], "from 0 to 1"),
    ],
)
def test_a_command_that_cannot_run_says_why(
    argv: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(argv) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("name", loader.built_in_names())
def test_the_modem_reads_the_phones_of_the_same_file(name: str) -> None:
    assert [phone.number for phone in read_phones(name)] == [
        phone.number for phone in loader.load(name).phones
    ]
