"""What may be sent again, and as what: a notification that didn't reach its recipient (R19)."""

from dataclasses import dataclass
from uuid import UUID, uuid5

from contracts.addresses import NO_ADDRESS, UNUSABLE
from contracts.operating import SendAgain
from services.notifier.decide.domain import NO_CHAT, NO_DEVICE
from services.notifier.decide.explanation import State
from services.notifier.deliver.sending import ADDRESS_REFUSED, OVER_CAP, AnyDue
from services.notifier.errors import AlreadySent, NothingToSend

UNDER_WAY = frozenset({"queued", "sending"})
CURABLE_SKIPS = (NO_ADDRESS, UNUSABLE, ADDRESS_REFUSED, OVER_CAP, NO_DEVICE, NO_CHAT)
"""What a skip may begin with that was for the address alone: another one may be known, or it may be allowed again."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One notification as far as it came, and what it was about; `causes` are those that were applied to it.

    `reached` are the devices that have it; None where it doesn't go to devices.
    """

    id: UUID
    version: int
    state: State
    reason: str | None
    event_id: UUID
    template: str
    ticket_id: str | None
    customer_id: str | None
    reached: frozenset[UUID] | None = None
    causes: frozenset[UUID] = frozenset()


def check(delivery: Delivery, *, anyway: bool) -> None:
    """Refuse what must not go out again. Raises: AlreadySent, NothingToSend."""
    if delivery.state == "sent" and not anyway:
        raise AlreadySent("Esta notificação já foi enviada.")
    if delivery.state == "skipped" and not (delivery.reason or "").startswith(CURABLE_SKIPS):
        raise NothingToSend(f"Esta notificação não é para ser enviada: {delivery.reason}.")


def again(due: AnyDue, command: SendAgain, *, address: str | None) -> AnyDue:
    """The same notification as a new message: another cause, and the address that its recipient has now."""
    fresh = {"event_id": uuid5(command.request_id, str(due.notification_id)), "cause_id": command.request_id}
    return due.model_copy(update={**fresh, "address": address})
