"""A small provider: what MK published, and what is asked of contacts."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from contracts import mk, notifier, tickets
from contracts.requests import GetContact, SubmitContact
from contracts.rpc import contact_id, request_id
from services.contacts.retired import received_event
from tests.system import LONG_AGO, emitted

OPTIONS = emitted(mk.SacOptionsSaved, mobile_menu=["contacts", "tickets"])
TECNICO = emitted(mk.SectorSaved, sector_id="tecnico", name="Técnico", generate_ticket=True)
CASA = {"connection_id": "c1", "label": "Casa", "active": True}
LOJA = {"connection_id": "c2", "label": "Loja", "active": True}
ANA = emitted(mk.CustomerSaved, customer_id="ana", name="Ana", person_group_id="vip", connections=[CASA])
A_DAY_LATER = LONG_AGO + timedelta(days=1)
NO_ANA = emitted(mk.CustomerErased, at=A_DAY_LATER, customer_id="ana")


def a_contact(key: str = "k1", text: str = "Sem conexão", **more: object) -> SubmitContact:
    fields = {"request_id": request_id("ana", key), "customer_id": "ana", "sector_id": "tecnico", "text": text}
    return SubmitContact.model_validate(fields | more)


def progress(contact: UUID, customer: str = "ana") -> GetContact:
    return GetContact(request_id=uuid4(), customer_id=customer, contact_id=contact)


CONTACT = contact_id(a_contact().request_id)
RECEIVED = received_event(a_contact().request_id)


def the_ticket(**more: object) -> tickets.TicketOpened:
    fields: dict[str, Any] = {"ticket_id": "t1", "protocol": "20260105000001", "origin": "contact"}
    fields |= {"contact_id": CONTACT, "customer_id": "ana", "process_from": "none", "classification_from": "none"}
    fields |= {"notification_level": "all", "complaint": "Sem conexão", "opened_at": LONG_AGO}
    return emitted(tickets.TicketOpened, **fields | more)


def acknowledged(customer: str, sector: str) -> notifier.ContactAcknowledged:
    receipts = [{"recipient": "customer", "outcome": customer}, {"recipient": "sector", "outcome": sector}]
    return emitted(notifier.ContactAcknowledged, contact_id=CONTACT, customer_id="ana", receipts=receipts)
