"""A message that was asked for with facts that its words don't fit ends as one declared error."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from contracts.notifier import About, EmailDue, InboxDue
from services.notifier.decide.notices import Notice
from services.notifier.deliver.inbox import item_of
from services.notifier.deliver.render import Writer
from services.notifier.errors import Undated, Unwritable

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
WRITER = Writer(sender="Atendimento <atendimento@atendo.local>", domain="atendo.local", timezone="America/Sao_Paulo")
RECEIPT = {"customer": "Ana", "sector": "Técnico", "text": "Lenta", "occurred_at": NOW.isoformat()}


def an_email(facts: dict[str, str], *, address: str = "ana@cliente.example") -> EmailDue:
    return EmailDue(
        event_id=UUID(int=1),
        occurred_at=NOW,
        correlation_id="c",
        notification_id=UUID(int=2),
        about=About(event_id=UUID(int=3), type="ContactReceived.v1"),
        address=address,
        template="contact_received",
        facts=facts,
    )


def an_item(facts: dict[str, str]) -> Notice:
    return Notice.of(InboxDue.model_validate(an_email(facts).model_dump()))


@pytest.mark.parametrize(
    "facts", [{}, RECEIPT | {"occurred_at": "ontem"}, RECEIPT | {"occurred_at": "0001-01-01T00:00:00Z"}]
)
def test_facts_that_dont_fit_are_one_error_for_mails_and_items(facts: dict[str, str]) -> None:
    with pytest.raises(Unwritable):
        WRITER.mail(an_email(facts))
    with pytest.raises(Unwritable):
        item_of(an_item(facts), title=WRITER.item(an_item(facts))[0], body="")


@pytest.mark.parametrize("address", ["ana@cliente.example\r\nBcc: eva@outro.example", "aná@cliente.example"])
def test_an_address_that_would_break_its_header_is_the_same_error(address: str) -> None:
    with pytest.raises(Unwritable):
        WRITER.mail(an_email(RECEIPT, address=address))


@pytest.mark.parametrize("year", ["0001", "9999"])
def test_a_year_that_stands_for_none_is_the_same_error(year: str) -> None:
    with pytest.raises(Undated):
        item_of(an_item(RECEIPT | {"occurred_at": f"{year}-06-01T00:00:00+00:00"}), title="t", body="b")


def test_facts_that_fit_are_written() -> None:
    assert b"To: ana@cliente.example\r\n" in WRITER.mail(an_email(RECEIPT))
