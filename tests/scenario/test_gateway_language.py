"""What is set in `gateway.language` and `gateway.name` is how the whole gateway speaks."""

from __future__ import annotations

from pathlib import Path

import pytest

from alerts.commands import Acknowledge
from gateway import config
from gateway.app import running
from gateway.broker import free_port
from gateway.init import init


@pytest.mark.parametrize(("language", "signature"), [("en", "[Menshen]"), ("zh", "【门神】")])
async def test_answers_are_in_the_language_that_was_set(
    tmp_path: Path, language: str, signature: str
) -> None:
    path = tmp_path / "menshen.toml"
    init(path)
    written = path.read_text(encoding="utf-8")
    for setting, value in (
        ('language = "zh"', f'language = "{language}"'),
        ('name = "menshen"', 'name = "nanling"'),
        ("port = 1883", f"port = {free_port()}"),
        ("port = 8080", f"port = {free_port()}"),
    ):
        written = written.replace(f"# {setting}", value)
    path.write_text(written, encoding="utf-8")
    async with running(config.load(path)) as gateway:
        answer = await gateway.desk.command(Acknowledge("nowhere", "operator", "cli"))
        state = gateway.desk.pipeline.state
    assert answer.text.startswith(signature)
    assert state is not None
    assert (state.voice.language, state.voice.gateway) == (language, "nanling")
