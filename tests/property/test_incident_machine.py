"""Whatever happens in whatever order, an incident keeps its promises.

Rules raise and clear conditions, people reply rightly and wrongly, operators interfere, time passes
step by step. After each, what design.md and words.md promise must hold.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from alerts import bundling, commands, quiet, strikes
from alerts.commands import Acknowledge, Command, OnSite, Reopen, Resolve, Review
from alerts.model import (
    Cause,
    Condition,
    Incident,
    IncidentState,
    NoticeKind,
    NoticeState,
    Severity,
)
from alerts.policy import Policy
from alerts.reason import Reason
from alerts.render import LIMIT, units
from alerts.state import TimerKind
from alerts.strikes import Strikes
from tests.fakes.desk import WHY, Desk
from tests.fakes.street import LOCAL, team, watch

KINDS = st.sampled_from(sorted(set(WHY) - {"outage"}))
PEOPLE = [
    *("worker-day", "doctor-day", "police-day", "worker-night", "doctor-night", "police-night"),
    *("lead", "street-desk", "district-desk", "team-2/worker-day", "maintainers/m1"),
]
OPEN = (IncidentState.OPEN, IncidentState.ACKNOWLEDGED, IncidentState.ON_SITE)


class Incidents(RuleBasedStateMachine):
    @initialize()
    def two_homes_of_two_teams(self) -> None:
        self.desk = Desk(watches=(watch("w1"), watch("w2", team=team("team-2"))))
        self.raised: list[Condition] = []
        self.seen: dict[str, Incident] = {}
        self.texted = 0

    # ---- what happens ----

    @rule(kind=KINDS, home=st.sampled_from(["w1", "w2"]))
    def a_condition_is_raised(self, kind: str, home: str) -> None:
        self.raised.append(self.desk.raised(kind, home))

    @rule()
    def the_gateway_is_cut_off(self) -> None:
        self.raised.append(self.desk.raised("outage", None, subject="gateway"))

    @precondition(lambda self: self.raised)
    @rule(data=st.data(), reason=st.sampled_from([Reason.CLOSED_AGAIN, Reason.ANNOUNCED_LATE]))
    def a_condition_clears(self, data: st.DataObject, reason: Reason) -> None:
        condition = data.draw(st.sampled_from(self.raised))
        self.raised.remove(condition)
        self.desk.cleared(condition, reason)

    @precondition(lambda self: self.desk.state.incidents)
    @rule(data=st.data(), who=st.sampled_from(PEOPLE), verb=st.sampled_from("123"))
    def somebody_replies(self, data: st.DataObject, who: str, verb: str) -> None:
        meant = data.draw(st.sampled_from(sorted(self.desk.state.incidents)))
        before = self.desk.state.incidents[meant]
        was_ignored = self.is_ignored(who)
        answer = self.desk.writes(who, f"{verb} {before.number}")
        if was_ignored:
            assert (answer.reason, answer.text) == (Reason.IGNORED, "")
        elif self.desk.full(who) not in before.told:
            assert answer.reason is Reason.NOT_SENT_TO_YOU
        if not answer.ok:
            assert self.desk.state.incidents[meant] == before

    @precondition(lambda self: any(each.told for each in self.desk.state.incidents.values()))
    @rule(data=st.data(), verb=st.sampled_from("123"))
    def somebody_who_was_told_replies(self, data: st.DataObject, verb: str) -> None:
        told = [each for each in self.desk.state.incidents.values() if each.told]
        before = data.draw(st.sampled_from(told))
        who = data.draw(st.sampled_from(before.told))
        was_ignored = self.is_ignored(who)
        answer = self.desk.writes(who, f"{verb} {before.number}")
        if was_ignored:
            assert answer.reason is Reason.IGNORED
        elif self.waits_for_the_morning(before):
            assert answer.reason is Reason.NOT_SENT_TO_YOU
        else:
            assert answer.ok or answer.reason is Reason.CONDITION_STANDS

    @precondition(lambda self: self.raised)
    @rule()
    def all_is_well_again_and_dealt_with(self) -> None:
        while self.raised:
            self.desk.cleared(self.raised.pop())
        for each in list(self.desk.state.incidents.values()):
            if each.told and not self.is_ignored(each.told[0]):
                assert self.desk.writes(each.told[0], f"3 {each.number}").ok

    @rule(who=st.sampled_from(PEOPLE), text=st.sampled_from(["1 1000", "好的", "4", ""]))
    def somebody_writes_nonsense(self, who: str, text: str) -> None:
        before = dict(self.desk.state.incidents)
        assert not self.desk.writes(who, text).ok
        assert self.desk.state.incidents == before

    @rule(who=st.sampled_from(PEOPLE))
    def somebody_tries_number_after_number(self, who: str) -> None:
        before = dict(self.desk.state.incidents)
        for number in range(1000, 1000 + strikes.GUESSES):
            self.desk.writes(who, f"1 {number}")
        assert self.desk.writes(who, "1 1000").reason is Reason.IGNORED
        assert self.desk.state.incidents == before

    @rule(who=st.sampled_from(PEOPLE), verb=st.sampled_from("123"))
    def somebody_writes_a_digit_alone(self, who: str, verb: str) -> None:
        contact, before = self.desk.full(who), dict(self.desk.state.incidents)
        answer = self.desk.writes(who, verb)
        sent = [
            each
            for each in before.values()
            if contact in each.told and not self.waits_for_the_morning(each)
        ]
        open_ = [each for each in sent if not each.is_over]
        mine = [
            each for each in open_ if contact in {taken.contact for taken in each.acknowledgements}
        ]
        if answer.ok:
            (meant,) = open_ if verb == "1" else mine
            assert meant.number in answer.text
        changed = {key for key, each in self.desk.state.incidents.items() if before[key] != each}
        assert len(changed) <= int(answer.ok)

    @precondition(lambda self: self.desk.state.incidents)
    @rule(
        data=st.data(),
        command=st.sampled_from([Acknowledge, OnSite, Resolve, Review, Reopen]),
        who=st.sampled_from(["operator", "supervisor", "team-1/lead"]),
    )
    def an_operator_interferes(self, data: st.DataObject, command: type[Command], who: str) -> None:
        meant = data.draw(st.sampled_from(sorted(self.desk.state.incidents)))
        before = self.desk.state.incidents[meant]
        asked = command(meant, who, "cli")
        if command is Resolve:
            asked = Resolve(meant, who, "cli", data.draw(st.sampled_from(Cause)))
        answer = commands.apply(self.desk.turn(), asked)
        if command is Review and answer.ok:
            assert before.is_over
            assert before.resolved_by != who

    @rule(minutes=st.sampled_from([0.5, 3, 14, 15, 29, 31, 61, 12 * 60, 24 * 60]))
    def time_passes(self, minutes: float) -> None:
        self.desk.passes(minutes=minutes)

    @rule(home=st.sampled_from(["w1", "w2"]))
    def an_order_ends(self, home: str) -> None:
        self.desk.order_ended(home)
        self.desk.passes(minutes=0)
        assert all(
            each.watch != home or each.is_over for each in self.desk.state.incidents.values()
        )
        self.desk.state.running.add(home)  # the next resident

    def is_ignored(self, who: str) -> bool:
        found = self.desk.state.strikes.get(self.desk.full(who), Strikes())
        return strikes.is_ignored(found, self.desk.now)

    def waits_for_the_morning(self, incident: Incident) -> bool:
        return quiet.is_untold(incident, Policy(), self.desk.now)

    # ---- what must hold ----

    @invariant()
    def every_incident_that_is_not_reviewed_has_a_next_step_with_a_time(self) -> None:
        for each in self.desk.state.incidents.values():
            assert each.next_at is not None
            assert each.next_at > self.desk.now - timedelta(microseconds=1)
            assert self.desk.state.timers.due[TimerKind("step", each.id)] == each.next_at

    @invariant()
    def at_most_one_incident_is_open_for_each_matter_and_home(self) -> None:
        concerns = Counter(
            (each.matter, each.subject)
            for each in self.desk.state.incidents.values()
            if each.state in OPEN
        )
        assert all(count == 1 for count in concerns.values())

    @invariant()
    def a_number_means_one_thing_in_its_team(self) -> None:
        numbers = Counter((each.team, each.number) for each in self.desk.state.incidents.values())
        assert all(count == 1 for count in numbers.values())

    @invariant()
    def whoever_was_texted_may_answer_and_every_text_fits(self) -> None:
        notices = self.desk.notices
        for notice in notices[self.texted :]:
            assert units(notice.text) <= LIMIT
            if notice.kind is not NoticeKind.ANSWER:
                assert bundling.with_others(notice.short_text, 999) != notice.short_text
                assert units(bundling.with_others(notice.short_text, 999)) <= LIMIT
            incident = self.desk.state.incidents.get(notice.incident or "")
            if incident is not None:
                assert notice.contact in incident.told
        self.texted = len(notices)

    @invariant()
    def only_what_has_time_waits_and_only_for_the_morning(self) -> None:
        for notice in self.desk.changes[-1].notices if self.desk.changes else ():
            if notice.not_before_at is None:
                continue
            assert notice.severity is Severity.HEALTH or notice.reason is Reason.REVIEW_DUE
            assert notice.not_before_at.astimezone(LOCAL).strftime("%H:%M") == "07:00"
            assert notice.created_at < notice.not_before_at < notice.expires_at

    @invariant()
    def who_has_it_is_told_to_others_who_were_told_of_it_and_never_to_who_has_it(self) -> None:
        for changes in self.desk.changes[-1:]:
            after = {each.id: each for each in changes.incidents}
            said = [each for each in changes.notices if each.kind is NoticeKind.TAKEN]
            assert len({(each.contact, each.incident) for each in said}) == len(said)
            for notice in said:
                incident = after[notice.incident or ""]
                assert notice.contact in incident.told
                assert notice.contact not in {each.contact for each in incident.acknowledgements}
                assert notice.severity <= Severity.MINOR

    @invariant()
    def nobody_is_texted_once_it_is_over_but_for_its_review(self) -> None:
        for changes in self.desk.changes:
            over = {each.id for each in changes.incidents if each.is_over}
            last = {each.id: each for each in changes.incidents}
            for notice in changes.notices:
                if notice.incident in over and last[notice.incident].is_over:
                    assert (
                        notice.kind is NoticeKind.ANSWER
                        or notice.reason is Reason.REVIEW_DUE
                        or notice.state is NoticeState.SUPERSEDED
                    )

    @invariant()
    def each_change_has_its_transition_and_nothing_open_gets_lighter(self) -> None:
        transitions = {each.incident: each for each in self.desk.transitions}
        for each in self.desk.state.incidents.values():
            before = self.seen.get(each.id)
            if before is None or before.state is not each.state:
                assert transitions[each.id].to_state is each.state
                assert transitions[each.id].actor
            if before and not before.is_over and before.reopened == each.reopened:
                assert (each.severity, each.level) >= (before.severity, before.level)
        self.seen = dict(self.desk.state.incidents)

    @invariant()
    def what_is_held_has_a_holder_and_what_is_open_has_none(self) -> None:
        for each in self.desk.state.incidents.values():
            if each.state in (IncidentState.ACKNOWLEDGED, IncidentState.ON_SITE):
                assert each.acknowledgements
            elif each.state is IncidentState.OPEN:
                assert not each.acknowledgements


def test_incidents_keep_their_promises() -> None:
    run_state_machine_as_test(
        Incidents, settings=settings(max_examples=100, stateful_step_count=40, deadline=None)
    )
