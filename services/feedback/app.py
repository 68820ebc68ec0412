"""What feedback is made of: the only file that knows."""

from chassis.clock import utc_now
from chassis.service import Service, run
from contracts import mk, notifier, requests, tickets
from services.feedback import domain, errors, link, metrics, migrations, ports
from services.feedback.handlers import LOOK_EVERY, Handlers
from services.feedback.queries import Queries
from services.feedback.settings import Settings
from services.feedback.store import MongoEvaluations


def build(
    settings: Settings | None = None, *, evaluations: ports.Evaluations | None = None, clock: ports.Clock = utc_now
) -> Service:
    """One replica of feedback."""
    settings = settings or Settings.model_validate({})
    service = Service("feedback", settings, clock=clock)
    service.migrates(migrations.STEPS)
    evaluations = evaluations or MongoEvaluations(service)
    links = link.Links(settings.public_url, settings.link_secret.get_secret_value().encode())
    terms = domain.Terms(settings.evaluation_remind_after, settings.evaluation_expires_after)
    handlers = Handlers(evaluations, links=links, terms=terms, clock=clock)
    queries = Queries(evaluations, links=links, clock=clock)
    service.permanent(*errors.PERMANENT)
    service.on(tickets.TicketClosed, handlers.on_ticket_closed)
    service.on(tickets.TicketReopened, handlers.on_ticket_reopened)
    service.on(notifier.EvaluationAnswered, handlers.on_evaluation_answered)
    service.on(mk.CustomerErased, handlers.on_customer_erased)
    service.answers(requests.SubmitEvaluation, handlers.on_submit_evaluation, refuses=errors.STATUS)
    service.answers(requests.SubmitEvaluationByLink, handlers.on_submit_evaluation_by_link, refuses=errors.STATUS)
    service.answers(requests.ListEvaluations, queries.on_list_evaluations)
    service.answers(requests.GetEvaluation, queries.on_get_evaluation, refuses=errors.STATUS)
    service.answers(requests.OpenEvaluationLink, queries.on_open_evaluation_link, refuses=errors.STATUS)
    service.every(LOOK_EVERY, handlers.remind_and_expire)
    metrics.observe(service, evaluations)
    return service


if __name__ == "__main__":
    run(build)
