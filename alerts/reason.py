"""Why anything was, or was not, decided. Each reason is explained in docs/reasons.md."""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """One word a decision returns and keeps."""

    # something was raised
    OPENED_UNANNOUNCED = "opened_unannounced"
    OPENED_AT_NIGHT = "opened_at_night"
    FOUND_OPEN = "found_open"
    STILL_OPEN = "still_open"
    OPENED_REPEATEDLY = "opened_repeatedly"
    PERMIT_OVERRUN = "permit_overrun"
    SEAL_BROKEN = "seal_broken"
    SEAL_REMOVED = "seal_removed"
    DEVICE_TAMPERED = "device_tampered"
    CAMERA_SAW_EXIT = "camera_saw_exit"
    CAMERA_SAW_ENTRY = "camera_saw_entry"
    CAMERA_SAW_LOITERING = "camera_saw_loitering"
    CAMERA_SAW_GATHERING = "camera_saw_gathering"
    CAMERA_COVERED = "camera_covered"
    CAMERA_FAULT = "camera_fault"
    SENSORS_AGREE = "sensors_agree"
    HELP_ASKED = "help_asked"
    REPORTING_TIME_PASSED = "reporting_time_passed"
    LAST_WILL = "last_will"
    LEFT_NETWORK = "left_network"
    BATTERY_LOW = "battery_low"
    MAINS_LOST = "mains_lost"
    SEVERAL_SILENT = "several_silent"
    BRIDGE_OFFLINE = "bridge_offline"
    BROKER_GONE = "broker_gone"
    CHANNEL_GONE = "channel_gone"  # it has been down for too long
    TEST_TEXT_MISSING = "test_text_missing"  # it claims to work, and the day's test did not arrive
    FLOODING = "flooding"
    # nobody can say what a device does
    INTAKE_LOST = "intake_lost"  # this gateway hears nobody
    GATEWAY_OFF = "gateway_off"  # it did not run
    # something was cleared
    CLOSED_AGAIN = "closed_again"
    CLOSED_AGAIN_BRIEFLY = "closed_again_briefly"
    SEAL_APPLIED = "seal_applied"
    TAMPER_OFF = "tamper_off"
    CAMERA_CLEAR = "camera_clear"
    HEARD_AGAIN = "heard_again"
    CHANNEL_BACK = "channel_back"
    POWER_BACK = "power_back"
    FLOOD_OVER = "flood_over"
    PASSED = "passed"  # a momentary fact is over by itself
    ANNOUNCED_LATE = "announced_late"
    ORDER_ENDED = "order_ended"
    # nothing was raised, and why not
    PERMITTED = "permitted"
    SILENCED = "silenced"
    INHIBITED = "inhibited"
    BOUNCE = "bounce"
    REPEATED_STATE = "repeated_state"
    DUPLICATE = "duplicate"
    LATE = "late"
    AGED = "aged"
    FOUND = "found"
    RETAINED_COPY = "retained_copy"
    CACHED_COPY = "cached_copy"
    NOT_WATCHED = "not_watched"
    NOTICE_NOT_SERVED = "notice_not_served"
    ORDER_NOT_ACTIVE = "order_not_active"
    UNREGISTERED = "unregistered"
    NOT_UNDERSTOOD = "not_understood"
    ANNOUNCED = "announced"
    ANNOUNCEMENTS_USED_UP = "announcements_used_up"
    HELD = "held"  # waiting a moment, so that several become one
    NO_RULE = "no_rule"
    MESSAGES_MISSING = "messages_missing"  # a gap in what a device sent
    ALIVE = "alive"  # a heartbeat, or a charge: proof of life, no more
    CLOCK_STEPPED = "clock_stepped"  # what was waited for moved with it
    CLOCK_NOT_TRUSTED = "clock_not_trusted"  # an order ends only on a clock known to be right
    REVOKED = "revoked"  # a permit or silence was ended early
    # the life of an incident
    JOINED = "joined"
    RAISED = "raised"  # it grew worse: those concerned are told again
    REPLIED = "replied"
    COMMANDED = "commanded"
    NO_ACKNOWLEDGEMENT = "no_acknowledgement"
    QUORUM_MISSING = "quorum_missing"
    LEASE_LAPSED = "lease_lapsed"
    STEPS_REPEAT = "steps_repeat"
    CAME_BACK = "came_back"
    REVIEW_DUE = "review_due"
    DEALT_WITH = "dealt_with"
    RECOVERED = "recovered"  # equipment works again: nobody need do anything
    # who is told of an incident, and why they
    ON_CALL = "on_call"
    STANDS_IN = "stands_in"  # the lead, where a role is absent
    NOBODY_ON_CALL = "nobody_on_call"  # somebody off shift, because nobody is on
    BEYOND_TEAM = "beyond_team"
    NOBODY_TO_TELL = "nobody_to_tell"  # a team without anybody
    QUIET_HOURS = "quiet_hours"  # it can wait, and nobody is woken for it
    TAKEN_BY_COLLEAGUE = "taken_by_colleague"  # the others learn who has it
    # refusals, each answered to whoever asked
    CONDITION_STANDS = "condition_stands"
    NUMBER_UNKNOWN = "number_unknown"
    NOT_SENT_TO_YOU = "not_sent_to_you"
    ALREADY_DONE = "already_done"
    WRONG_STATE = "wrong_state"
    NOT_A_REPLY = "not_a_reply"
    STRANGER = "stranger"
    ANSWERS_USED_UP = "answers_used_up"  # a phone had its answers of the hour to what says nothing
    GUESSING = "guessing"  # several numbers that it was not sent: from now on it is ignored
    IGNORED = "ignored"  # written while its phone was ignored, and not looked at
    NOT_FOUND = "not_found"
    WRONG_TIMES = "wrong_times"
