"""The last word of a demo: what was demanded, what came of it, and whether that is well."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.demo.record import Record
from gateway.demo.verdict import Finding


@dataclass(frozen=True, slots=True)
class Summary:
    """What to print, and whether every demand that came due was met."""

    text: str
    is_met: bool


def summarise(record: Record, findings: Sequence[Finding], elapsed_s: float) -> Summary:
    """Return the summary. A demo in which nothing came due, or nobody was told, is not well."""
    lines = [_line(finding) for finding in findings]
    met = sum(not finding.problem for finding in findings)
    is_met = bool(findings) and bool(record.texts) and met == len(findings)
    lines.append(
        f"{len(record.texts)} texts, {record.replies} replies in {elapsed_s:.0f} s; "
        f"{met} of {len(findings)} demands met"
    )
    if not findings:
        lines.append("nothing came due in this time: give it more with --for")
    return Summary("\n".join(lines), is_met)


def _line(finding: Finding) -> str:
    truth = finding.truth
    mark = "no " if finding.problem else "yes"
    wanted = f"{', '.join(truth.told)} told" if truth.told else "nobody told"
    took = f", first after {finding.first_after_s:.1f} s" if finding.first_after_s else ""
    problem = f": {finding.problem}" if finding.problem else ""
    what = truth.what.replace("_", " ")
    return f"{mark}  {truth.at_s:5.0f} s  {finding.place}  {what} -> {wanted}{took}{problem}"
