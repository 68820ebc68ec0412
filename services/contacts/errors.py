"""Why a contact is not accepted, as the customer reads it (R1, R6, R7, R12)."""


class Refusal(Exception):
    """A contact can't be accepted; the message is for the customer. `field` names what to mend, where there is one."""

    field: str | None = None


class PassingRefusal(Refusal):
    """What MK publishes next may lift it: nothing is kept under the request's key, so that it can succeed later."""


class FormRefusal(Refusal):
    """The text itself is refused, now and ever: kept, and answered again to the same request (R12)."""

    field = "text"


class OptionOff(PassingRefusal):
    """MK has switched contacts off (R1)."""


class UnknownCustomer(PassingRefusal):
    """MK has not published this customer, or has erased them."""


class UnknownSector(PassingRefusal):
    """The sector doesn't exist or takes no contacts (R7)."""

    field = "sector_id"


class ConnectionRequired(PassingRefusal):
    """With several active connections the customer must choose one (R6)."""

    field = "connection_id"


class UnknownConnection(PassingRefusal):
    """The connection isn't the customer's, or isn't active (R6)."""

    field = "connection_id"


class TextRequired(FormRefusal):
    """Nothing that can be seen was written (R7)."""


class TextTooLong(FormRefusal):
    """More than 4,000 characters (R7)."""


class KeyReused(Refusal):
    """The same key came with another body (R12)."""

    field = "Idempotency-Key"


class UnknownContact(Refusal):
    """There is no such contact of this customer."""


REMEMBERED: dict[str, type[FormRefusal]] = {refusal.__name__: refusal for refusal in (TextRequired, TextTooLong)}
"""The refusals that a contact keeps, by name."""

STATUS: dict[type[Exception], int] = {
    OptionOff: 403,
    UnknownCustomer: 404,
    UnknownContact: 404,
    Refusal: 422,
}
"""The HTTP status of each refusal; of two that fit, the first counts."""
