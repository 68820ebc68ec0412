"""A burst of contacts through a peer, measured as ours and the floor's are."""

from dataclasses import dataclass

from bench import provider
from bench.burst import burst
from bench.floor import TEXT
from bench.measuring import Bench, markers
from bench.peers.lineup import ROLES, Peer
from bench.peers.running import Places, Workers, workers

WARM_UP = 100
"""Contacts before those that are measured: connections are opened and code is loaded by then."""


@dataclass(frozen=True, slots=True)
class Through:
    """A burst: contacts a second until the last mail, processor milliseconds a contact, and the roles' memory in MB."""

    per_second: float
    cpu_ms: dict[str, float]
    megabytes: dict[str, float]


@dataclass(frozen=True, slots=True)
class Peers:
    """Runs peers on the broker, the database and the mail server of a bench."""

    bench: Bench

    @property
    def places(self) -> Places:
        """Where they work."""
        product = self.bench.product
        found = product.addresses
        return Places(found["AMQP_URL"], found["MONGO_URL"], self.bench.sink.port, product.folder.path / "log")

    def measure(self, peer: Peer, contacts: int) -> Through:
        """Start its workers, warm them up, measure one burst. Raises: PeerFailed, Unsound, BurstFailed, TookTooLong."""
        with workers(peer, self.places) as running:
            self._burst(peer, WARM_UP)
            before = self._cpu(running)
            per_second = self._burst(peer, contacts)
            used = {name: (spent - before[name]) * 1000 / contacts for name, spent in self._cpu(running).items()}
            return Through(per_second, used, running.megabytes())

    def _burst(self, peer: Peer, contacts: int) -> float:
        marked = markers(contacts)
        commands = [
            peer.command({"id": one, "customer": f"c{number}@x.test", "sector": provider.SECTOR_EMAIL, "text": TEXT})
            for number, one in enumerate(marked)
        ]
        title = f"{peer.name}, {contacts} contacts, their mails"
        with (
            self.bench.board.phase(title, 2 * contacts) as bar,
            burst(self.places.amqp_url, peer.queue(ROLES[0]), commands) as began,
        ):
            self.bench.await_mails(2 * contacts, bar)
        # a doubled mail may come after all the others
        self.bench.product.settle()
        return contacts / (max(self.bench.account_for(marked).values()) - began)

    def _cpu(self, running: Workers) -> dict[str, float]:
        around = self.bench.product.cpu()
        return {**running.cpu(), **{name: around[name] for name in ("rabbitmq", "mongod")}}
