"""Labels for devices, as a sheet of 24 to print: plain HTML without any script.

A label with a password is for the bench where the device is set up, and is destroyed after that;
the one on the device holds none, for whoever lives behind the door can read it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Literal, NamedTuple

import segno

from devices.provisioning import Label, short_code

PER_SHEET = 24
"""A4 in 3 columns of 8: 70 by 37 mm, the commonest sheet of labels."""

Language = Literal["zh", "en"]


class _Words(NamedTuple):
    title: str
    code: str
    user: str
    secret: str
    plain: str
    print_at: str


_WORDS: dict[Language, _Words] = {
    "zh": _Words(
        "设备标签",
        "短码",
        "用户名",
        "含密码：配置后销毁",
        "门神",
        "用 A4 纸按 100% 打印，每页 24 张，每张 70 × 37 毫米",
    ),
    "en": _Words(
        "Device labels",
        "code",
        "user",
        "Holds the password: destroy after set-up",
        "Menshen",
        "Print on A4 at 100 %, 24 to a page, 70 × 37 mm each",
    ),
}

_STYLE = """
@page { size: A4; margin: 0 }
* { box-sizing: border-box; margin: 0 }
body { font: 8pt/1.3 "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", sans-serif; color: #000 }
.sheet { width: 210mm; height: 296mm; display: grid; break-after: page;
  grid-template: repeat(8, 37mm) / repeat(3, 70mm) }
.label { display: grid; grid-template-columns: 31mm 1fr; gap: 2mm; padding: 3mm; overflow: hidden }
.label svg { width: 31mm; height: 31mm }
b { display: block; font-size: 9pt; overflow-wrap: anywhere }
code { display: block; font: 8.5pt/1.3 monospace; overflow-wrap: anywhere }
.secret { font-weight: bold }
@media screen { body { padding: 5mm; background: #ddd } .sheet { background: #fff; margin: 5mm 0 }
  .label { outline: 1px dashed #bbb } }
@media print { .hint { display: none } }
"""


def sheet(labels: Sequence[Label], language: Language) -> str:
    """Return a page with every label, 24 to a sheet of paper."""
    words = _WORDS[language]
    sheets = (
        f'<div class="sheet">\n{"".join(_label(each, words) for each in group)}</div>\n'
        for group in _groups(labels)
    )
    return (
        f'<!doctype html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n'
        f"<title>{words.title}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        f'<p class="hint">{words.print_at}</p>\n{"".join(sheets)}</body>\n</html>\n'
    )


def code_svg(label: Label) -> str:
    """Return a label's QR code as SVG, without a size of its own."""
    drawn = segno.make(label.uri(), error="m", micro=False, boost_error=False)
    return str(drawn.svg_inline(omitsize=True, border=2))


def _groups(labels: Sequence[Label]) -> Iterable[Sequence[Label]]:
    return (labels[start : start + PER_SHEET] for start in range(0, len(labels), PER_SHEET))


def _label(label: Label, words: _Words) -> str:
    lines = [
        f"<b>{escape(label.device)}</b>",
        f"{words.code}<code>{short_code(label.device)}</code>",
    ]
    if label.password:
        if label.user != label.device:
            lines.append(f"{words.user}<code>{escape(label.user)}</code>")
        lines.append(f"<code>{escape(label.password)}</code>")
        lines.append(f'<span class="secret">{words.secret}</span>')
    else:
        lines.append(f"<span>{words.plain}</span>")
    return f'<div class="label">{code_svg(label)}<div>{"".join(lines)}</div></div>\n'
