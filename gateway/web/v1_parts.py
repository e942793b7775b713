"""Everything that is served under `/api/v1`, of which a gateway may keep some or all."""

from __future__ import annotations

from collections.abc import Iterator

from fastapi import APIRouter

from gateway.export.office import ExportOffice
from gateway.provisioning import api as provisioning
from gateway.provisioning.service import Provisioning
from gateway.registry.imports import Imports
from gateway.release import api as release
from gateway.release.hearing import Releases
from gateway.web import account_api, api, registry, sms, v1_audit, v1_export, v1_reports
from gateway.web.account_caller import Callers
from gateway.web.idempotency import Once
from gateway.web.ports import GatewayActs, GatewayView


def routers(
    view: GatewayView,
    act: GatewayActs,
    callers: Callers,
    accounts: Provisioning | None,
    imports: Imports | None,
    releases: Releases | None,
    exports: ExportOffice | None = None,
) -> Iterator[APIRouter]:
    """Yield what serves each part there is. `accounts`: of the broker. `imports`: the registry."""
    once = Once(view, act)
    yield api.routes(view, act, callers, once)
    yield sms.routes(view, act, callers, once)
    if imports is not None:
        yield registry.routes(imports, callers, view, once)
    if accounts is not None:
        yield provisioning.routes(accounts, callers, once)
    if releases is not None:
        yield release.routes(releases.office, releases.hearing, view, callers, once)
    yield account_api.routes(callers, once)
    yield v1_audit.routes(callers, view)
    yield v1_reports.routes(callers, view)
    yield v1_export.routes(exports, callers, view, once)
