"""What the notifier's handlers are put together from: the real parts, or those that a test gives."""

from dataclasses import dataclass, field

from chassis.service import Service
from services.notifier.decide.ports import Contacts, Customers, Overview, Tickets
from services.notifier.decide.reach import OptionalChannels
from services.notifier.decide.store import MongoContacts, MongoCustomers, MongoTickets
from services.notifier.deliver import ports
from services.notifier.deliver.address_store import MongoAddresses
from services.notifier.deliver.again_store import MongoSendings
from services.notifier.deliver.channels.email import Mail
from services.notifier.deliver.channels.push_hosts import PushHosts
from services.notifier.deliver.chat.parts import ChatParts
from services.notifier.deliver.device_store import MongoDevices, MongoPreferences
from services.notifier.deliver.figures import KEEP_EVERY, Figures, Tally
from services.notifier.deliver.figures_store import MongoFigures
from services.notifier.deliver.push import ports as push_ports
from services.notifier.deliver.push.parts import Ways, ways_to_devices
from services.notifier.deliver.push.store import MongoPushes
from services.notifier.deliver.render import Writer
from services.notifier.deliver.store import MongoDeliveries, MongoInbox
from services.notifier.deliver.unreached import Unreached
from services.notifier.deliver.unreached_store import MongoUnreached
from services.notifier.metrics import Counted, observe
from services.notifier.settings import Settings


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
    unreached: Unreached | None = None
    figures: Figures | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AllParts:
    """Every part, given or real."""

    contacts: Contacts
    tickets: Tickets
    customers: Customers
    addresses: ports.Addresses
    deliveries: ports.Deliveries
    inbox: ports.Inbox
    mail: ports.Mail
    devices: push_ports.Devices
    chosen: push_ports.Chosen
    pushes: push_ports.Pushes
    hosts: PushHosts
    ways: Ways
    chat: ChatParts
    sendings: ports.Sendings
    unreached: Unreached
    writer: Writer
    channels: OptionalChannels
    counted: Counted
    tally: Tally


def complete(given: Parts, service: Service, settings: Settings) -> AllParts:
    """What is given, and the real parts for the rest. Raises: ValueError for settings that no part can be made of."""
    counted, hosts = Counted(service.metrics.registry), PushHosts.of(settings.push_hosts)
    tally = Tally(given.figures or MongoFigures(service), settings.zone, service.clock)
    _count(service, counted, tally)
    observe(service, given.overview or MongoTickets(service))
    return AllParts(
        contacts=given.contacts or _contacts(service, counted, tally),
        tickets=given.tickets or _tickets(service, counted, tally),
        customers=given.customers or MongoCustomers(service),
        addresses=given.addresses or MongoAddresses(service, off_for=settings.address_off_for),
        deliveries=given.deliveries or MongoDeliveries(service, lease=settings.send_lease),
        inbox=given.inbox or MongoInbox(service),
        mail=given.mail or _mail(service, settings),
        devices=given.devices or MongoDevices(service),
        chosen=given.chosen or MongoPreferences(service),
        pushes=given.pushes or MongoPushes(service, lease=settings.send_lease),
        hosts=hosts,
        ways=ways_to_devices(service, settings, hosts) if given.ways is None else given.ways,
        chat=given.chat,
        sendings=given.sendings or MongoSendings(service),
        unreached=given.unreached or MongoUnreached(service, off_for=settings.address_off_for),
        writer=Writer(sender=settings.mail_from, domain=settings.mail_domain, timezone=settings.timezone),
        channels=OptionalChannels(settings.optional_channels, settings.zone),
        counted=counted,
        tally=tally,
    )


def _count(service: Service, counted: Counted, tally: Tally) -> None:
    service.outbox.on_commit(counted.count_ends)
    service.outbox.on_commit(tally.count_ends)
    service.every(KEEP_EVERY, tally.keep)
    service.closes(tally.keep)


def _contacts(service: Service, counted: Counted, tally: Tally) -> Contacts:
    contacts = MongoContacts(service)
    contacts.on_update(counted.count_decisions)
    contacts.on_update(tally.count_decisions)
    return contacts


def _tickets(service: Service, counted: Counted, tally: Tally) -> Tickets:
    tickets = MongoTickets(service)
    tickets.on_update(counted.count_decisions)
    tickets.on_update(tally.count_decisions)
    return tickets


def _mail(service: Service, settings: Settings) -> Mail:
    mail = Mail(settings.mail_url, connections=settings.smtp_connections, timeout=settings.smtp_timeout)
    service.closes(mail.close)
    return mail
