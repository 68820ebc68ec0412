"""A service's answer to a request, as it goes back to the replica of the edge that asked."""

from chassis.messaging.envelope import Delivery, Envelope
from contracts.requests import Problem, Reply

FAILED = Problem(
    status=503,
    type="urn:atendo:problem:unavailable",
    title="Unavailable",
    detail="O serviço não conseguiu responder agora. Tente de novo em instantes.",
)


def reply_to(letter: Delivery, reply: Reply) -> Envelope:
    """The reply to a letter that asks for one."""
    return Envelope(
        exchange=letter.reply_by,
        routing_key=letter.reply_to or "",
        body=reply.model_dump_json(exclude_none=reply.problem is not None).encode(),
        type="Reply.v1",
        correlation_id=letter.correlation_id,
        # a caller that left must not turn its finished request into a failure
        mandatory=False,
        persistent=False,
    )
