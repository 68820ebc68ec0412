"""What the notifier's handlers are put together from: the real parts, or those that a test gives."""

from dataclasses import dataclass, field

from chassis.service import Service
from services.notifier.decide.addresses import usable
from services.notifier.decide.handlers import DecisionHandlers
from services.notifier.decide.ports import Contacts, Customers, Overview, Tickets
from services.notifier.decide.reach import OptionalChannels
from services.notifier.decide.store import MongoContacts, MongoCustomers, MongoTickets
from services.notifier.deliver import ports
from services.notifier.deliver.address_store import MongoAddresses
from services.notifier.deliver.again import AgainHandlers
from services.notifier.deliver.again_store import MongoSendings
from services.notifier.deliver.caps import HourlyCap
from services.notifier.deliver.channels.email import Mail
from services.notifier.deliver.channels.push_hosts import PushHosts
from services.notifier.deliver.chat.parts import ChatParts, Telegram
from services.notifier.deliver.device_store import MongoDevices, MongoPreferences
from services.notifier.deliver.handlers import ExplainingHandlers, InboxHandlers, MailHandlers
from services.notifier.deliver.push import ports as push_ports
from services.notifier.deliver.push.device_handlers import DeviceHandlers
from services.notifier.deliver.push.handlers import PushHandlers
from services.notifier.deliver.push.parts import Push, Ways, public_channels, ways_to_devices
from services.notifier.deliver.push.store import MongoPushes
from services.notifier.deliver.render import Writer
from services.notifier.deliver.store import MongoDeliveries, MongoInbox
from services.notifier.metrics import Counted, observe
from services.notifier.settings import Settings

Handlers = tuple[DecisionHandlers, MailHandlers, InboxHandlers, ExplainingHandlers, AgainHandlers, Push]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The parts that are given; each that is None is the real one."""

    contacts: Contacts | None = None
    tickets: Tickets | None = None
    overview: Overview | None = None
    customers: Customers | None = None
    addresses: ports.Addresses | None = None
    deliveries: ports.Deliveries | None = None
    inbox: ports.Inbox | None = None
    mail: ports.Mail | None = None
    devices: push_ports.Devices | None = None
    chosen: push_ports.Chosen | None = None
    pushes: push_ports.Pushes | None = None
    ways: Ways | None = None
    chat: ChatParts = field(default_factory=ChatParts)
    sendings: ports.Sendings | None = None

    def handlers(self, service: Service, settings: Settings) -> Handlers:
        """Both halves of the notifier: who decides hands items to who shows, and hears of mails from who sends."""
        counted = Counted(service.metrics.registry)
        contacts, tickets = self._decided(service, counted)
        customers = self.customers or MongoCustomers(service)
        addresses = self.addresses or MongoAddresses(service, off_for=settings.address_off_for)
        chosen = self.chosen or MongoPreferences(service)
        hosts, devices = PushHosts.of(settings.push_hosts), self.devices or MongoDevices(service)
        ways = ways_to_devices(service, settings, hosts) if self.ways is None else self.ways
        channels = OptionalChannels(settings.optional_channels, settings.zone)
        deliveries = self.deliveries or MongoDeliveries(service, lease=settings.send_lease)
        writer = _writer(settings)
        shows = InboxHandlers(
            inbox=self.inbox or MongoInbox(service),
            customers=customers,
            deliveries=deliveries,
            writer=writer,
            clock=service.clock,
        )
        decides = DecisionHandlers(
            contacts=contacts,
            tickets=tickets,
            customers=customers,
            addresses=addresses,
            deliveries=deliveries,
            inbox=shows,
            clock=service.clock,
            channels=channels,
            others=(devices, chosen),
        )
        push = Push(
            PushHandlers(
                pushes=self.pushes or MongoPushes(service, lease=settings.send_lease),
                devices=devices,
                tickets=tickets,
                customers=customers,
                writer=writer,
                ways=ways,
                channels=channels,
                on_dropped=counted.dropped,
                on_push_ended=lambda due, outcome: decides.on_channel_ended(due, "push", outcome),
                public_url=settings.public_url,
                clock=service.clock,
                at_most=settings.send_lease / 2,
            ),
            DeviceHandlers(
                devices=devices,
                chosen=chosen,
                customers=customers,
                tickets=tickets,
                hosts=hosts,
                kinds=frozenset(ways),
                public_channels=public_channels(settings),
                clock=service.clock,
            ),
        )
        service.outbox.on_commit(counted.count_ends)
        observe(service, self.overview or MongoTickets(service))
        sends = MailHandlers(
            deliveries=deliveries,
            tickets=tickets,
            customers=customers,
            addresses=addresses,
            mail=self.mail or _mail(service, settings),
            writer=writer,
            counted=counted,
            clock=service.clock,
            on_mail_ended=decides.on_mail_ended,
            own_addresses=frozenset(one.lower() for one in (writer.sender, *usable(settings.mail_own_addresses))),
            cap=HourlyCap(settings.mail_hourly_cap),
        )
        explains = ExplainingHandlers(contacts=contacts, tickets=tickets, deliveries=deliveries)
        resends = AgainHandlers(sendings=self.sendings or MongoSendings(service), customers=customers)
        return decides, sends, shows, explains, resends, push

    def telegram(self, service: Service, settings: Settings) -> Telegram:
        """The chat with the bot, beside both halves."""
        return self.chat.build(
            service,
            settings,
            customers=self.customers or MongoCustomers(service),
            deliveries=self.deliveries or MongoDeliveries(service, lease=settings.send_lease),
            writer=_writer(settings),
        )

    def _decided(self, service: Service, counted: Counted) -> tuple[Contacts, Tickets]:
        contacts, tickets = MongoContacts(service), MongoTickets(service)
        contacts.on_update(counted.count_decisions)
        tickets.on_update(counted.count_decisions)
        return self.contacts or contacts, self.tickets or tickets


def _writer(settings: Settings) -> Writer:
    return Writer(sender=settings.mail_from, domain=settings.mail_domain, timezone=settings.timezone)


def _mail(service: Service, settings: Settings) -> Mail:
    mail = Mail(settings.mail_url, connections=settings.smtp_connections, timeout=settings.smtp_timeout)
    service.closes(mail.close)
    return mail
