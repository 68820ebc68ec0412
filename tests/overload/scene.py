"""The product as `make run` starts it, with customers that it knows and who can write to it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from bench import provider
from bench.product import Product, running
from bench.sink import Sink
from bench.smtp import Mail
from mk.tokens import issue
from tests.overload.accounting import drained
from tests.overload.crowd import Crowd
from tests.smtp import Mailbox

_WARM_UP = timedelta(seconds=5)
_AT_FIRST = timedelta(seconds=60)

Mails = Callable[[], list[Mail]]


@dataclass(frozen=True, slots=True)
class Scene:
    """What is there while something is tried; `mails` gives all that ever came."""

    product: Product
    crowd: Crowd
    mails: Mails


@contextmanager
def scene(smtp_url: str, mails: Mails) -> Iterator[Scene]:
    """Start everything, tell the registers, and have every part work once. Raises: ProductFailed, TookTooLong."""
    with running(smtp_url) as product:
        provider.publish(product.addresses["AMQP_URL"])
        product.settle()
        crowd = Crowd(product.addresses["EDGE_URL"], _tokens(product))
        crowd.post(per_second=10, lasting=_WARM_UP)
        drained(product, within=_AT_FIRST)
        yield Scene(product, crowd, mails)


def collected(sink: Sink) -> Mails:
    """What came to a sink, which gives each mail once."""
    came: list[Mail] = []

    def collect() -> list[Mail]:
        came.extend(sink.take())
        return came

    return collect


def from_mailbox(mailbox: Mailbox) -> Mails:
    """What came to a mailbox."""
    return lambda: [Mail(0.0, tuple(one.recipients), one.as_bytes()) for one in mailbox.messages]


def _tokens(product: Product) -> dict[str, str]:
    customers = [provider.customer_id(number) for number in range(provider.CUSTOMERS)]
    issuer = product.addresses["MK_URL"]
    return {customer: issue(customer, folder=product.secrets, issuer=issuer) for customer in customers}
