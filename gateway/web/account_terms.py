"""What the pages of accounts and of the audit have words for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.accounts.passwords import Fault
from gateway.accounts.rights import Kind, Refusal, Right, Role
from gateway.audit.chain import Action
from gateway.audit.chain import Fault as ChainFault


@dataclass(frozen=True, slots=True)
class AccountWords:
    """One language."""

    tag: str
    other: str
    other_name: str
    title: str
    # login
    log_in: str
    log_out: str
    login: str
    password: str
    code: str
    code_hint: str
    wrong: str
    wait: str
    # the own account
    own: str
    status_page: str
    accounts: str
    audit: str
    installing: str
    reports: str
    role: str
    area: str
    everywhere: str
    rights: str
    change_password: str
    old_password: str
    new_password: str
    password_hint: str
    save: str
    factor: str
    factor_on: str
    factor_off: str
    factor_wanted: str
    set_up: str
    set_up_anew: str
    scan: str
    by_hand: str
    show_code: str
    show_code_why: str
    recovery_codes: str
    recovery_left: str
    recovery_keep: str
    recovery_new: str
    sessions: str
    this_one: str
    since: str
    last_used: str
    end: str
    must_change: str
    # accounts of others
    new_account: str
    kind: str
    create: str
    state: str
    enabled: str
    disabled: str
    waits_for_login: str
    disable: str
    enable: str
    reset_password: str
    reset_factor: str
    first_password: str
    shown_once: str
    tokens: str
    make_token: str
    token: str
    days: str
    until: str
    revoke: str
    revoked: str
    expired: str
    unscoped: str
    back: str
    created: str
    # the audit
    chain_whole: str
    chain_broken: str
    head: str
    head_why: str
    rows: str
    day: str
    number: str
    hash: str
    when: str
    who: str
    what: str
    about: str
    words_gone: str
    older: str
    # words for enums
    roles: Mapping[Role, str]
    kinds: Mapping[Kind, str]
    right_names: Mapping[Right, str]
    refusals: Mapping[Refusal, str]
    faults: Mapping[Fault, str]
    actions: Mapping[Action, str]
    chain_faults: Mapping[ChainFault, str]
    actors: Mapping[str, str]
    done: Mapping[str, str]
