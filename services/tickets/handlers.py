"""What tickets does when something happens: load, decide, commit."""

import asyncio
from collections.abc import Callable
from zoneinfo import ZoneInfo

from contracts import contacts, feedback, mk, tickets
from contracts.message import Message, NotificationLevel
from contracts.requests import GetTicket, ListTickets, ResolveTicket
from services.tickets.domain import openings, resolution, timeline
from services.tickets.domain import ticket as domain
from services.tickets.domain.paging import Place
from services.tickets.domain.resolution import Asked, Group, Sector, SectorUnknown
from services.tickets.domain.ticket import OptionOff, Step, Ticket, TicketNotFound
from services.tickets.ports import Protocols, Register, Tickets, Unresolved


class Handlers:
    """The handlers of tickets, over the ports that they are given; `zone` is the provider's."""

    def __init__(
        self, *, tickets: Tickets, protocols: Protocols, register: Register, unresolved: Unresolved, zone: ZoneInfo
    ) -> None:
        self.tickets = tickets
        self.protocols = protocols
        self.register = register
        self.unresolved = unresolved
        self.zone = zone

    async def on_ticket_opened(self, event: mk.TicketOpened) -> None:
        """Open an operator's ticket, with what they chose."""
        chosen = resolution.chosen_by_operator(event)
        await self._open(
            event.ticket_id, event, lambda protocol: openings.asked_by_operator(event, chosen, protocol=protocol)
        )

    async def on_ticket_requested(self, event: contacts.TicketRequested) -> None:
        """Open a contact's ticket (R8, R9). Raises: SectorUnknown, which may pass."""
        sector, group = await self._deciding(event)
        if sector is None:
            raise SectorUnknown(event.sector_id)
        await self._open_for_contact(event, sector, group)

    async def on_ticket_requested_at_last(self, event: contacts.TicketRequested) -> None:
        """Open a contact's ticket even if nobody told of its sector in time: a contact is never lost (R9)."""
        await self._open_for_contact(event, *await self._deciding(event))

    async def _deciding(self, event: contacts.TicketRequested) -> tuple[Sector | None, Group | None]:
        return await asyncio.gather(self.register.sector(event.sector_id), self.register.group(event.person_group_id))

    async def _open_for_contact(
        self, event: contacts.TicketRequested, sector: Sector | None, group: Group | None
    ) -> None:
        resolved = resolution.resolve(group, sector)
        level = sector.notification_level if sector else NotificationLevel.START_END
        opened = await self._open(
            openings.ticket_of(event.contact_id),
            event,
            lambda protocol: openings.asked_by_contact(event, resolved, level=level, protocol=protocol),
        )
        if opened:
            for field in resolved.unresolved:
                self.unresolved.count(field)

    async def _open(
        self,
        ticket_id: str,
        cause: mk.TicketOpened | contacts.TicketRequested,
        asked: Callable[[str], tickets.TicketOpened],
    ) -> bool:
        ticket, erasure = await asyncio.gather(self._ticket(ticket_id), self._erasure_after(cause))
        events: list[Message] = []
        if not ticket.knows(cause.event_id):
            opening = asked(ticket.openings[0].protocol if ticket.openings else await self.protocols.take())
            ticket, events = domain.open_ticket(ticket, opening, erased=erasure is not None)
        await self.tickets.commit(ticket, events, cause=cause)
        # an erasure that came since it was asked for has not seen this ticket
        erasure = await self._erasure_after(ticket.openings[0])
        if erasure and not ticket.erased:
            await self._erase(await self._ticket(ticket_id), erasure)
        return bool(events)

    async def on_service_order_created(self, event: mk.ServiceOrderCreated) -> None:
        """Note a visit or field job."""
        await self._note(event)

    async def on_phase_changed(self, event: mk.PhaseChanged) -> None:
        """Note a phase of process or subprocess."""
        await self._note(event)

    async def on_responsible_added(self, event: mk.ResponsibleAdded) -> None:
        """Note someone in charge."""
        await self._note(event)

    async def on_defect_found(self, event: mk.DefectFound) -> None:
        """Note what is wrong."""
        await self._note(event)

    async def on_notification_level_changed(self, event: mk.NotificationLevelChanged) -> None:
        """Note what the customer hears of from then on (R14)."""
        await self._note(event)

    async def on_ticket_closed(self, event: mk.TicketClosed) -> None:
        """Note a closing."""
        await self._note(event)

    async def on_ticket_reopened(self, event: mk.TicketReopened) -> None:
        """Note that a ticket is open again."""
        await self._note(event)

    async def on_evaluation_requested(self, event: feedback.EvaluationRequested) -> None:
        """Note that the customer was asked for an evaluation."""
        await self._note(event)

    async def on_evaluation_submitted(self, event: feedback.EvaluationSubmitted) -> None:
        """Note the customer's score."""
        await self._note(event)

    async def _note(self, step: Step) -> None:
        ticket, events = domain.note(await self._ticket(step.ticket_id), step)
        await self.tickets.commit(ticket, events, cause=step)

    async def _ticket(self, ticket_id: str) -> Ticket:
        return await self.tickets.find(ticket_id) or Ticket(ticket_id)

    async def on_customer_saved(self, event: mk.CustomerSaved) -> None:
        """Keep which group a customer belongs to, for dry runs (R10)."""
        await self.register.save_customer(event)

    async def on_customer_erased(self, event: mk.CustomerErased) -> None:
        """Remove the person from their tickets, those that are still to come included (R27)."""
        await self.register.erase_customer(event)
        for ticket in await self.tickets.of_customer(event.customer_id):
            await self._erase(ticket, event)

    async def _erase(self, ticket: Ticket, erasure: mk.CustomerErased) -> None:
        if ticket.openings[0].occurred_at <= erasure.occurred_at:
            await self.tickets.commit(domain.erase(ticket), [], cause=erasure)

    async def _erasure_after(
        self, opening: mk.TicketOpened | contacts.TicketRequested | tickets.TicketOpened
    ) -> mk.CustomerErased | None:
        erasure = await self.register.erasure(opening.customer_id)
        return erasure if erasure and opening.occurred_at <= erasure.occurred_at else None

    async def on_person_group_saved(self, event: mk.PersonGroupSaved) -> None:
        """Keep the newest word on a person group."""
        await self.register.save_group(event)

    async def on_sector_saved(self, event: mk.SectorSaved) -> None:
        """Keep the newest word on a sector."""
        await self.register.save_sector(event)

    async def on_sac_options_saved(self, event: mk.SacOptionsSaved) -> None:
        """Keep the newest word on the menu (R1)."""
        await self.register.save_options(event)

    async def on_list_tickets(self, query: ListTickets) -> dict[str, object]:
        """One page of a customer's tickets, newest first (R3). Raises: OptionOff, CursorMalformed."""
        await self._need_option()
        behind = Place.read(query.cursor) if query.cursor else None
        found = await self.tickets.newest(query.customer_id, query.status, limit=query.limit + 1, behind=behind)
        shown = found[: query.limit]
        more = len(found) > query.limit
        return {
            "items": [timeline.summary(ticket) for ticket in shown],
            "next_cursor": Place.of(shown[-1]).cursor() if more else None,
        }

    async def on_get_ticket(self, query: GetTicket) -> dict[str, object]:
        """One ticket with its timeline (R4). Raises: OptionOff; TicketNotFound, for a foreign one too."""
        await self._need_option()
        ticket = await self.tickets.with_protocol(query.protocol)
        if ticket is None or ticket.openings[0].customer_id != query.customer_id:
            raise TicketNotFound("Atendimento não encontrado.")
        return timeline.page(ticket, self.zone)

    async def _need_option(self) -> None:
        if domain.TICKETS_OPTION not in await self.register.options():
            raise OptionOff("A consulta de atendimentos não está disponível.")

    async def on_resolve_ticket(self, query: ResolveTicket) -> dict[str, object]:
        """What a contact would resolve to, and why (R10). Raises: SectorUnknown."""
        sector = await self.register.sector(query.sector_id)
        if sector is None:
            raise SectorUnknown("Setor não encontrado.")
        known, group_id = await self.register.membership(query.customer_id)
        asked = Asked(known, group_id, await self.register.group(group_id), sector)
        return resolution.explain(asked)
