"""Records docs/demo.png: the demo's own picture, half a minute in. Run: make picture

Needs Chromium and a font in which a Chinese character is as wide as two Latin ones.
"""

from __future__ import annotations

import asyncio
import io
import subprocess
import sys
import tempfile
from collections import deque
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import MONOKAI

from gateway.demo import play
from gateway.demo.view import LINES_KEPT, Scene, picture

TAKEN_AT_S = 32.0
TARGET = Path(__file__).parent / "demo.png"
PAGE = """<html><meta charset="utf-8"><style>{stylesheet}
body {{ background: #1b1f24; color: #e6e6e6; margin: 14px; overflow: hidden }}
pre {{ font: 15px/1.25 "Noto Sans Mono CJK SC", monospace }}</style>
<pre>{code}</pre></html>"""


class Camera:
    """A view that keeps the last picture."""

    def __init__(self) -> None:
        self.said: deque[tuple[str, str]] = deque(maxlen=LINES_KEPT)
        self.scene: Scene | None = None

    def say(self, mark: str, line: str) -> None:
        """Keep the event among the last ones."""
        self.said.append((mark, line))

    def refresh(self, scene: Scene) -> None:
        """Keep the scene."""
        self.scene = scene

    def close(self) -> None:
        """Write the picture."""
        if self.scene is None:
            sys.exit("nothing was played")
        console = Console(record=True, width=124, file=io.StringIO())
        console.print(picture(self.scene, self.said))
        with tempfile.TemporaryDirectory() as directory:
            page = Path(directory, "demo.html")
            console.save_html(str(page), code_format=PAGE, theme=MONOKAI)
            photograph(page, Path(directory))


def photograph(page: Path, profile: Path) -> None:
    """Let Chromium show the page and keep what it shows."""
    options = ("--headless", "--no-sandbox", "--disable-gpu", "--window-size=980,600")
    subprocess.run(
        ["chromium", *options, f"--user-data-dir={profile}", f"--screenshot={TARGET}", str(page)],
        check=True,
        capture_output=True,
    )


def main() -> None:
    """Play the street and write the picture."""
    play.LiveView = Camera  # type: ignore[misc,assignment]
    play.PlainView = Camera  # type: ignore[misc,assignment]
    asyncio.run(play.play(play.Wanted(for_s=TAKEN_AT_S)))


if __name__ == "__main__":
    main()
