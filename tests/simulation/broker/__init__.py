"""A RabbitMQ for simulations, behind `chassis.messaging.link`: in this process, on its loop's time, by one chance.

    broker = Broker(random.Random(seed))
    link = await broker.connect("amqp://any", name="contacts publishes")

All time is the running loop's and all chance the given `random.Random`'s, so that the same seed gives the same run.
`tests/simulation/conformance` holds it against a real RabbitMQ, test by test.

Simulated, as RabbitMQ 3.10 does it (4 has a limit of 20 deliveries where none is named, and counts some returns
otherwise from one release to the next; nothing here stands in for that):
- topic exchanges and the default one; quorum queues; classic ones, exclusive or not; bindings, passive declarations,
  and the errors 404, 405 and 406, which close the channel;
- x-delivery-limit, x-message-ttl, x-expires, x-max-length, x-overflow, x-dead-letter-exchange and -routing-key, the
  at-least-once strategy, a message's own expiration, and the headers x-delivery-count and x-death;
- consumers in turn, each bounded by its prefetch; what isn't answered goes back when the channel ends, and the order
  in which it comes again;
- confirms, returns (before the confirm), refusals of full queues; `connection.blocked`, Basic.Cancel;
- frames that take their time: in order within one way of one channel, and in any order otherwise.

Not simulated: users and their rights; exchanges other than topic; priorities; transactions; streams; a dead letter
that goes round in circles; several nodes, beyond a queue that has no leader for a while; how long a full queue goes
on refusing after it is less full; headers that AMQP can't carry.

Faults: `cut`, `block`, `partition`, `cancel_consumers`, `delete_queue`, `fill`, `lose_leader`, `restart`, and
`SimLink.abandon` for a process that died. Confirms that never come are a `partition(…, to_broker=False)` and a `cut`;
a doubled delivery is a `cut` between the work and its ack.
"""

from tests.simulation.broker.broker import Broker
from tests.simulation.broker.connection import Connection
from tests.simulation.broker.link import SimLink
from tests.simulation.broker.message import Entry, Message
from tests.simulation.broker.queue import Queue

__all__ = ["Broker", "Connection", "Entry", "Message", "Queue", "SimLink"]
