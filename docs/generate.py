"""Writes the generated parts of the documentation; `--check` only says which are stale.

A generated part stands between `<!-- generated: NAME -->` and `<!-- end -->` in a page and comes
from the code itself, so that it cannot say anything else than the code does. Run: make docs
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
_PART = re.compile(
    r"(<!-- generated: (?P<name>[a-z-]+) -->\n)(?P<text>.*?)(<!-- end -->)", re.DOTALL
)


def pages() -> Iterator[Path]:
    """Yield every page of the documentation."""
    yield ROOT / "README.md"
    yield from sorted((ROOT / "firmware-sim").glob("*.md"))
    yield from sorted((ROOT / "docs").rglob("*.md"))


def generated(text: str) -> str:
    """Return a page with its generated parts as they should be. KeyError for an unknown part."""
    from docs.blocks import BLOCKS

    def fresh(part: re.Match[str]) -> str:
        return f"{part[1]}{BLOCKS[part['name']]()}\n{part[4]}"

    return _PART.sub(fresh, text)


def main(arguments: list[str]) -> int:
    """Bring every page up to date; the exit status is 1 where `--check` finds a stale one."""
    stale = []
    for page in pages():
        text = page.read_text(encoding="utf-8")
        wanted = generated(text)
        if wanted != text:
            stale.append(page.relative_to(ROOT))
            if "--check" not in arguments:
                page.write_text(wanted, encoding="utf-8")
    what = "stale" if "--check" in arguments else "written"
    sys.stdout.writelines(f"{what}: {page}\n" for page in stale)
    return int("--check" in arguments and bool(stale))


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))  # run as a file, only its own directory is on the path
    sys.exit(main(sys.argv[1:]))
