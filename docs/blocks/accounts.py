"""Who may do what: roles and rights from the one table, reasons of refusals, what is audited."""

from __future__ import annotations

from docs.blocks.markdown import table
from gateway.accounts.rights import AT_NO_PLACE, RIGHTS, Refusal, Right, Role
from gateway.audit.chain import Action
from gateway.web.account_words import CHINESE, ENGLISH


def rights() -> str:
    """One row a right, one column a role."""
    head = ("right", "means", *(f"{role.value} {CHINESE.roles[role]}" for role in Role), "asks")
    rows = [
        (
            f"`{right}`",
            f"{ENGLISH.right_names[right]} {CHINESE.right_names[right]}",
            *("yes" if right in RIGHTS[role] else "" for role in Role),
            _asks(right),
        )
        for right in Right
    ]
    return table(head, rows)


def refusals() -> str:
    """One row a reason."""
    rows = [(f"`{each}`", ENGLISH.refusals[each], CHINESE.refusals[each]) for each in Refusal]
    return table(("reason", "means", "中文"), rows)


def actions() -> str:
    """One row an action."""
    rows = [(f"`{each}`", CHINESE.actions[each]) for each in Action]
    return table(("action", "中文"), rows)


def _asks(right: Right) -> str:
    if right is Right.UNMASK:
        return "its area, a code of the last 15 minutes, a reason"
    return "" if right in AT_NO_PLACE else "its area"
