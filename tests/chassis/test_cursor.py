"""One codec for every list that is turned page by page; what the last release gave out is read on."""

import base64
import contextlib
import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.persistence.cursor import CursorMalformed, decode, encode

NOON = datetime(2026, 1, 5, 12, 0, 0, 123_000, tzinfo=UTC)


def as_text(value: str) -> str:
    return base64.urlsafe_b64encode(value.encode()).decode()


@given(
    at=st.datetimes(timezones=st.just(UTC)),
    item_id=st.text(min_size=1).filter(lambda text: text.encode(errors="replace").decode() == text),
)
def test_what_was_encoded_is_decoded_to_the_millisecond(at: datetime, item_id: str) -> None:
    cursor = encode(at, item_id)

    assert decode(cursor) == (at.replace(microsecond=at.microsecond // 1000 * 1000), item_id)
    assert all(character.isalnum() or character in "-_" for character in cursor)


def test_a_moment_of_another_zone_is_the_same_moment() -> None:
    assert encode(NOON.astimezone(timezone(timedelta(hours=-3))), "t1") == encode(NOON, "t1")


def test_r3_a_cursor_of_the_list_of_tickets_of_the_last_release_is_read() -> None:
    given_out = as_text(json.dumps([1_767_614_400_123, "t10"]))

    assert given_out.endswith("=")
    assert decode(given_out) == (NOON, "t10")


def test_r16_a_cursor_of_the_inbox_of_the_last_release_is_read() -> None:
    item = "7b0f4a5e-51c5-4f05-9c0e-1f0c2d3e4f50"

    assert decode(as_text(f"{NOON.isoformat()}|{item}").rstrip("=")) == (NOON, item)


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "=",
        "é",
        "!!!",
        "a",
        as_text("[]"),
        as_text("[1]"),
        as_text('["1", "t1"]'),
        as_text("[true, 1]"),
        as_text('[1.5, "t1"]'),
        as_text('[1, ""]'),
        as_text('[1, "\\ud800"]'),
        as_text('[1e400, "t1"]'),
        as_text(f'[{10**30}, "t1"]'),
        as_text("[" * 5000),
        as_text("yesterday|t1"),
        as_text("2026-01-05T12:00:00+00:00|"),
        as_text("0001-01-01T00:00:00+14:00|t1"),
    ],
)
def test_what_no_page_ended_with_is_refused(cursor: str) -> None:
    with pytest.raises(CursorMalformed):
        decode(cursor)


@given(st.text())
def test_no_text_whatever_is_an_error_of_another_kind(cursor: str) -> None:
    with contextlib.suppress(CursorMalformed):
        decode(cursor)


def test_the_refusal_names_its_field() -> None:
    assert CursorMalformed.field == "cursor"
