"""Problems have one form, whoever answers with them."""

import json

from chassis.http import problems
from contracts.problems import FieldError


class CommentRequired(Exception):
    """A refusal of a domain that names the field to correct."""

    field = "comment"


def test_a_title_makes_the_type() -> None:
    assert problems.problem(404, "Not found", "Nada aqui.").type == "urn:atendo:problem:not-found"


def test_a_refusal_is_named_by_its_class_and_points_at_its_field() -> None:
    problem = problems.of(CommentRequired("Conte o motivo."), 422)

    assert (problem.status, problem.type) == (422, "urn:atendo:problem:comment-required")
    assert (problem.title, problem.detail) == ("Comment required", "Conte o motivo.")
    assert problem.errors == (FieldError(field="comment", message="Conte o motivo."),)


def test_what_is_absent_is_left_out_of_the_body() -> None:
    body = json.loads(problems.content(problems.UNAVAILABLE))

    assert sorted(body) == ["detail", "status", "title", "type"]
