"""The help button: told at once, whatever else is true, and however late it was heard."""

from __future__ import annotations

from alerts.model import ConditionKind
from alerts.reason import Reason
from alerts.rules.finding import Raise


def help_asked() -> Raise:
    """Judge a press of the help button: there is nothing to weigh."""
    return Raise(ConditionKind.HELP, Reason.HELP_ASKED)
