"""Completes the OpenAPI document that FastAPI makes, so that it shows what the edge really answers."""

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI
from pydantic.json_schema import models_json_schema

from contracts.problems import Problem
from services.edge.models import LinkRating

_REF = "#/components/schemas/{model}"
_FASTAPIS_OWN = ("HTTPValidationError", "ValidationError")


class Documented(FastAPI):
    """The application, with a document that is made when somebody first asks for it."""

    def openapi(self) -> dict[str, Any]:
        """What the edge takes and answers."""
        if self.openapi_schema is None:
            self.openapi_schema = _completed(super().openapi())
        return self.openapi_schema


def _completed(openapi: dict[str, Any]) -> dict[str, Any]:
    # with the schemas that routes refer to by name, and without the errors that FastAPI would answer with
    _, named = models_json_schema([(Problem, "serialization"), (LinkRating, "validation")], ref_template=_REF)
    schemas: dict[str, Any] = openapi["components"]["schemas"]
    schemas.update(named["$defs"])
    for methods in openapi["paths"].values():
        for operation in methods.values():
            _drop(operation["responses"], lambda answer: _FASTAPIS_OWN[0] in str(answer))
    for name in _FASTAPIS_OWN:
        schemas.pop(name, None)
    return openapi


def _drop(responses: dict[str, Any], unwanted: Callable[[Any], bool]) -> None:
    for status in [status for status, answer in responses.items() if unwanted(answer)]:
        del responses[status]
