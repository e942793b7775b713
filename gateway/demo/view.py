"""What a person sees of the demo: a live picture in a terminal, one line an event anywhere else."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Protocol

from rich import box
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from gateway.demo.story import Story

LINES_KEPT = 14
STYLES = {
    "watched": "green",
    "open": "bold black on yellow",
    "alarm": "bold white on red",
    "help": "bold white on magenta",
    "unknown": "black on bright_black",
}
MARKS = {"watched": "·", "open": "门", "alarm": "!", "help": "求", "unknown": "?"}


@dataclass(frozen=True, slots=True)
class IncidentLine:
    """One incident as the view shows it."""

    number: str
    place: str
    what: str
    level: int | None  # None where evidence is not the matter
    state: str
    next_in: timedelta | None


@dataclass(slots=True)
class Scene:
    """What there is to see now."""

    story: Story
    broker: str
    page: str
    speed: float
    now: datetime
    elapsed_s: float = 0.0
    total_s: float = 0.0
    observations: int = 0
    homes: dict[str, str] = field(default_factory=dict)  # house code -> a word of STYLES
    incidents: list[IncidentLine] = field(default_factory=list)


class View(Protocol):
    """Somewhere to show the demo."""

    def say(self, mark: str, line: str) -> None:
        """Show an event: `mark` is one word (truth, text, reply, ...), `line` what happened."""
        ...

    def refresh(self, scene: Scene) -> None:
        """Show what there is to see now."""
        ...

    def close(self) -> None:
        """Leave the terminal as it was."""
        ...


class PlainView:
    """One line an event, the texts in full."""

    def __init__(self) -> None:
        self._console = Console(file=sys.stdout, soft_wrap=True, highlight=False)

    def say(self, mark: str, line: str) -> None:
        """Print the event."""
        self._console.print(f"{mark:<8} {line}", markup=False)

    def refresh(self, scene: Scene) -> None:
        """Nothing: events say it all."""

    def close(self) -> None:
        """Nothing to put back."""


class LiveView:
    """A street, its open incidents, and what was said last, redrawn in place."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console()
        self._said: deque[tuple[str, str]] = deque(maxlen=LINES_KEPT)
        self._live = Live(console=self._console, auto_refresh=False, transient=False)
        self._live.start()

    def say(self, mark: str, line: str) -> None:
        """Keep the event among the last ones."""
        self._said.append((mark, line))

    def refresh(self, scene: Scene) -> None:
        """Draw everything anew."""
        self._live.update(picture(scene, self._said), refresh=True)

    def close(self) -> None:
        """Leave the last picture standing."""
        self._live.stop()


def picture(
    scene: Scene, said: Sequence[tuple[str, str]] | deque[tuple[str, str]]
) -> RenderableType:
    """Return one picture of the demo."""
    return Group(_head(scene), _street(scene), _incidents(scene), _said(said))


def _head(scene: Scene) -> RenderableType:
    zone = timezone(timedelta(hours=scene.story.utc_offset_h))
    head = Table.grid(expand=True, padding=(0, 1))
    head.add_column(ratio=3)
    head.add_column(ratio=2)
    line = Text.assemble(
        ("门神 Menshen ", "bold"),
        f"{scene.now.astimezone(zone):%H:%M:%S} ×{scene.speed:g}  {scene.broker}  ",
        f"{scene.observations} observations  ",
        (scene.page, "cyan"),
    )
    head.add_row(line, ProgressBar(total=max(scene.total_s, 1.0), completed=scene.elapsed_s))
    return head


def _street(scene: Scene) -> RenderableType:
    grid = Table.grid(padding=(0, 1))
    grid.add_column()
    for building in scene.story.buildings:
        cells = Text()
        for home in scene.story.homes:
            if home.building == building.code:
                state = scene.homes.get(home.code, "unknown")
                label = f" {home.code.rsplit('-', 1)[-1]}{MARKS[state]} "
                cells.append(label, style=STYLES[state])
                cells.append(" ")
        grid.add_row(Text(building.name, style="bold"), cells)
    legend = Text()
    for state, word in (
        ("watched", "quiet"),
        ("open", "door open"),
        ("alarm", "incident"),
        ("help", "help"),
        ("unknown", "unknown"),
    ):
        legend.append(f" {MARKS[state]} {word} ", style=STYLES[state])
        legend.append(" ")
    grid.add_row("", legend)
    return Panel(grid, title="street", title_align="left", box=box.HORIZONTALS)


def _incidents(scene: Scene) -> RenderableType:
    table = Table(expand=True, box=None, header_style="dim")
    for name in ("number", "where", "what", "level", "state", "next step"):
        table.add_column(name, no_wrap=True)
    for one in scene.incidents[:8]:
        next_in = "-" if one.next_in is None else f"in {max(0, int(one.next_in.total_seconds()))} s"
        level = "-" if one.level is None else str(one.level)
        table.add_row(one.number, one.place, one.what, level, one.state, next_in)
    return Panel(table, title="open incidents", title_align="left", box=box.HORIZONTALS)


def _said(said: Sequence[tuple[str, str]] | deque[tuple[str, str]]) -> RenderableType:
    lines = Text()
    for mark, line in said:
        style = {"text": "yellow", "reply": "green", "truth": "dim", "wrong": "bold red"}
        lines.append(f"{mark:<7}", style="dim")
        lines.append(f"{line}\n", style=style.get(mark, ""))
    return Panel(lines, title="what happens", title_align="left", box=box.HORIZONTALS)
