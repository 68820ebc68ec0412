"""Proves a history against what was left behind, property by property; it asks nobody and changes nothing."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from tests.chaos import announcing, carrying, evaluating, notifying, ticketing
from tests.chaos.case import Case
from tests.chaos.evidence import Evidence
from tests.chaos.history import History
from tests.chaos.provider import Customer

Property = Callable[[Case], Iterator[str]]


@dataclass(frozen=True, slots=True)
class Verdict:
    """One property: how many things it was about, and what contradicts it."""

    name: str
    promise: str
    violations: list[str] = field(default_factory=list)


PROPERTIES: dict[str, Property] = {
    "contacts_become_tickets": ticketing.contacts_become_tickets,
    "newest_words_are_kept": ticketing.newest_words_are_kept,
    "protocols_are_unique": ticketing.protocols_are_unique,
    "tickets_are_the_fold": ticketing.tickets_are_the_fold,
    "mirror_agrees": ticketing.mirror_agrees,
    "one_evaluation_per_closing": ticketing.one_evaluation_per_closing,
    "answers_are_kept": ticketing.answers_are_kept,
    "one_closing_per_cycle": announcing.one_closing_per_cycle,
    "withdrawn_is_never_answered": evaluating.withdrawn_is_never_answered,
    "open_questions_are_about_closed_tickets": evaluating.open_questions_are_about_closed_tickets,
    "contacts_are_acknowledged_once": announcing.contacts_are_acknowledged_once,
    "one_delivery_per_channel": notifying.one_delivery_per_channel,
    "inbox_at_most_once": notifying.inbox_at_most_once,
    "mails_at_least_once": notifying.mails_at_least_once,
    "mails_keep_their_id": notifying.mails_keep_their_id,
    "mails_repeat_across_crashes_only": notifying.mails_repeat_across_crashes_only,
    "pushes_at_most_once": carrying.pushes_at_most_once,
    "chats_at_most_once": carrying.chats_at_most_once,
    "sent_has_arrived": carrying.sent_has_arrived,
    "questions_reach_somebody": carrying.questions_reach_somebody,
    "chat_answers_are_recorded_once": carrying.chat_answers_are_recorded_once,
    "everything_is_back": notifying.everything_is_back,
    "queues_are_drained": notifying.queues_are_drained,
    "dead_letters_are_accounted_for": notifying.dead_letters_are_accounted_for,
}
"""Every property, by name; each one's docstring is its promise."""


def check(history: History, evidence: Evidence, customers: dict[str, Customer]) -> list[Verdict]:
    """Return every property with its violations: none at all where the product kept its word."""
    case = Case.of(history, evidence, customers)
    return [Verdict(name, _promise(prove), list(prove(case))) for name, prove in PROPERTIES.items()]


def broken(verdicts: list[Verdict]) -> set[str]:
    """The names of the properties that don't hold."""
    return {verdict.name for verdict in verdicts if verdict.violations}


def _promise(prove: Property) -> str:
    return (prove.__doc__ or "").split("\n", maxsplit=1)[0].strip()
