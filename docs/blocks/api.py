"""Every operation of `/api/v1`, from the description it gives of itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from fastapi import FastAPI

from docs.blocks.markdown import table
from gateway.accounts.rights import RIGHTS, Right
from gateway.web.account_caller import Callers
from gateway.web.v1 import V1
from gateway.web.v1_parts import routers
from gateway.web.v1_schema import ANYONE, MACHINE, describe

COMMANDS: Mapping[str, str] = {
    "list_incidents": "incident list",
    "show_incident": "incident show",
    "deal_with_incident": "incident ack, incident onsite, incident resolve, incident review,"
    " incident reopen",
    "list_homes": "home status",
    "list_permits": "permit list",
    "grant_permit": "permit grant",
    "revoke_permit": "permit revoke",
    "list_silences": "silence list",
    "add_silence": "silence add",
    "end_silence": "silence end",
    "watch_texts": "sms watch",
    "show_ledger": "sms ledger",
    "send_test": "sms test",
    "show_test": "sms test",
    "adopt_registry": "registry adopt",
    "set_device_state": "registry state",
    "begin_import": "registry import",
    "show_import": "registry import",
    "export_list": "registry export",
    "show_registered_homes": "registry show",
    "show_registered_devices": "registry show",
    "list_device_accounts": "device list",
    "add_device_accounts": "device add",
    "rotate_device_account": "device rotate",
    "certify_device": "device certificate",
    "revoke_device_account": "device revoke",
    "list_bridges": "bridge list",
    "add_bridge": "bridge add",
    "revoke_bridge": "bridge revoke",
    "sync_broker": "broker sync",
    "use_renewed_certificates": "tls renew",
    "release_home": "release",
    "make_record_code": "home code",
    "show_certificate": "certificate show",
    "list_freed_devices": "device freed",
    "say_device_wiped": "device wiped",
    "list_contests": "contest list",
    "open_contest": "contest show",
    "answer_contest": "contest answer",
    "show_export": "export status",
    "rewind_export": "export rewind",
    "list_refused_lines": "export refused",
    "retry_refused_lines": "export refused",
    "tell_exported_homes": "export homes",
    "list_accounts": "account list",
    "create_account": "account create",
    "set_account_rights": "account rights",
    "disable_account": "account disable",
    "enable_account": "account enable",
    "reset_account_password": "account password",
    "reset_account_factor": "account reset-factor",
    "list_tokens": "account token",
    "make_token": "account token",
    "revoke_token": "account token",
    "list_reports": "report list",
    "make_report": "report daily, report weekly",
}
"""The commands that ask each operation; the others are for programs and for the gateway's pages."""


class Operation(NamedTuple):
    """One operation."""

    id: str
    method: str
    path: str
    what: str
    right: str
    is_once: bool


class _Absent:
    """Stands in for the parts of a gateway: what serves them asks nothing of them before a call."""

    def __getattr__(self, _name: str) -> Any:
        return self


def operations() -> Iterator[Operation]:
    """Yield each operation of a gateway that keeps everything, in the order of its description."""
    absent: Any = _Absent()
    app = FastAPI()
    for router in routers(absent, absent, Callers(absent, ""), absent, absent, absent):
        app.include_router(router)
    for path, methods in describe(app)["paths"].items():
        for method, each in methods.items():
            names = {parameter["name"] for parameter in each.get("parameters", ())}
            what, right = each["summary"], each["x-right"]
            is_once = "Idempotency-Key" in names
            yield Operation(each["operationId"], method.upper(), path, what, right, is_once)


def api() -> str:
    """One row an operation."""
    head = ("ask", "what it does", "who may", "command")
    rows = [
        (
            f"`{each.method} {each.path.removeprefix(V1)}`{' ¹' if each.is_once else ''}",
            each.what,
            _who(each.right),
            ", ".join(f"`menshen {command}`" for command in _commands(each.id)),
        )
        for each in operations()
    ]
    return table(head, rows)


def _commands(operation: str) -> list[str]:
    said = COMMANDS.get(operation, "")
    return said.split(", ") if said else []


def _who(right: str) -> str:
    if right == ANYONE:
        return "anyone with its id"
    if right == MACHINE:
        return "the machine"
    roles = ", ".join(role.value for role, rights in RIGHTS.items() if Right(right) in rights)
    return f"`{right}`: {roles}"
