"""R11 on a real broker, a real database and a real mail server: two mails a contact, each once."""

from email.message import EmailMessage

from contracts.notifier import NotificationSent, NotificationSkipped
from tests.eventually import eventually
from tests.services.notifier.world import ANA, PROTOCOL, SECTOR, a_contact, a_notifier, an_opening, inbox
from tests.smtp import Mailbox, Received
from tests.system import System


async def test_r11_a_contact_with_its_ticket_gives_one_mail_to_the_sector_and_one_to_the_customer(
    system: System, mailbox: Mailbox
) -> None:
    await a_notifier(system, mailbox)
    contact = a_contact()

    await system.publish(contact, an_opening(contact.contact_id))

    await eventually(lambda: len(mailbox.messages) == 2)
    to_sector, to_customer = mailbox.to(SECTOR)[0], mailbox.to(ANA)[0]
    for fact in ("Ana Souza", "Casa", "Estou sem conexão desde ontem", PROTOCOL, "Suporte", "Sem sinal"):
        assert fact in body(to_sector)
    for fact in ("05/01/2026 às 09:00", PROTOCOL, "Técnico"):
        assert fact in body(to_customer)
    assert ANA in to_sector["Reply-To"]
    await eventually(lambda: len(system.received_of(NotificationSent, channel="email")) == 2)
    await eventually(lambda: len(system.received_of(NotificationSent, channel="inbox")) == 1)
    assert [item["type"] for item in (await inbox(system))["items"]] == ["ticket_opened"]
    # the opening says all of it: that is in the ledger, and worth no message
    assert system.received_of(NotificationSkipped) == []


def body(message: Received) -> str:
    plain = message.get_body(("plain",))
    assert isinstance(plain, EmailMessage)
    return str(plain.get_content())
