"""How the operators' sessions are kept in MongoDB; dictionaries stop here."""

from typing import Any

from chassis.persistence.mongo import Database
from mk.operators import Role
from mk.sessions import Session

SESSIONS = "sessions"


class MongoSessions:
    """The sessions, one document each, which the database removes when they ended."""

    def __init__(self, database: Database) -> None:
        self._sessions = database[SESSIONS]

    async def save(self, session: Session) -> None:
        """Keep a session as it is now, until it ends."""
        await self._sessions.replace_one({"_id": session.key}, _document(session), upsert=True)

    async def find(self, key: str) -> Session | None:
        """The session with this key, or None."""
        found = await self._sessions.find_one({"_id": key})
        return _session(found) if found else None

    async def remove(self, key: str) -> None:
        """End a session."""
        await self._sessions.delete_one({"_id": key})


def _document(session: Session) -> dict[str, Any]:
    return {
        "user": session.user,
        "name": session.name,
        "role": session.role.value,
        "began_at": session.began_at,
        "seen_at": session.seen_at,
        "ends_at": session.ends_at,
    }


def _session(found: dict[str, Any]) -> Session:
    return Session(
        key=found["_id"],
        user=found["user"],
        name=found["name"],
        role=Role(found["role"]),
        began_at=found["began_at"],
        seen_at=found["seen_at"],
    )
