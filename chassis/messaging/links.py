"""How a replica comes by its links to the broker: the one place at which another broker can stand in."""

from chassis.messaging.link import Connect
from chassis.messaging.rabbit_link import connect as _connect_to_rabbit

connect: Connect = _connect_to_rabbit
"""Makes every link of this process; looked up when one is made, so it may be replaced before."""
