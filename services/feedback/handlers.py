"""What feedback does when something happens: load, decide, commit."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from contracts import mk, tickets
from contracts.message import Cause
from contracts.notifier import EvaluationAnswered
from contracts.replies import Rated
from contracts.requests import SubmitEvaluation, SubmitEvaluationByLink
from services.feedback import domain
from services.feedback.answer import Answer
from services.feedback.chat import answer_in_chat
from services.feedback.domain import Evaluation, Terms
from services.feedback.errors import EvaluationWithdrawn, LinkInvalid, UnknownEvaluation
from services.feedback.link import Links
from services.feedback.ports import Clock, Decided, Evaluations

LOOK_EVERY = timedelta(minutes=1)
"""How often the clock is looked at for reminders and for what expires."""

BY_LINK = "link"
"""The channel of an answer that came through the signed link."""


@dataclass(frozen=True, slots=True)
class Submission:
    """An answer, how it came, and on whose behalf: with a link, on behalf of whoever holds it."""

    answer: Answer
    channel: str
    of: str | None = None

    def may_concern(self, evaluation: Evaluation) -> bool:
        """Whether it comes from somebody who was asked."""
        return self.of in {None, evaluation.customer_id}


class Handlers:
    """The handlers of events, commands and the clock, over the ports that they are given."""

    def __init__(self, evaluations: Evaluations, *, links: Links, terms: Terms, clock: Clock) -> None:
        self.evaluations = evaluations
        self.links = links
        self.terms = terms
        self.clock = clock

    async def on_ticket_closed(self, event: tickets.TicketClosed) -> None:
        """Ask for the customer's opinion, once per closing, where the operator wants it (R21).

        What a reopening that came earlier has undone already is not asked: it is withdrawn from birth.
        """
        if not domain.is_asked(event):
            return
        asked = domain.evaluation_id(event, await self.evaluations.of_ticket(event.ticket_id))
        evaluation = await self._ask(event, asked)
        if evaluation.cycle != event.cycle:
            # meanwhile another cycle that the same event closed was asked about under this name
            evaluation = await self._ask(event, domain.named_after_cycle(event))
        # a reopening that came since they were asked for has not seen this evaluation
        for reopening in await self.evaluations.reopenings(event.ticket_id):
            await self._withdraw(evaluation, reopening)

    async def _ask(self, event: tickets.TicketClosed, evaluation_id: UUID) -> Evaluation:
        async def decide(evaluation: Evaluation | None) -> Decided:
            if evaluation is not None:
                return evaluation, []
            link, now = self.links.to(evaluation_id), self.clock()
            asked, request = domain.open_evaluation(event, evaluation_id, terms=self.terms, link=link, now=now)
            born, withdrawal = domain.withdraw(asked, await self.evaluations.reopenings(event.ticket_id), now=now)
            return born, withdrawal or request

        return await self.evaluations.update(evaluation_id, decide, cause=event)

    async def on_ticket_reopened(self, event: tickets.TicketReopened) -> None:
        """Take back the open question of the closing that is undone, also where that is still to come (R21)."""
        await self.evaluations.remember_reopening(event)
        for evaluation in await self.evaluations.of_ticket(event.ticket_id):
            await self._withdraw(evaluation, event)

    async def _withdraw(self, evaluation: Evaluation, reopening: tickets.TicketReopened) -> None:
        if evaluation.withdrawn or not domain.undoes(reopening, evaluation):
            return

        def decide(found: Evaluation | None) -> Decided:
            return domain.withdraw(found or evaluation, [reopening], now=self.clock())

        await self.evaluations.update(evaluation.id, decide, cause=reopening)

    async def on_customer_erased(self, event: mk.CustomerErased) -> None:
        """Forget what the customer wrote or will still write; keep the scores (R27)."""
        await self.evaluations.remember_erasure(event)
        for evaluation in await self.evaluations.of_customer(event.customer_id):
            await self._erase(evaluation, event)

    async def _erase(self, evaluation: Evaluation, erasure: mk.CustomerErased) -> None:
        def decide(found: Evaluation | None) -> Decided:
            return domain.erase(found or evaluation), []

        await self.evaluations.update(evaluation.id, decide, cause=erasure)

    async def on_submit_evaluation(self, command: SubmitEvaluation) -> Rated:
        """Answer an evaluation on behalf of its customer. Raises: Refusal; UnknownEvaluation for a foreign one too."""
        answer = Answer.of(command.score, command.comment)
        submission = Submission(answer, command.channel, of=command.customer_id)
        try:
            return await self._submit(command.evaluation_id, submission, cause=command)
        except EvaluationWithdrawn as refusal:
            newest = await self._newest(command.evaluation_id)
            raise EvaluationWithdrawn(str(newest) if newest else None) from refusal

    async def on_submit_evaluation_by_link(self, command: SubmitEvaluationByLink) -> Rated:
        """Answer an evaluation for whoever holds its link (R23). Raises: Refusal."""
        answer = Answer.of(command.score, command.comment)
        evaluation_id = self.links.read(command.token)
        try:
            return await self._submit(evaluation_id, Submission(answer, BY_LINK), cause=command)
        except UnknownEvaluation as refusal:
            raise LinkInvalid from refusal
        except EvaluationWithdrawn as refusal:
            newest = await self._newest(evaluation_id)
            raise EvaluationWithdrawn(self.links.to(newest) if newest else None) from refusal

    async def on_evaluation_answered(self, event: EvaluationAnswered) -> None:
        """Record what a customer answered in a chat, or announce why it doesn't count (R23, R24).

        Raises: UnknownEvaluation, for a foreign one too, ScoreOutOfRange and CommentTooLong: no chat lets these pass.
        """
        submission = Submission(Answer.of(event.score, event.comment), event.channel, of=event.customer_id)

        def decide(evaluation: Evaluation | None) -> Decided:
            if evaluation is None or not submission.may_concern(evaluation):
                raise UnknownEvaluation
            return answer_in_chat(
                evaluation, submission.answer, channel=event.channel, reply_to=event.reply_to, now=self.clock()
            )

        await self.evaluations.update(event.evaluation_id, decide, cause=event)

    async def _submit(self, evaluation_id: UUID, submission: Submission, *, cause: Cause) -> Rated:
        created = False

        def decide(evaluation: Evaluation | None) -> Decided:
            nonlocal created
            if evaluation is None or not submission.may_concern(evaluation):
                raise UnknownEvaluation
            answered, events = domain.submit(
                evaluation, submission.answer, channel=submission.channel, now=self.clock()
            )
            created = bool(events)
            return answered, events

        await self.evaluations.update(evaluation_id, decide, cause=cause)
        return Rated(evaluation_id=evaluation_id, score=submission.answer.score, created=created)

    async def _newest(self, evaluation_id: UUID) -> UUID | None:
        withdrawn = await self.evaluations.find(evaluation_id)
        known = await self.evaluations.of_ticket(withdrawn.ticket_id) if withdrawn else []
        newest = domain.newest_open(known, now=self.clock())
        return newest.id if newest else None

    async def remind_and_expire(self) -> None:
        """Remind once and expire on time, however many replicas look (R24)."""
        now = self.clock()
        async for evaluation in self.evaluations.due(now):
            await self.evaluations.update_by_clock(evaluation.id, lambda found: domain.pass_time(found, now=now))
