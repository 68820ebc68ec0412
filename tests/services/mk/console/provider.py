"""A provider's register, as tests of the console's screens find it."""

from datetime import UTC, datetime
from typing import Any

from contracts import mk
from contracts.message import Message
from mk.domain.register import Registered
from tests.services.mk.console.browser import Console
from tests.system import emitted

LONG_BEFORE = datetime(2026, 1, 5, 11, 0, tzinfo=UTC)


def sector(sector_id: str = "tecnico", name: str = "Técnico", **more: Any) -> mk.SectorSaved:  # noqa: ANN401
    """Give a sector that lacks nothing."""
    fields: dict[str, Any] = {
        "responsible_email": f"{sector_id}@provedor.example",
        "generate_ticket": True,
        "auto_process": "Suporte técnico",
        "auto_classification": "Sem conexão",
    }
    return emitted(mk.SectorSaved, at=LONG_BEFORE, sector_id=sector_id, name=name, **(fields | more))


def group(group_id: str = "residencial", name: str = "Residencial", **more: Any) -> mk.PersonGroupSaved:  # noqa: ANN401
    """Give a group that defines nothing."""
    return emitted(mk.PersonGroupSaved, at=LONG_BEFORE, person_group_id=group_id, name=name, **more)


def customer(customer_id: str = "1001", name: str = "Ana Beatriz Souza", **more: Any) -> mk.CustomerSaved:  # noqa: ANN401
    """Give a customer of one active connection."""
    fields: dict[str, Any] = {
        "email": "ana.souza@cliente.example",
        "phone": "+55 11 91234-0001",
        "person_group_id": "residencial",
        "connections": [{"connection_id": "2001", "label": "Casa", "address": "Rua das Acácias, 120", "active": True}],
    }
    return emitted(mk.CustomerSaved, at=LONG_BEFORE, customer_id=customer_id, name=name, **(fields | more))


async def knows(console: Console, *events: Registered) -> None:
    """Let MK know what these saved."""
    for event in events:
        await console.stores.register.record(event)


def published(console: Console, kind: type[Message]) -> list[Any]:
    """Give what MK published of a kind."""
    bodies = [one.body for one in console.published.envelopes if one.type == kind.type_name()]
    return [kind.model_validate_json(body) for body in bodies]
