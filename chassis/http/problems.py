"""What is answered instead of what was asked for: RFC 9457 problems, made in one way by services and the edge."""

import re
from collections.abc import Sequence

from contracts.problems import FieldError, Problem

MEDIA_TYPE = "application/problem+json"

_URN = "urn:atendo:problem:"


def problem(status: int, title: str, detail: str, *, errors: Sequence[FieldError] = ()) -> Problem:
    """A problem whose `type` is made of its title: `Not found` is `urn:atendo:problem:not-found`."""
    slug = title.lower().replace(" ", "-")
    return Problem(status=status, type=f"{_URN}{slug}", title=title, detail=detail, errors=tuple(errors) or None)


def of(error: Exception, status: int) -> Problem:
    """A domain's refusal: its class names it, its text is for the customer, its `field` says what to correct.

    Its `members` are added to the problem (RFC 9457, 3.2).
    """
    title = re.sub(r"(?<!^)(?=[A-Z])", " ", type(error).__name__)
    field = getattr(error, "field", None)
    errors = [FieldError(field=field, message=str(error))] if field else []
    refused = problem(status, title.capitalize(), str(error), errors=errors)
    return Problem.model_validate({**refused.model_dump(), **getattr(error, "members", {})})


def unreadable(detail: str, errors: Sequence[FieldError] = ()) -> Problem:
    """A request that can't be understood."""
    return problem(422, "Unreadable", detail, errors=errors)


UNAVAILABLE = problem(503, "Unavailable", "O serviço não conseguiu responder agora. Tente de novo em instantes.")
"""The service is there and fails."""


def content(problem: Problem) -> bytes:
    """The body of the HTTP answer, of the type `MEDIA_TYPE`."""
    return problem.model_dump_json(exclude_none=True).encode()
