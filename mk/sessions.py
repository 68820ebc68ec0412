"""An operator's session: how it begins, how long it lasts, and the proof that a form is one of ours.

The browser holds a random token in a cookie; the database holds its hash, so that every replica knows the session,
`Sair` really ends it, and who reads the database can't log in.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from mk.operators import Operator, Operators, Role

COOKIE = "mk_console"
IDLE = timedelta(minutes=30)
"""A session ends when nothing was done in it for so long; pages that refresh themselves do nothing."""

AT_MOST = timedelta(hours=10)
"""A session ends so long after the login whatever is done."""

_NOTED_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Session:
    """Who is logged in; `key` is the hash of its token."""

    key: str
    user: str
    name: str
    role: Role
    began_at: datetime
    seen_at: datetime

    @property
    def ends_at(self) -> datetime:
        """When it ends if nothing more is done."""
        return min(self.seen_at + IDLE, self.began_at + AT_MOST)


class Sessions(Protocol):
    """The sessions that are open."""

    async def save(self, session: Session) -> None:
        """Keep a session as it is now, until it ends."""
        ...

    async def find(self, key: str) -> Session | None:
        """The session with this key, or None."""
        ...

    async def remove(self, key: str) -> None:
        """End a session."""
        ...


class Door:
    """Lets operators in and out."""

    def __init__(self, sessions: Sessions, operators: Operators) -> None:
        self._sessions = sessions
        self.operators = operators

    async def open(self, operator: Operator, *, now: datetime) -> str:
        """Begin a session; returns its token."""
        token = secrets.token_urlsafe(32)
        await self._sessions.save(Session(_key(token), operator.user, operator.name, operator.role, now, now))
        return token

    async def session(self, token: str, *, now: datetime, active: bool) -> Session | None:
        """The session of a token, or None where it ended; `active` where its operator does something."""
        session = await self._sessions.find(_key(token)) if token else None
        operator = self.operators.by_user(session.user) if session else None
        # an operator whom the setting names no more is out; a role that changed holds from now on
        if session is None or operator is None or now >= session.ends_at:
            return None
        session = replace(session, name=operator.name, role=operator.role)
        if active and now - session.seen_at >= _NOTED_EVERY:
            session = replace(session, seen_at=now)
            await self._sessions.save(session)
        return session

    async def close(self, token: str) -> None:
        """End the session of a token, if there is one."""
        await self._sessions.remove(_key(token))


def form_token(cookie: str) -> str:
    """What a form of ours carries; nobody can make it who doesn't hold the cookie."""
    return hmac.new(cookie.encode(), b"form", hashlib.sha256).hexdigest()


def is_ours(given: str, cookie: str) -> bool:
    """Whether a form carries what ours do."""
    return bool(cookie) and hmac.compare_digest(given.encode(), form_token(cookie).encode())


def _key(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
