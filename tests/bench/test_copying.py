"""Copies of a stored document differ in what was replaced, and in nothing else."""

from datetime import UTC, datetime, timedelta

import pytest

from bench import copying

AT = datetime(2026, 1, 5, 12, 0, 0, 123000, tzinfo=UTC)
JSON = "2026-01-05T12:00:00.123456Z"


def test_a_copy_has_new_texts_and_moments_everywhere(mongo_url: str, database_prefix: str) -> None:
    collection = f"{database_prefix}copies.tickets"
    template = {"_id": "ticket-0", "seen_at": AT, "steps": [{"of": "ticket-0", "at": JSON}], "count": 3}
    later = AT + timedelta(days=1)

    copying.fill(mongo_url, collection, template, [{**copying.text("ticket-0", "ticket-7"), **copying.date(AT, later)}])

    assert copying.stored(mongo_url, collection, "ticket-7") == {
        "_id": "ticket-7",
        "seen_at": later,
        "steps": [{"of": "ticket-7", "at": "2026-01-06T12:00:00.123456Z"}],
        "count": 3,
    }


def test_a_text_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="not as long"):
        copying.text("ticket-9", "ticket-10")


def test_what_the_database_refuses_is_named_shortly(mongo_url: str, database_prefix: str) -> None:
    same = copying.text("a", "b")

    with pytest.raises(copying.NotCopied, match="duplicate key") as refused:
        copying.fill(mongo_url, f"{database_prefix}copies.tickets", {"_id": "a", "long": "x" * 5000}, [same, same])

    assert len(str(refused.value)) < 500


def test_what_is_not_stored_is_named(mongo_url: str, database_prefix: str) -> None:
    with pytest.raises(LookupError, match="has no"):
        copying.stored(mongo_url, f"{database_prefix}copies.tickets", "nothing")
