"""What tickets may refuse, and with which HTTP status."""

from chassis.persistence.cursor import CursorMalformed


class OptionOff(Exception):
    """MK has switched the customer's view of tickets off (R1)."""


class TicketNotFound(Exception):
    """There is no such ticket of this customer (R3)."""


class SectorUnknown(Exception):
    """MK has not announced this sector, or not yet (R9, R10)."""


STATUS: dict[type[Exception], int] = {OptionOff: 403, TicketNotFound: 404, SectorUnknown: 404, CursorMalformed: 422}
