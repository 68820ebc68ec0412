"""Reads stored tickets: a customer's list and one ticket's page at the edge, the Painel at MK's console."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import httpx2
import uvloop
from pymongo import MongoClient

from bench.archive import Archive, customer_of
from bench.figures import Spread
from bench.mails import Unsound
from bench.posting import Post, open_loop
from bench.product import Product
from mk.console.static_files import ROOT
from mk.sessions import COOKIE
from mk.tokens import issue
from ops.embedded.operators import DEMO

PARTS = {
    "list": ("edge", "tickets", "rabbitmq", "mongod"),
    "page": ("edge", "tickets", "rabbitmq", "mongod"),
    "Painel": ("mk", "mongod"),
}
"""What is read, and which parts have work with it."""

_DATABASES = {"list": "tickets", "page": "tickets", "Painel": "mk"}
_LOOKED_AT = 10
_OK = 200


@dataclass(frozen=True, slots=True)
class Read:
    """One kind of read with so many tickets stored: times, and the processor milliseconds of one, all parts together.

    `scans` names the plans that were no index scans, of reads of tickets alone.
    """

    stored: int
    kind: str
    answers: Spread
    cpu_ms: float
    scans: Sequence[str]


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads at random: which tickets hangs on the seed."""

    product: Product
    archive: Archive
    seed: int

    def read(self, kind: str, *, per_second: int, reads: int) -> Read:
        """Read so often, at a fixed rate. Raises: Unsound, TookTooLong."""
        url, posts = self._posts(kind, reads)
        self._ask(url, posts[:_LOOKED_AT], per_second)
        self.product.settle()
        before = self.product.cpu()
        times = self._ask(url, posts, per_second)
        after = self.product.cpu()
        spent = sum(after[part] - before[part] for part in PARTS[kind])
        return Read(self.archive.stored, kind, times, spent * 1000 / reads, self._scans(kind, url, posts))

    def _ask(self, url: str, posts: Sequence[Post], per_second: int) -> Spread:
        answers = uvloop.run(open_loop(url, posts, per_second=per_second, advance=lambda: None))
        if others := sorted({answer.status for answer in answers} - {_OK}):
            raise Unsound(f"reads at {url} were answered {others} (0 is no answer)")
        return Spread.of([answer.answered - answer.due for answer in answers])

    def _posts(self, kind: str, reads: int) -> tuple[str, list[Post]]:
        found = self.product.addresses
        if kind == "Painel":
            looking = Post({"Cookie": _logged_in(found["MK_URL"])}, method="GET", path=f"{ROOT}/painel/pendentes")
            return found["MK_URL"], [looking] * reads
        chance = random.Random(self.seed)
        numbers = [chance.randint(1, self.archive.stored) for _ in range(reads)]
        return found["EDGE_URL"], [self._post(kind, number) for number in numbers]

    def _post(self, kind: str, number: int) -> Post:
        issuer = self.product.addresses["MK_URL"]
        token = issue(customer_of(number), folder=self.product.secrets, issuer=issuer)
        path = "/v1/tickets" if kind == "list" else f"/v1/tickets/{self.archive.protocol(number)}"
        return Post({"Authorization": f"Bearer {token}"}, method="GET", path=path)

    def _scans(self, kind: str, url: str, posts: Sequence[Post]) -> list[str]:
        """What the database planned for some reads, as its own profiler notes it."""
        with MongoClient[dict[str, Any]](self.product.addresses["MONGO_URL"]) as client:
            database = client[_DATABASES[kind]]
            database["system.profile"].drop()
            database.command("profile", 2)
            try:
                self._ask(url, posts[:_LOOKED_AT], _LOOKED_AT)
            finally:
                database.command("profile", 0)
            noted = list(database["system.profile"].find({"ns": f"{database.name}.tickets"}))
            database["system.profile"].drop()
        if not noted:
            raise Unsound(f"the database noted no read of the {kind}")
        plans = [str(one.get("planSummary", one["op"])) for one in noted]
        return [one for one in plans if not one.startswith(("IXSCAN", "COUNT_SCAN", "IDHACK"))]


def _logged_in(mk_url: str) -> str:
    """The cookie of an operator of the demo. Raises: Unsound."""
    operator = DEMO[0]
    form = {"usuario": operator.user, "senha": operator.password, "voltar": ""}
    with httpx2.Client(headers={"Origin": mk_url}) as http:
        http.post(f"{mk_url}{ROOT}/entrar", data=form)
        token = http.cookies.get(COOKIE)
    if not token:
        raise Unsound("MK's console lets no operator in")
    return f"{COOKIE}={token}"
