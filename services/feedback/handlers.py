"""What feedback does when something happens: load, decide, commit."""

from collections.abc import Callable
from datetime import datetime

from contracts import mk, tickets
from contracts.message import Cause
from contracts.requests import ListEvaluations, OpenEvaluationLink, SubmitEvaluation, SubmitEvaluationByLink
from services.feedback import domain
from services.feedback.domain import Answer, Evaluation, Terms, UnknownEvaluation
from services.feedback.link import LinkInvalid, Links
from services.feedback.ports import Evaluations

BY_LINK = "link"
"""The channel of an answer that came through the signed link."""


class Handlers:
    """The handlers of feedback, over the ports that they are given."""

    def __init__(self, evaluations: Evaluations, *, links: Links, terms: Terms, clock: Callable[[], datetime]) -> None:
        self.evaluations = evaluations
        self.links = links
        self.terms = terms
        self.clock = clock

    async def on_ticket_closed(self, event: tickets.TicketClosed) -> None:
        """Ask for the customer's opinion, once per closing, where the operator wants it (R21)."""
        if not domain.is_asked(event):
            return
        evaluation_id = domain.evaluation_id(event)
        evaluation = await self.evaluations.find(evaluation_id)
        if evaluation is not None:
            await self.evaluations.commit(evaluation, [], cause=event)
            return
        link = self.links.to(evaluation_id)
        evaluation, events = domain.open_evaluation(event, terms=self.terms, link=link, now=self.clock())
        await self.evaluations.commit(evaluation, events, cause=event)

    async def on_customer_erased(self, event: mk.CustomerErased) -> None:
        """Forget what the customer wrote or will still write; keep the scores (R27)."""
        await self.evaluations.remember_erasure(event)
        for evaluation in await self.evaluations.of_customer(event.customer_id):
            await self.evaluations.commit(domain.erase(evaluation), [], cause=event)

    async def on_submit_evaluation(self, command: SubmitEvaluation) -> dict[str, object]:
        """Answer an evaluation on behalf of its customer. Raises: Refusal; UnknownEvaluation for a foreign one too."""
        answer = domain.answer(command.score, command.comment)
        evaluation = await self.evaluations.find(command.evaluation_id)
        if evaluation is None or evaluation.customer_id != command.customer_id:
            raise UnknownEvaluation("Avaliação não encontrada.")
        return await self._submit(evaluation, answer, channel=command.channel, cause=command)

    async def on_submit_evaluation_by_link(self, command: SubmitEvaluationByLink) -> dict[str, object]:
        """Answer an evaluation for whoever holds its link (R23). Raises: Refusal."""
        answer = domain.answer(command.score, command.comment)
        return await self._submit(await self._behind(command.token), answer, channel=BY_LINK, cause=command)

    async def _submit(self, evaluation: Evaluation, answer: Answer, *, channel: str, cause: Cause) -> dict[str, object]:
        answered, events = domain.submit(evaluation, answer, channel=channel, cause=cause, now=self.clock())
        await self.evaluations.commit(answered, events, cause=cause)
        return {"evaluation_id": str(evaluation.id), "score": answer.score, "created": bool(events)}

    async def _behind(self, token: str) -> Evaluation:
        evaluation = await self.evaluations.find(self.links.read(token))
        if evaluation is None:
            raise LinkInvalid
        return evaluation

    async def on_list_evaluations(self, query: ListEvaluations) -> list[dict[str, object]]:
        """What the customer may still rate."""
        evaluations = await self.evaluations.of_customer(query.customer_id)
        return [
            {**_shown(evaluation), "expires_at": _moment(evaluation.expires_at)}
            for evaluation in domain.pending(evaluations, now=self.clock())
        ]

    async def on_open_evaluation_link(self, query: OpenEvaluationLink) -> dict[str, object]:
        """What the link's page shows; records nothing (R23). Raises: LinkInvalid."""
        evaluation = await self._behind(query.token)
        shown = {**_shown(evaluation), "state": evaluation.state(self.clock())}
        return {**shown, "score": evaluation.answer.score} if evaluation.answer else shown

    async def remind_and_expire(self) -> None:
        """Remind once and expire on time, however many replicas look (R24)."""
        now = self.clock()
        async for evaluation in self.evaluations.due(now):
            later, events = domain.pass_time(evaluation, now=now)
            await self.evaluations.commit_first(later, events)


def _shown(evaluation: Evaluation) -> dict[str, object]:
    return {
        "evaluation_id": str(evaluation.id),
        "protocol": evaluation.protocol,
        "closed_at": _moment(evaluation.closed_at),
    }


def _moment(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
