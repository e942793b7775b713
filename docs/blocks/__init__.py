"""The generated parts of the documentation, by name."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from docs.blocks import (
    accounts,
    answers,
    api,
    broker,
    commands,
    devices,
    export,
    registry,
    retention,
    rules,
    settings,
    severities,
    steps,
    texts,
    topics,
)

BLOCKS: dict[str, Callable[[], str]] = {
    "settings-gateway": settings.gateway,
    "settings-homes": settings.homes,
    "api": api.api,
    "broker": broker.settings,
    "commands": commands.commands,
    "account-rights": accounts.rights,
    "account-refusals": accounts.refusals,
    "audit-actions": accounts.actions,
    "kinds": topics.kinds,
    "native-topics": topics.native,
    "devices": devices.makes,
    "recordings": devices.recordings,
    "export-buckets": export.buckets,
    "export-tags": export.tags,
    "export-bound": export.bound,
    "export-schema": export.schema,
    "registry-columns": registry.columns,
    "registry-life": registry.life,
    "retention": retention.retention,
    "rules": rules.rules,
    "steps-en": partial(steps.steps, "en"),
    "steps-zh": partial(steps.steps, "zh"),
    "roles-en": partial(steps.roles, "en"),
    "roles-zh": partial(steps.roles, "zh"),
    "severities-en": partial(severities.severities, "en"),
    "severities-zh": partial(severities.severities, "zh"),
    "texts-en": partial(texts.texts, "en"),
    "texts-zh": partial(texts.texts, "zh"),
    "situations-en": partial(texts.situations, "en"),
    "situations-zh": partial(texts.situations, "zh"),
    "answers-en": partial(answers.answers, "en"),
    "answers-zh": partial(answers.answers, "zh"),
}
