"""The routes by which customers log in, and by which the edge learns the keys."""

from collections.abc import Callable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form
from pydantic import BaseModel

from chassis.clock import Clock
from mk import tokens
from mk.accounts import Accounts
from mk.problems import declared
from mk.tokens import LASTS, Keys


class Token(BaseModel):
    """An RFC 6750 bearer token; `expires_in` in seconds."""

    access_token: str
    token_type: Literal["bearer"] = "bearer"  # noqa: S105 - its type, no secret
    expires_in: int


def login(accounts: Accounts, keys: Callable[[], Keys], *, issuer: str, clock: Clock) -> APIRouter:
    """`POST /token`, `GET /.well-known/jwks.json`."""
    router = APIRouter(tags=["Acesso do cliente"])

    @router.post("/token", responses=declared(401, 422))
    async def token(username: Annotated[str, Form()], password: Annotated[str, Form()]) -> Token:
        """Log a customer in by CPF or e-mail address."""
        account = accounts.customer(username, password)
        whom = {"sub": account.customer_id, "name": account.name}
        signed = tokens.sign(whom, key=keys().current, issuer=issuer, now=clock())
        return Token(access_token=signed, expires_in=int(LASTS.total_seconds()))

    @router.get("/.well-known/jwks.json")
    async def jwks() -> dict[str, Any]:
        """The public keys of all tokens that may be out (RFC 7517)."""
        return keys().jwks()

    return router
