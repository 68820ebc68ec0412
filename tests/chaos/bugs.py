"""Bugs that a product like this could have, each planted from outside, with the property that must notice it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from tests.chaos import carrying_bugs, chassis_bugs, cycle_bugs, service_bugs


@dataclass(frozen=True, slots=True)
class Bug:
    """How it gets in, and the property that it breaks."""

    plant: Callable[[ExitStack], None]
    breaks: str


@contextmanager
def planted(name: str) -> Iterator[None]:
    """Have the bug of this name in this process while the context lasts. Raises: KeyError."""
    with ExitStack() as stack:
        BUGS[name].plant(stack)
        yield


BUGS: dict[str, Bug] = {
    "ack before commit": Bug(chassis_bugs.ack_before_commit, "tickets_are_the_fold"),
    "publish without confirm": Bug(chassis_bugs.publish_without_confirm, "contacts_become_tickets"),
    "no dedupe": Bug(chassis_bugs.no_dedupe, "tickets_are_the_fold"),
    "outbox forgotten": Bug(chassis_bugs.outbox_forgotten, "mirror_agrees"),
    "outbox kept": Bug(chassis_bugs.outbox_kept, "queues_are_drained"),
    "events forgotten": Bug(chassis_bugs.events_forgotten, "one_delivery_per_channel"),
    "protocols alike": Bug(service_bugs.protocols_alike, "protocols_are_unique"),
    "first word wins": Bug(chassis_bugs.first_word_wins, "newest_words_are_kept"),
    "inbox by chance": Bug(service_bugs.inbox_by_chance, "inbox_at_most_once"),
    "message id by chance": Bug(service_bugs.message_id_by_chance, "mails_keep_their_id"),
    "mails twice": Bug(service_bugs.mails_twice, "mails_repeat_across_crashes_only"),
    "sent before sending": Bug(service_bugs.sent_before_sending, "mails_at_least_once"),
    "pushed twice": Bug(carrying_bugs.pushed_twice, "pushes_at_most_once"),
    "written twice": Bug(carrying_bugs.written_twice, "chats_at_most_once"),
    "pushed by chance": Bug(carrying_bugs.pushed_by_chance, "sent_has_arrived"),
    "asked nowhere": Bug(carrying_bugs.asked_nowhere, "questions_reach_somebody"),
    "taken twice": Bug(carrying_bugs.taken_twice, "chat_answers_are_recorded_once"),
    "evaluation a delivery": Bug(service_bugs.evaluation_a_delivery, "one_evaluation_per_closing"),
    "last answer wins": Bug(service_bugs.last_answer_wins, "answers_are_kept"),
    "closing announced again": Bug(cycle_bugs.closing_announced_again, "one_closing_per_cycle"),
    "withdrawn answered": Bug(cycle_bugs.withdrawn_answered, "withdrawn_is_never_answered"),
    "never withdrawn": Bug(cycle_bugs.never_withdrawn, "open_questions_are_about_closed_tickets"),
    "acknowledged twice": Bug(cycle_bugs.acknowledged_twice, "contacts_are_acknowledged_once"),
    "mirror deaf": Bug(service_bugs.mirror_deaf, "mirror_agrees"),
    "consumer lost": Bug(chassis_bugs.deaf, "everything_is_back"),
    "retries dropped": Bug(chassis_bugs.retries_dropped, "one_delivery_per_channel"),
    "retries for ever": Bug(chassis_bugs.retries_for_ever, "queues_are_drained"),
    "dead letters dropped": Bug(chassis_bugs.dead_dropped, "dead_letters_are_accounted_for"),
}
"""Every bug, by name."""
