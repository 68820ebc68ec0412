"""Makes one replica set of several private mongods, and tells who of them leads."""

from dataclasses import dataclass
from typing import Any

from pymongo import AsyncMongoClient
from pymongo.errors import OperationFailure, PyMongoError

from ops.embedded.mongodb import REPLICA_SET, MongoDB
from ops.embedded.part import accepts

_PATIENCE_MS = 2000
_ALREADY_INITIALIZED = 23
# Half of the defaults: on one machine a silent member is dead, not far away.
_SETTINGS = {"electionTimeoutMillis": 5000, "heartbeatIntervalMillis": 1000}


@dataclass(frozen=True, slots=True)
class ReplicaSet:
    """All members of one set; a single one is no set, and stands alone."""

    members: tuple[MongoDB, ...]

    async def serves(self, member: MongoDB) -> bool:
        """Tell whether a member does its part, as primary or secondary; forms the set where nobody has yet."""
        if not await accepts(member.port, member.host):
            return False
        if not member.replica_set:
            # mongod listens only once it has recovered its journal.
            return True
        try:
            hello = await _command(member, "hello")
            if "setName" not in hello and member == self.members[0]:
                await self._form()
        except PyMongoError:
            return False
        return bool(hello.get("isWritablePrimary") or hello.get("secondary"))

    async def _form(self) -> None:
        if not all([await accepts(member.port, member.host) for member in self.members]):
            return
        first = self.members[0]
        members = [{"_id": number, "host": member.address} for number, member in enumerate(self.members)]
        try:
            await _command(first, {"replSetInitiate": {"_id": REPLICA_SET, "members": members, "settings": _SETTINGS}})
        except OperationFailure as error:
            if error.code != _ALREADY_INITIALIZED:
                raise
            # A run on other ports than the last: the members no longer find themselves in what they agreed upon.
            config = (await _command(first, {"replSetGetConfig": 1}))["config"]
            moved = {**config, "members": members, "version": config["version"] + 1}
            await _command(first, {"replSetReconfig": moved, "force": True})


async def primary_of(address: str) -> str | None:
    """Return the address of the primary as the member at `address` sees it; None without one or without an answer.

    A primary that names itself takes writes.
    """
    try:
        async with AsyncMongoClient[dict[str, Any]](
            f"mongodb://{address}/", directConnection=True, serverSelectionTimeoutMS=_PATIENCE_MS
        ) as client:
            hello = await client.admin.command("hello")
    except PyMongoError:
        return None
    primary: str | None = hello.get("primary")
    return primary


async def _command(member: MongoDB, command: str | dict[str, Any]) -> dict[str, Any]:
    # A connection for one command: forming the set closes those that were open before.
    async with AsyncMongoClient[dict[str, Any]](
        member.url, directConnection=True, serverSelectionTimeoutMS=_PATIENCE_MS
    ) as client:
        answer: dict[str, Any] = await client.admin.command(command)
        return answer
