"""One span a message, as part of the trace that its publisher was in."""

from chassis.messaging.envelope import Delivery
from chassis.messaging.middleware import Outcome, Proceed
from chassis.observability import tracing

_AS_IT_SHOULD = frozenset({"done", "ignored", "refused"})


class Traced:
    """Opens the span, and notes how it ended."""

    async def __call__(self, delivery: Delivery, proceed: Proceed) -> Outcome:
        """Proceed within a span, where there are any."""
        if not tracing.is_on():
            return await proceed(delivery)
        with tracing.consuming(delivery.queue, delivery.headers) as span:
            outcome = await proceed(delivery)
            attributes = {"atendo.handler": outcome.handler, "atendo.outcome": outcome.end}
            span.annotate(attributes, failed=outcome.end not in _AS_IT_SHOULD)
        return outcome
