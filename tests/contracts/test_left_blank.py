"""MK's fields are typed by people: a blank in an optional one counts as absent, in every message (contracts.md)."""

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from pydantic.fields import FieldInfo

from contracts import mk
from contracts.catalogue import messages
from contracts.message import Message, NotificationLevel

EXAMPLES = Path(__file__).parents[2] / "contracts" / "examples" / "mk"
OF_MK = [message for message in messages() if message.publisher == "mk"]
BLANKS = {"empty": "", "space": " ", "line end": "\r\n", "invisible": "\u200b\ufeff", "blank letter": "\u3164"}

WITH_A_DEFAULT = {
    ("SectorSaved", "default_notification_level"): NotificationLevel.START_END,
    ("SectorSaved", "active"): True,
    ("PhaseChanged", "visible"): True,
    ("TicketClosed", "automatic"): False,
    ("TicketClosed", "request_evaluation"): False,
}


def example(message: type[Message]) -> dict[str, Any]:
    """The full golden example: every field is there."""
    found: dict[str, Any] = json.loads((EXAMPLES / f"{message.type_name()}.json").read_text())
    return found


def fields(*, required: bool) -> list[Any]:
    return [
        pytest.param(message, name, field, id=f"{message.__name__}.{name}")
        for message in OF_MK
        for name, field in message.model_fields.items()
        if field.is_required() == required
    ]


def read(message: type[Message], **changed: object) -> Message:
    return message.model_validate_json(json.dumps(example(message) | changed))


@pytest.mark.parametrize("blank", [*BLANKS.values(), None], ids=[*BLANKS, "null"])
@pytest.mark.parametrize(("message", "name", "field"), fields(required=False))
def test_a_blank_in_an_optional_field_is_its_absence(
    message: type[Message], name: str, field: FieldInfo, blank: str | None
) -> None:
    absent = message.model_validate({key: value for key, value in example(message).items() if key != name})

    taken = read(message, **{name: blank})

    assert taken == absent
    assert getattr(taken, name) == field.default == WITH_A_DEFAULT.get((message.__name__, name))


def test_the_fields_with_a_default_are_these() -> None:
    found = {
        (message.__name__, name): field.default
        for message in OF_MK
        for name, field in message.model_fields.items()
        if not field.is_required() and field.default is not None
    }

    assert found == WITH_A_DEFAULT


@pytest.mark.parametrize("blank", BLANKS.values(), ids=BLANKS)
def test_a_blank_address_of_a_connection_is_its_absence(blank: str) -> None:
    connection = {"connection_id": "c1", "label": "Casa", "address": blank, "active": True}

    saved = read(mk.CustomerSaved, connections=[connection])

    assert isinstance(saved, mk.CustomerSaved)
    assert saved.connections == (mk.Connection(connection_id="c1", label="Casa", active=True),)


@pytest.mark.parametrize("field", ["active", "connection_id"])
@pytest.mark.parametrize("blank", BLANKS.values(), ids=BLANKS)
def test_a_connection_must_say_whether_it_is_active_and_which_it_is(field: str, blank: str) -> None:
    connection = {"connection_id": "c1", "label": "Casa", "active": True} | {field: blank}

    with pytest.raises(ValidationError, match=f"connections.0.{field}"):
        read(mk.CustomerSaved, connections=[connection])


@pytest.mark.parametrize("blank", BLANKS.values(), ids=BLANKS)
@pytest.mark.parametrize(("message", "name", "field"), fields(required=True))
def test_a_blank_in_a_required_field_is_refused_or_is_a_text_without_a_character(
    message: type[Message], name: str, field: FieldInfo, blank: str
) -> None:
    if field.annotation is str and not field.metadata:
        assert getattr(read(message, **{name: blank}), name) == ""
    else:
        with pytest.raises(ValidationError):
            read(message, **{name: blank})


@pytest.mark.parametrize("message", OF_MK, ids=lambda message: message.__name__)
def test_every_text_is_trimmed(message: type[Message]) -> None:
    around = {name: f"\u200b {value}\t\ufeff" for name, value in example(message).items() if isinstance(value, str)}

    assert read(message, **around) == read(message)


def test_the_texts_of_a_list_are_trimmed() -> None:
    saved = read(mk.SacOptionsSaved, mobile_menu=["tickets ", "\u200bcontacts\n"])

    assert isinstance(saved, mk.SacOptionsSaved)
    assert saved.mobile_menu == ("tickets", "contacts")
