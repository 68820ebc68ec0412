"""What a route can ask for: who calls, and the parts of the edge that serve them."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Annotated, Any, Self

from fastapi import Depends, Request, Response
from fastapi.routing import APIRoute
from fastapi.security import HTTPBearer

from services.edge.auth import BadToken, Bearer, KeysUnknown, NoToken, Tokens
from services.edge.channels import KnownChannels
from services.edge.errors.problems import Refused, known, unavailable
from services.edge.gateway import Caller, Gateway
from services.edge.live import Live
from services.edge.middleware.rate_limit import Rate, client_address
from services.edge.receipts import Receipts
from services.edge.settings import Settings
from services.edge.web.app_files import App
from services.edge.web.pages import Pages


@dataclass(frozen=True, slots=True)
class Rates:
    """What callers may ask of this replica; `trusted_proxies` of ours stand in front of it."""

    customers: Rate
    contacts: Rate
    addresses: Rate
    trusted_proxies: int

    @classmethod
    def of(cls, settings: Settings, *, now: Callable[[], float]) -> Self:
        """As the settings have it."""
        return cls(
            customers=Rate(settings.rate_limit, now=now),
            contacts=Rate(settings.contact_rate_limit, now=now),
            addresses=Rate(settings.address_rate_limit, now=now),
            trusted_proxies=settings.trusted_proxies,
        )


@dataclass(frozen=True, slots=True)
class Parts:
    """What `app.py` puts together for the routes."""

    gateway: Gateway
    live: Live
    receipts: Receipts
    tokens: Tokens
    rates: Rates
    pages: Pages
    app: App
    channels: KnownChannels
    telegram_secret: str = ""


def parts(request: Request) -> Parts:
    """The parts of the edge that this request came to."""
    found: Parts = request.app.state.parts
    return found


def count_address(request: Request) -> None:
    """Count a request of somebody who is not logged in. Raises: Refused with 429."""
    rates = parts(request).rates
    rates.addresses.count(client_address(request, rates.trusted_proxies))


async def _bearer(request: Request) -> Bearer:
    try:
        bearer = await parts(request).tokens.bearer(request.headers.get("authorization"))
    except KeysUnknown as error:
        raise unavailable() from error
    except NoToken as error:
        count_address(request)
        # RFC 6750, section 3.1: whoever shows nothing gets no error code
        raise Refused(known(401), {"WWW-Authenticate": 'Bearer realm="atendo"'}) from error
    except BadToken as error:
        count_address(request)
        raise Refused(known(401), {"WWW-Authenticate": 'Bearer error="invalid_token"'}) from error
    parts(request).rates.customers.count(bearer.customer_id)
    return bearer


def _may_be_json(content_type: str | None) -> bool:
    kind = (content_type or "application/json").partition(";")[0].strip().lower()
    return kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))


class Protected(APIRoute):
    """A route for customers alone: nothing of a request is read before its token is judged."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """FastAPI's handler, behind the token."""
        handle = super().get_route_handler()

        async def handle_customer(request: Request) -> Response:
            bearer = await _bearer(request)
            request.state.customer_id, request.state.until = bearer.customer_id, bearer.until
            if self.body_field is not None and not _may_be_json(request.headers.get("content-type")):
                raise Refused(known(415))
            return await handle(request)

        return handle_customer


TOKEN = Depends(HTTPBearer(auto_error=False, bearerFormat="JWT", description="MK's token: RS256, `aud` = `atendo`."))
"""Declares in the OpenAPI what `Protected` enforces."""


async def _caller(request: Request) -> Caller:
    given, state = parts(request), request.state
    return Caller(given.gateway, state.correlation_id, getattr(state, "customer_id", ""))


async def _parts(request: Request) -> Parts:
    return parts(request)


Calls = Annotated[Caller, Depends(_caller)]
Given = Annotated[Parts, Depends(_parts)]


async def count_contact(caller: Calls, given: Given) -> None:
    """Count one contact of this customer. Raises: Refused with 429."""
    given.rates.contacts.count(caller.customer_id)
