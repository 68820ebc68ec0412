"""Released examples stay readable for ever: what was once sent may still wait in a queue."""

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from contracts import channels, operating, replies
from contracts.catalogue import all_requests, messages
from contracts.rpc import Reply
from tests.contracts.losses import missing

EXAMPLES = Path(__file__).parents[2] / "contracts" / "examples"
PUBLISHERS = {message.publisher for message in messages()}


def message_examples() -> list[Any]:
    return [
        pytest.param(message, path, id=f"{path.parent.name}/{path.stem}")
        for message in messages()
        for path in sorted((EXAMPLES / message.publisher).glob(f"{message.type_name()}*.json"))
    ]


def request_examples() -> list[Any]:
    return [
        pytest.param(request, EXAMPLES / "requests" / f"{request.name()}.json", id=request.name())
        for request in all_requests()
    ]


def reply_examples() -> list[Any]:
    paths = sorted((EXAMPLES / "replies").glob("*.json"))
    models = vars(replies) | vars(channels) | vars(operating)
    return [pytest.param(models[path.stem], path, id=f"replies/{path.stem}") for path in paths]


@pytest.mark.parametrize(("model", "path"), [*message_examples(), *request_examples(), *reply_examples()])
def test_a_released_example_is_read_and_none_of_its_fields_is_lost(model: type[BaseModel], path: Path) -> None:
    example = json.loads(path.read_text())

    read = model.model_validate_json(path.read_bytes()).model_dump(mode="json")

    assert missing(example, read) == []


def test_the_check_itself_notices_a_lost_and_a_changed_field() -> None:
    assert missing({"a": 1, "b": {"c": [1]}}, {"b": {"c": [2]}}) == [".a", ".b.c.0: 1 became 2"]


def test_every_message_has_a_full_and_a_minimal_example() -> None:
    wanted = {
        f"{message.publisher}/{message.type_name()}{form}.json" for message in messages() for form in ("", ".minimal")
    }

    there = {f"{path.parent.name}/{path.name}" for path in EXAMPLES.rglob("*.json") if path.parent.name in PUBLISHERS}

    assert there == wanted


@pytest.mark.parametrize("message", messages(), ids=lambda message: f"{message.publisher}.{message.__name__}")
def test_a_full_example_shows_every_field(message: type[BaseModel]) -> None:
    example = json.loads((EXAMPLES / message.publisher / f"{message.type_name()}.json").read_text())  # type: ignore[attr-defined]

    assert set(example) == set(message.model_fields)


@pytest.mark.parametrize("name", ["reply_ok", "reply_problem"])
def test_replies_are_read(name: str) -> None:
    reply = Reply.model_validate_json((EXAMPLES / "requests" / f"{name}.json").read_bytes())

    assert (reply.ok is None) != (reply.problem is None)


@pytest.mark.parametrize("message", messages(), ids=lambda message: f"{message.publisher}.{message.__name__}")
def test_unknown_fields_are_ignored_and_missing_ones_refused(message: type[BaseModel]) -> None:
    example = json.loads((EXAMPLES / message.publisher / f"{message.type_name()}.minimal.json").read_text())  # type: ignore[attr-defined]

    message.model_validate(example | {"brand_new_field": {"deep": True}})

    for field in example:
        with pytest.raises(ValidationError):
            message.model_validate({key: value for key, value in example.items() if key != field})
