"""Why a request is not answered as it was asked: RFC 9457 problems, as they travel from a service to the edge."""

from contracts.message import Frozen


class FieldError(Frozen):
    """What is wrong with one field of a body; `field` is its JSON path, as `text` or `connections.0.label`."""

    field: str
    message: str


class Problem(Frozen):
    """An RFC 9457 problem, as a service tells it to the edge.

    `newest` leads to the open evaluation that took a withdrawn one's place: its id, or for a link its address (R21).
    """

    status: int
    type: str
    title: str
    detail: str
    errors: tuple[FieldError, ...] | None = None
    newest: str | None = None
