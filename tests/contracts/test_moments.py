"""The ends of the calendar are refused as what they are, and crash nobody."""

import json

import pytest
from pydantic import TypeAdapter, ValidationError

from contracts.message import Moment

MOMENT: TypeAdapter[object] = TypeAdapter(Moment)


@pytest.mark.parametrize(
    "given",
    [
        "0001-01-01T00:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "0002-01-01T00:00:00+00:01",
        "9998-12-31T23:59:59-00:01",
        "9999-12-31T23:59:59-14:00",
        "9999-12-31T23:59:59.999999Z",
    ],
)
def test_a_moment_at_the_calendars_end_is_a_validation_error(given: str) -> None:
    with pytest.raises(ValidationError, match="no moments"):
        MOMENT.validate_json(json.dumps(given))


@pytest.mark.parametrize("given", ["0002-01-01T00:00:00Z", "9998-12-31T23:59:59Z", "9999-01-01T00:00:00+00:01"])
def test_what_lies_between_is_a_moment_and_stays_one(given: str) -> None:
    read = MOMENT.validate_json(json.dumps(given))

    assert MOMENT.validate_json(MOMENT.dump_json(read)) == read
