"""What tickets does when something happens, and what it answers."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from zoneinfo import ZoneInfo

from chassis.clock import Clock
from chassis.persistence import cursor
from contracts import contacts, mk, tickets
from contracts.message import Message, NotificationLevel
from contracts.replies import ChangedTicket, Resolved, TicketList, TicketPage
from contracts.requests import GetTicket, ListChangedTickets, ListTickets, ResolveTicket
from services.tickets.domain import changes, openings, resolution, timeline
from services.tickets.domain.resolution import Asked, Group, Sector
from services.tickets.domain.ticket import Step, Ticket
from services.tickets.errors import OptionOff, SectorUnknown, TicketNotFound
from services.tickets.ports import Ports, Registered

TICKETS_OPTION = "tickets"
"""The menu's option that shows tickets to customers (R1)."""

SECTOR_WITHIN = timedelta(minutes=10)
"""How long a contact waits for its sector to be announced before its ticket is opened without (R9)."""

COUNTED_UP_TO = 1_000
"""How many pending tickets are counted for the list; more is as good as this many."""

CHANGED_AT_MOST = 500
"""How many of the tickets that changed last are given."""

Opening = mk.TicketOpened | contacts.TicketRequested | tickets.TicketOpened

Decided = tuple[Ticket, list[Message]]


class Handlers:
    """The handlers of tickets, over the ports that they are given; `zone` is the provider's."""

    def __init__(self, ports: Ports, *, zone: ZoneInfo, clock: Clock) -> None:
        self.tickets = ports.tickets
        self.protocols = ports.protocols
        self.register = ports.register
        self.zone = zone
        self.clock = clock

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
        """Open a contact's ticket even if its sector wasn't announced in time: a contact is never lost (R9)."""
        await self._open_for_contact(event, *await self._deciding(event))

    async def _deciding(self, event: contacts.TicketRequested) -> tuple[Sector | None, Group | None]:
        return await asyncio.gather(self.register.sector(event.sector_id), self.register.group(event.person_group_id))

    async def _open_for_contact(
        self, event: contacts.TicketRequested, sector: Sector | None, group: Group | None
    ) -> None:
        resolved = resolution.resolve(group, sector)
        level = sector.notification_level if sector else NotificationLevel.START_END
        await self._open(
            openings.ticket_of(event.contact_id),
            event,
            lambda protocol: openings.asked_by_contact(event, resolved, level=level, protocol=protocol),
        )

    async def _open(
        self,
        ticket_id: str,
        cause: mk.TicketOpened | contacts.TicketRequested,
        asked: Callable[[str], tickets.TicketOpened],
    ) -> None:
        async def decide(known: Ticket | None) -> Decided:
            ticket = known or Ticket(ticket_id)
            if ticket.knows(cause.event_id):
                return ticket, []
            # one after the other they would take twice as long, and the two mails wait for it
            erasure, protocol = await asyncio.gather(self._erasure_of(cause), self._protocol_of(ticket))
            return changes.open_ticket(ticket, asked(protocol), erased=erasure is not None)

        ticket = await self.tickets.update(ticket_id, decide, cause=cause)
        # an erasure that came since it was asked for has not seen this ticket
        if not ticket.erased and (erasure := await self._erasure_of(ticket.openings[0])):
            await self._erase(ticket_id, erasure)

    async def _protocol_of(self, ticket: Ticket) -> str:
        return ticket.openings[0].protocol if ticket.openings else await self.protocols.take()

    async def on_step(self, step: Step) -> None:
        """Note what happened to a ticket: what operators do (R14), evaluations, whatever `Step` lists."""

        def decide(known: Ticket | None) -> Decided:
            return changes.note(known or Ticket(step.ticket_id), step)

        await self.tickets.update(step.ticket_id, decide, cause=step)

    async def on_registered(self, event: Registered) -> None:
        """Keep the newest of sectors, person groups, the menu (R1), and which group a customer belongs to (R10)."""
        await self.register.save(event)

    async def on_customer_erased(self, event: mk.CustomerErased) -> None:
        """Remove the person from their tickets, those that are still to come included (R27)."""
        await self.register.erase_customer(event)
        for ticket in await self.tickets.of_customer(event.customer_id):
            if erasure := await self._erasure_of(ticket.openings[0]):
                await self._erase(ticket.id, erasure)

    async def _erase(self, ticket_id: str, erasure: mk.CustomerErased) -> None:
        def decide(known: Ticket | None) -> Decided:
            return changes.erase(known or Ticket(ticket_id)), []

        await self.tickets.update(ticket_id, decide, cause=erasure)

    async def _erasure_of(self, opening: Opening) -> mk.CustomerErased | None:
        erasure = await self.register.erasure(opening.customer_id)
        if erasure is None or opening.occurred_at <= erasure.occurred_at:
            return erasure
        # contacts may have taken it while the erasure was on its way, and by a clock of its own: a contact that comes
        # later indeed is of somebody whom MK has announced again
        is_contact = isinstance(opening, contacts.TicketRequested | tickets.TicketOpened) and opening.contact_id
        known, _ = await self.register.membership(opening.customer_id) if is_contact else (True, None)
        return None if known else erasure

    async def on_list_tickets(self, query: ListTickets) -> TicketList:
        """One page of a customer's tickets, newest first (R3). Raises: OptionOff, CursorMalformed."""
        await self._need_option()
        behind = cursor.decode(query.cursor) if query.cursor else None
        found, pending = await asyncio.gather(
            self.tickets.newest(query.customer_id, query.status, limit=query.limit + 1, behind=behind),
            self.tickets.count_pending(query.customer_id, limit=COUNTED_UP_TO),
        )
        shown, last = found[: query.limit], found[: query.limit][-1:]
        return TicketList(
            items=[timeline.line(ticket, now=self.clock()) for ticket in shown],
            pending=pending,
            next_cursor=cursor.encode(last[0].openings[0].opened_at, last[0].id) if len(found) > len(shown) else None,
        )

    async def on_get_ticket(self, query: GetTicket) -> TicketPage:
        """One ticket with its timeline (R4). Raises: OptionOff; TicketNotFound, for a foreign one too."""
        await self._need_option()
        ticket = await self.tickets.with_protocol(query.protocol)
        if ticket is None or ticket.openings[0].customer_id != query.customer_id:
            raise TicketNotFound("Atendimento não encontrado.")
        return timeline.page(ticket, self.zone, now=self.clock())

    async def on_list_changed_tickets(self, query: ListChangedTickets) -> list[ChangedTicket]:
        """A customer's tickets that changed since then, for live streams. Raises: OptionOff."""
        await self._need_option()
        found = await self.tickets.changed_since(query.customer_id, query.since, limit=CHANGED_AT_MOST)
        return [timeline.changed(ticket, at=at) for ticket, at in found]

    async def _need_option(self) -> None:
        if TICKETS_OPTION not in await self.register.options():
            raise OptionOff("A consulta de atendimentos não está disponível.")

    async def on_resolve_ticket(self, query: ResolveTicket) -> Resolved:
        """What a contact would resolve to, and why (R10). Raises: SectorUnknown."""
        sector = await self.register.sector(query.sector_id)
        if sector is None:
            raise SectorUnknown("Setor não encontrado.")
        known, group_id = await self.register.membership(query.customer_id)
        asked = Asked(known, group_id, await self.register.group(group_id), sector)
        return resolution.explain(asked)
