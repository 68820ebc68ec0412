"""The properties of questions that a reopening takes back (R21)."""

from collections.abc import Iterator

from tests.chaos.case import Case
from tests.chaos.evidence import announced

WITHDRAWN = "EvaluationWithdrawn.v1"
SUBMITTED = "EvaluationSubmitted.v1"


def withdrawn_is_never_answered(case: Case) -> Iterator[str]:
    """No evaluation is both withdrawn and answered, and each of the two is announced once."""
    for one in case.evidence.evaluations:
        withdrawals, answers = (len(announced([one], kind)) for kind in (WITHDRAWN, SUBMITTED))
        if one.get("withdrawn") and one["answer"]:
            yield f"evaluation {one['_id']} of ticket {one['ticket_id']} is withdrawn and answered"
        if (withdrawals, answers) != (int(one.get("withdrawn", False)), int(one["answer"] is not None)):
            yield f"evaluation {one['_id']} announced {withdrawals} withdrawals and {answers} answers"
    for rating in case.rated:
        taken = [one for one in case.evidence.evaluations if str(one["_id"]) == rating.evaluation_id]
        if rating.acknowledged and any(one.get("withdrawn") for one in taken):
            yield f"evaluation {rating.evaluation_id} took the answer {rating.score} and is withdrawn"


def open_questions_are_about_closed_tickets(case: Case) -> Iterator[str]:
    """At rest, what may still be answered is about a ticket's newest closing, and the ticket is closed."""
    for one in case.evidence.evaluations:
        if one["answer"] or one.get("withdrawn") or one["expired"] or one["ticket_id"] not in case.tickets:
            continue
        stands = case.standing(one["ticket_id"])
        if (stands.status, stands.cycle) != ("closed", one["cycle"]):
            yield f"evaluation {one['_id']} of closing {one['cycle']} is open, ticket {one['ticket_id']} is {stands}"
