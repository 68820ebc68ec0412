"""What the handlers do when the database fails them at the worst moment."""

from uuid import uuid4

import pytest

from contracts.notifier import EmailDue
from services.notifier.deliver.handlers import MailHandlers
from services.notifier.errors import MailServerAway, OutcomeUnknown
from tests.services.notifier.fakes import Addresses, Customers, Deliveries, Mail, Tickets, Uncounted
from tests.services.notifier.world import ANA, at
from tests.system import emitted

NOW = at(0)


class Writer:
    """Always writes the same."""

    sender = "nao-responda@provedor.example"

    def mail(self, _due: EmailDue) -> bytes:
        """Write."""
        return b"oi"

    def item(self, _notice: object) -> tuple[str, str]:
        """Write."""
        return "oi", "oi"


async def nobody(_due: EmailDue, _outcome: object) -> None:
    """Nobody asks how a mail ended."""


def handlers(deliveries: Deliveries, mail: Mail) -> MailHandlers:
    return MailHandlers(
        deliveries=deliveries,
        tickets=Tickets(),
        customers=Customers(),
        addresses=Addresses(),
        mail=mail,
        writer=Writer(),
        counted=Uncounted(),
        clock=lambda: NOW,
        on_mail_ended=nobody,
    )


def a_mail(template: str = "contact_received") -> EmailDue:
    return emitted(
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

    assert [to for to, _ in mail.took] == [ANA]
    assert deliveries.ends == ["sent"]


async def test_r18_a_mail_that_went_out_is_not_given_up_for_the_database_s_sake() -> None:
    deliveries, mail = Deliveries(failures=1), Mail()
    sends, due = handlers(deliveries, mail), a_mail()
    with pytest.raises(ConnectionError):
        await sends.on_email_due(due)

    await sends.on_email_given_up(due)

    assert deliveries.ends == ["sent"]


async def test_r19_a_claim_is_given_back_when_the_mail_server_is_away() -> None:
    deliveries, mail = Deliveries(), Mail([MailServerAway("down")])
    sends, due = handlers(deliveries, mail), a_mail()
    with pytest.raises(MailServerAway):
        await sends.on_email_due(due)
    assert deliveries.states() == ["queued"]

    await sends.on_email_due(due)

    assert [to for to, _ in mail.took] == [ANA]


async def test_r18_a_receipt_whose_answer_is_lost_is_sent_again() -> None:
    deliveries, mail = Deliveries(), Mail([OutcomeUnknown("lost")])
    sends, due = handlers(deliveries, mail), a_mail()
    with pytest.raises(OutcomeUnknown):
        await sends.on_email_due(due)

    await sends.on_email_due(due)

    assert [to for to, _ in mail.took] == [ANA]
    assert deliveries.ends == ["sent"]
