"""What the handlers do when the database fails them at the worst moment."""

# ruff: noqa: D102 - what the methods of these fakes promise stands where it is kept

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from contracts import mk
from contracts.message import Message
from contracts.notifier import EmailDue, InboxDue
from services.notifier.decide.domain import Customer
from services.notifier.decide.explanation import Progress
from services.notifier.deliver.handlers import SendingHandlers
from services.notifier.deliver.sending import Claim, ClaimedElsewhere, MailServerAway, Outcome, OutcomeUnknown
from tests.services.notifier.world import ANA, at
from tests.system import said

NOW = at(0)


@dataclass
class Deliveries:
    """One delivery, in memory; the first `failures` attempts to record how it ended fail."""

    failures: int = 0
    state: str = "new"
    attempts: int = 0
    ends: list[Outcome] = field(default_factory=list)

    async def claim(self, due: EmailDue, *, handed_over: bool, now: datetime) -> Claim:  # noqa: ARG002 - no leases here
        if self.state == "sending" and not handed_over:
            raise ClaimedElsewhere
        self.state, self.attempts = "sending", self.attempts + 1
        return Claim(due.notification_id, self.attempts, self.attempts)

    async def release(self, _claim: Claim) -> None:
        self.state = "queued"

    async def finish(self, _due: EmailDue, _claim: Claim, outcome: Outcome, _said: list[Message]) -> None:
        if self.failures:
            self.failures -= 1
            raise ConnectionError("the database is away")
        self.state = outcome.state
        self.ends.append(outcome)

    async def progress(self, _ids: list[UUID]) -> dict[UUID, Progress]:
        return {}

    async def erase(self, _customer_id: str) -> None: ...


@dataclass
class Mail:
    """A mail server that fails as it is told, and keeps what it took."""

    failures: list[Exception] = field(default_factory=list)
    took: list[str] = field(default_factory=list)

    @asynccontextmanager
    async def line(self) -> AsyncIterator["Mail"]:
        yield self

    async def send(self, _sender: str, recipient: str, _mail: bytes) -> None:
        if self.failures:
            raise self.failures.pop(0)
        self.took.append(recipient)


class Customers:
    """Everybody is there."""

    async def find(self, customer_id: str) -> Customer:
        return Customer(customer_id)

    async def save(self, _event: mk.CustomerSaved) -> None: ...

    async def erase(self, _event: mk.CustomerErased) -> None: ...


class Addresses:
    """No address was ever refused."""

    async def refusal(self, _address: str | None) -> str | None:
        return None

    async def switch_off(self, _address: str, _reason: str, *, at: datetime) -> None: ...


class Uncounted:
    """Counts nothing."""

    def mailed(self, _due: EmailDue, *, at: datetime) -> None: ...


class Writer:
    """Always writes the same."""

    sender = "nao-responda@provedor.example"

    def mail(self, _due: EmailDue) -> bytes:
        return b"oi"

    def item(self, _due: InboxDue) -> tuple[str, str]:
        return "oi", "oi"


def handlers(deliveries: Deliveries, mail: Mail) -> SendingHandlers:
    inbox: Any = None
    return SendingHandlers(
        deliveries=deliveries,
        customers=Customers(),
        addresses=Addresses(),
        inbox=inbox,
        mail=mail,
        writer=Writer(),
        counted=Uncounted(),
        clock=lambda: NOW,
    )


def a_mail(template: str = "contact_received") -> EmailDue:
    return said(
        EmailDue,
        notification_id=uuid4(),
        about={"event_id": uuid4(), "type": "ContactReceived.v1"},
        address=ANA,
        template=template,
        facts={},
    )


@pytest.mark.parametrize("template", ["contact_received", "ticket_closed"])
async def test_r18_a_mail_that_went_out_while_the_database_was_away_does_not_go_out_again(template: str) -> None:
    deliveries, mail = Deliveries(failures=1), Mail()
    sends, due = handlers(deliveries, mail), a_mail(template)
    with pytest.raises(ConnectionError):
        await sends.on_email_due(due)

    await sends.on_email_due(due)

    assert mail.took == [ANA]
    assert [end.state for end in deliveries.ends] == ["sent"]


async def test_r18_a_mail_that_went_out_is_not_given_up_for_the_database_s_sake() -> None:
    deliveries, mail = Deliveries(failures=1), Mail()
    sends, due = handlers(deliveries, mail), a_mail()
    with pytest.raises(ConnectionError):
        await sends.on_email_due(due)

    await sends.on_email_given_up(due)

    assert [end.state for end in deliveries.ends] == ["sent"]


async def test_r19_a_claim_is_given_back_when_the_mail_server_is_away() -> None:
    deliveries, mail = Deliveries(), Mail([MailServerAway("down")])
    sends, due = handlers(deliveries, mail), a_mail()
    with pytest.raises(MailServerAway):
        await sends.on_email_due(due)
    assert deliveries.state == "queued"

    await sends.on_email_due(due)

    assert mail.took == [ANA]


async def test_r18_a_receipt_whose_answer_is_lost_is_sent_again() -> None:
    deliveries, mail = Deliveries(), Mail([OutcomeUnknown("lost")])
    sends, due = handlers(deliveries, mail), a_mail()
    with pytest.raises(OutcomeUnknown):
        await sends.on_email_due(due)

    await sends.on_email_due(due)

    assert mail.took == [ANA]
    assert [end.state for end in deliveries.ends] == ["sent"]
