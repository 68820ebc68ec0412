"""What customers have to be sent as time passes: reminders of questions that are still open (R16, R24)."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from uuid import UUID

from tests.chaos import expected
from tests.chaos.case import Case
from tests.chaos.evidence import Evidence, announced
from tests.chaos.expected import Notice
from tests.chaos.provider import Customer
from tests.chaos.turning import CARRIERS

REMINDED = "EvaluationReminded.v1"


def with_reminders(case: Case) -> Case:
    """The case with the notices of reminders; those of what was answered or withdrawn meanwhile may be left out."""
    reminders = list(_notices(case.evidence, case.customers))
    ended = {str(one["_id"]) for one in case.evidence.evaluations if one["answer"] or one.get("withdrawn")}
    pointless = {
        UUID(one["event_id"]) for one in announced(case.evidence.evaluations, REMINDED) if one["evaluation_id"] in ended
    }
    late = {notice.id for notice in reminders if notice.event_id in pointless}
    return replace(case, notices=case.notices + reminders, overtaken=case.overtaken | late)


def _notices(evidence: Evidence, people: Mapping[str, Customer]) -> Iterator[Notice]:
    states = {one["_id"]: one["state"] for one in evidence.deliveries}
    for event in announced(evidence.evaluations, REMINDED):
        customer, event_id = people[event["customer_id"]], UUID(event["event_id"])
        # a reminder goes where its question went
        asked = list(expected.everywhere(event_id, expected.ASKED, customer))
        yield from asked
        lost = [states.get(one.id) == "failed" for one in asked if one.channel in CARRIERS]
        if customer.email and lost and all(lost):
            yield Notice(event_id, "customer", "email", customer.id, expected.ASKED)
