"""What Menshen answers to a reply, written by the very code that answers."""

from __future__ import annotations

from alerts import render, strikes
from alerts.model import ConditionKind, Role
from alerts.wording import Say
from docs.blocks.markdown import duration, table
from docs.blocks.texts import NOW, NUMBER


def _within(language: str) -> str:
    return duration(strikes.GUESSES_WITHIN.total_seconds(), language)


BY_TEXT = (
    Say.ACKNOWLEDGED,
    Say.ACKNOWLEDGED_MISSING,
    Say.YOU_HAVE_IT,
    Say.ANOTHER_HAS_IT,
    Say.ON_SITE,
    Say.ALREADY_ON_SITE,
    Say.RESOLVED,
    Say.ALREADY_RESOLVED,
    Say.STANDS,
    Say.NOT_YOURS,
    Say.HOW_TO_REPLY,
    Say.IGNORED,
)
"""What can answer a text; the other answers go to whoever typed a command."""

ANSWERED: dict[Say, tuple[str, str]] = {
    Say.ACKNOWLEDGED: ("`1`: it is yours", "回复 1：记下您报到"),
    Say.ACKNOWLEDGED_MISSING: (
        "`1`: it is yours, and this role must report in too",
        "回复 1：记下您报到，还要等这个角色",
    ),
    Say.YOU_HAVE_IT: ("`1` once more: it is yours already", "再次回复 1：您已报到"),
    Say.ANOTHER_HAS_IT: (
        "`1`: a colleague was quicker; no need to go",
        "回复 1：同事已报到，您不必再去",
    ),
    Say.ON_SITE: ("`2`: you are there", "回复 2：记下您到场"),
    Say.ALREADY_ON_SITE: ("`2`: a colleague is there", "回复 2：同事已到场"),
    Say.RESOLVED: ("`3`: dealt with", "回复 3：记下处置完"),
    Say.ALREADY_RESOLVED: ("Any of them: it is over", "任一回复：已经处置过"),
    Say.STANDS: (
        "`3`, while it is still true: set it right first",
        "回复 3，但情况还没恢复：先恢复再回复",
    ),
    Say.REVIEWED: ("reviewed", "已复核办结"),
    Say.SAME_PERSON: ("who resolved it may not review it", "处置人不能自己复核"),
    Say.NOT_RESOLVED: ("not dealt with yet", "还没处置"),
    Say.REOPENED: ("open again", "重新打开"),
    Say.NOT_OVER: ("it is open anyway", "还没办结"),
    Say.ANOTHER_OPEN: ("the home has a newer open incident", "同一住户另有未结事件"),
    Say.NOT_YOURS: (
        "A number that was not sent to you, or that there is not",
        "编号没有发给您，或写错了",
    ),
    Say.HOW_TO_REPLY: ("Anything else", "其他内容"),
    Say.IGNORED: (
        f"{strikes.GUESSES} wrong numbers within {_within('en')}",
        f"{_within('zh')}内 {strikes.GUESSES} 次编号不对",
    ),
}


def answers(language: str) -> str:
    """Every answer to a reply."""
    column = 0 if language == "en" else 1
    head = ("you sent", "answer") if language == "en" else ("您发的", "门神的回复")
    return table(head, [(ANSWERED[say][column], _answer(say)) for say in BY_TEXT])


def _answer(say: Say) -> str:
    return render.answer(
        say,
        NUMBER,
        time_local=None if say is Say.IGNORED else NOW,
        for_s=strikes.IGNORED_FOR.total_seconds(),
        roles=(Role.POLICE,),
        standing=(ConditionKind.SEAL_BROKEN,),
        other="7350",
    )
