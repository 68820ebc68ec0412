"""A replica's client, in the place of what `chassis.persistence.mongo.connect` gives."""

from typing import Any

from bson.codec_options import CodecOptions
from pymongo import WriteConcern
from pymongo.errors import InvalidOperation
from pymongo.read_concern import ReadConcern

from tests.simulation.store.collection import SimCollection, is_majority
from tests.simulation.store.server import Store
from tests.simulation.store.values import STANDARD, Document


class SimClient:
    """One client of the store; `name` is its replica's, by which faults find it.

    A `patient` one waits for answers however long they take.
    """

    def __init__(self, store: Store, name: str = "replica", *, patient: bool = False) -> None:
        self.store = store
        self.name = name
        self.patient = patient
        self.link = store.link(name)
        self.is_closed = False

    @property
    def admin(self) -> "SimDatabase":
        """The database that answers a ping."""
        return SimDatabase(self, "admin", majority=True)

    def get_database(
        self,
        name: str,
        codec_options: "CodecOptions[Document] | None" = None,
        write_concern: WriteConcern | None = None,
        read_concern: ReadConcern | None = None,
    ) -> "SimDatabase":
        """A database, as `chassis.persistence.mongo.database` asks for it. Raises: NotImplementedError for others."""
        if codec_options != STANDARD:
            raise NotImplementedError("values are simulated with aware times and standard UUIDs alone")
        if read_concern != ReadConcern("majority"):
            raise NotImplementedError("reading what a majority has is simulated, and no other")
        return SimDatabase(self, name, majority=write_concern is None or is_majority(write_concern))

    async def close(self) -> None:
        """End it: what is asked of it from now on is an error."""
        self.is_closed = True

    async def aclose(self) -> None:
        """The same."""
        await self.close()

    def crash(self) -> None:
        """End it as the end of a process does: what it has sent may still be carried out, and nobody learns of it."""
        self.is_closed = True
        self.link.crash()

    def check_open(self) -> None:
        """Raises: InvalidOperation where it is closed."""
        if self.is_closed:
            raise InvalidOperation("Cannot use AsyncMongoClient after close")


class SimDatabase:
    """A database of a client."""

    def __init__(self, client: SimClient, name: str, *, majority: bool) -> None:
        self.client = client
        self.name = name
        self._majority = majority
        self._collections: dict[str, SimCollection] = {}

    def __getitem__(self, name: str) -> SimCollection:
        found = self._collections.get(name)
        if found is None:
            found = self._collections[name] = SimCollection(self, name, majority=self._majority)
        return found

    async def command(self, command: str) -> dict[str, Any]:
        """Answer a ping. Raises: NotImplementedError for any other command."""
        if command != "ping":
            raise NotImplementedError(f"the command {command} is not simulated")
        answer: dict[str, Any] = await self["$cmd"].ask(lambda: {"ok": 1.0}, text=lambda: "ping")
        return answer

    async def list_collection_names(self) -> list[str]:
        """The collections that are there."""
        names: list[str] = await self["$cmd"].ask(
            lambda: list(self.client.store.names(self.name)), text=lambda: f"list collections of {self.name}"
        )
        return names
