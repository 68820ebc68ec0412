"""Why a contact is not accepted, in words for the customer (R1, R6, R7, R12)."""


class Refusal(Exception):
    """A contact can't be accepted; the message is for the customer. `field` names what to mend, where there is one."""

    field: str | None = None


class OptionOff(Refusal):
    """MK has switched contacts off (R1)."""


class UnknownCustomer(Refusal):
    """MK has not told of this customer."""


class UnknownSector(Refusal):
    """The sector doesn't exist or takes no contacts (R7)."""

    field = "sector_id"


class ConnectionRequired(Refusal):
    """With several active connections the customer must choose one (R6)."""

    field = "connection_id"


class UnknownConnection(Refusal):
    """The connection isn't the customer's, or isn't active (R6)."""

    field = "connection_id"


class TextRequired(Refusal):
    """Nothing was written (R7)."""

    field = "text"


class TextTooLong(Refusal):
    """More than 4,000 characters (R7)."""

    field = "text"


class KeyReused(Refusal):
    """The same key came with another body (R12)."""

    field = "Idempotency-Key"


class UnknownContact(Refusal):
    """There is no such contact of this customer."""


REFUSALS: dict[str, type[Refusal]] = {
    refusal.__name__: refusal
    for refusal in (
        OptionOff,
        UnknownCustomer,
        UnknownSector,
        ConnectionRequired,
        UnknownConnection,
        TextRequired,
        TextTooLong,
    )
}
"""The refusals that a contact remembers, by name."""
