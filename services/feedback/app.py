"""What feedback is made of: the only file that knows."""

from datetime import timedelta

from pydantic import ValidationError

from chassis.service import Service, run
from contracts import mk, tickets
from contracts.requests import ListEvaluations, OpenEvaluationLink, SubmitEvaluation, SubmitEvaluationByLink
from services.feedback import domain
from services.feedback.handlers import Handlers
from services.feedback.link import LinkInvalid, Links
from services.feedback.metrics import LOOK_EVERY, Counted
from services.feedback.migrations import STEPS
from services.feedback.settings import Settings
from services.feedback.store import MongoEvaluations

REFUSES: dict[type[Exception], int] = {
    domain.UnknownEvaluation: 404,
    LinkInvalid: 404,
    domain.AlreadyAnswered: 409,
    domain.Expired: 410,
    domain.Refusal: 422,
}


def build(settings: Settings | None = None) -> Service:
    """One replica of feedback."""
    settings = settings or Settings.model_validate({})
    service = Service("feedback", settings)
    service.migrates(STEPS)
    evaluations = MongoEvaluations(service)
    handlers = Handlers(
        evaluations,
        links=Links(settings.public_url, settings.link_secret.get_secret_value().encode()),
        terms=domain.Terms(settings.evaluation_remind_after, settings.evaluation_expires_after),
        clock=service.clock,
    )
    # a closing so late in time that no term fits behind it
    service.permanent(ValidationError)
    service.on(tickets.TicketClosed, handlers.on_ticket_closed)
    service.on(mk.CustomerErased, handlers.on_customer_erased)
    service.answers(SubmitEvaluation, handlers.on_submit_evaluation, refuses=REFUSES)
    service.answers(SubmitEvaluationByLink, handlers.on_submit_evaluation_by_link, refuses=REFUSES)
    service.answers(ListEvaluations, handlers.on_list_evaluations)
    service.answers(OpenEvaluationLink, handlers.on_open_evaluation_link, refuses=REFUSES)
    service.every(timedelta(minutes=1), handlers.remind_and_expire)
    counted = Counted(service.metrics.registry, evaluations, clock=service.clock)
    service.outbox.on_commit(counted.told)
    service.every(LOOK_EVERY, counted.look)
    return service


if __name__ == "__main__":
    run(build)
