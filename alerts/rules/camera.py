"""Cameras: what they saw passes by itself; that they see nothing stands until they see again."""

from __future__ import annotations

from collections.abc import Iterator

from alerts.model import ConditionKind
from alerts.reason import Reason
from alerts.rules.finding import Clear, Finding, Ignore, Raise, Scene
from devices.model import News

_SEEN: dict[str, Raise] = {
    "exit": Raise(ConditionKind.CAMERA_EXIT, Reason.CAMERA_SAW_EXIT),
    "entry": Raise(ConditionKind.CAMERA_ENTRY, Reason.CAMERA_SAW_ENTRY),
    "loitering": Raise(ConditionKind.LOITERING, Reason.CAMERA_SAW_LOITERING),
    "gathering": Raise(ConditionKind.GATHERING, Reason.CAMERA_SAW_GATHERING),
}
_BLIND: dict[str, Raise] = {
    "covered": Raise(ConditionKind.CAMERA_COVERED, Reason.CAMERA_COVERED),
    "fault": Raise(ConditionKind.CAMERA_FAULT, Reason.CAMERA_FAULT),
}


def camera(scene: Scene) -> Iterator[Finding]:
    """Judge what a camera said. A permit covers who comes in, never who goes out."""
    state, news = scene.observation.state, scene.news
    if state == "uncovered":
        yield Clear(ConditionKind.CAMERA_COVERED, Reason.CAMERA_CLEAR)
        yield Clear(ConditionKind.CAMERA_FAULT, Reason.CAMERA_CLEAR)
    elif state in _BLIND:
        yield _BLIND[state]
    elif state not in _SEEN:
        yield Ignore(Reason.NO_RULE, state)
    elif news is not News.NEW:
        yield Ignore(Reason.AGED if news is News.AGED else Reason.FOUND, state)
    elif state == "entry" and scene.permit is not None:
        yield Ignore(Reason.PERMITTED, state)
    else:
        yield _SEEN[state]
