"""What feedback answers to whoever reads; nothing here changes anything."""

from contracts import replies
from contracts.requests import GetEvaluation, ListEvaluations, OpenEvaluationLink
from services.feedback import domain
from services.feedback.domain import Evaluation
from services.feedback.errors import LinkInvalid, UnknownEvaluation
from services.feedback.link import Links
from services.feedback.ports import Clock, Evaluations


class Queries:
    """The handlers of queries, over the ports that they are given."""

    def __init__(self, evaluations: Evaluations, *, links: Links, clock: Clock) -> None:
        self.evaluations = evaluations
        self.links = links
        self.clock = clock

    async def on_list_evaluations(self, query: ListEvaluations) -> list[replies.PendingEvaluation]:
        """What the customer may still rate."""
        evaluations = await self.evaluations.of_customer(query.customer_id)
        return [
            replies.PendingEvaluation(
                evaluation_id=evaluation.id,
                protocol=evaluation.protocol,
                closed_at=evaluation.closed_at,
                expires_at=evaluation.expires_at,
            )
            for evaluation in domain.pending(evaluations, now=self.clock())
        ]

    async def on_get_evaluation(self, query: GetEvaluation) -> replies.Evaluation:
        """One evaluation, whatever became of it. Raises: UnknownEvaluation, for a foreign one too."""
        evaluation = await self.evaluations.find(query.evaluation_id)
        if evaluation is None or evaluation.customer_id != query.customer_id:
            raise UnknownEvaluation
        newest = await self._newest(evaluation)
        return replies.Evaluation(
            evaluation_id=evaluation.id,
            protocol=evaluation.protocol,
            closed_at=evaluation.closed_at,
            expires_at=evaluation.expires_at,
            state=evaluation.state(self.clock()),
            score=evaluation.answer and evaluation.answer.score,
            comment=evaluation.answer and evaluation.answer.comment,
            newest=newest and newest.id,
        )

    async def on_open_evaluation_link(self, query: OpenEvaluationLink) -> replies.LinkedEvaluation:
        """What the link's page shows; records nothing (R23). Raises: LinkInvalid."""
        evaluation = await self.evaluations.find(self.links.read(query.token))
        if evaluation is None:
            raise LinkInvalid
        newest = await self._newest(evaluation)
        return replies.LinkedEvaluation(
            evaluation_id=evaluation.id,
            protocol=evaluation.protocol,
            closed_at=evaluation.closed_at,
            expires_at=evaluation.expires_at,
            state=evaluation.state(self.clock()),
            score=evaluation.answer and evaluation.answer.score,
            newest=newest and self.links.to(newest.id),
        )

    async def _newest(self, evaluation: Evaluation) -> Evaluation | None:
        if evaluation.state(self.clock()) != "withdrawn":
            return None
        return domain.newest_open(await self.evaluations.of_ticket(evaluation.ticket_id), now=self.clock())
