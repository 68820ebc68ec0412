"""What the edge reads from its environment, beside what every service reads."""

from datetime import timedelta
from typing import Annotated

import limits
from pydantic import AfterValidator, BeforeValidator, Field, SecretStr
from pydantic_settings import NoDecode

from chassis.settings import Settings as ServiceSettings


def _rate(notation: str) -> str:
    limits.parse(notation)
    return notation


def _split(value: object) -> object:
    return tuple(one.strip() for one in value.split(",") if one.strip()) if isinstance(value, str) else value


Rate = Annotated[str, AfterValidator(_rate)]
"""So many requests in such a time, as `20/minute` or `2/second`."""


class Settings(ServiceSettings):
    """The environment of one replica of the edge."""

    port: int = Field(default=8080, ge=0, le=65535)

    jwks_url: str = "http://127.0.0.1:8090/.well-known/jwks.json"
    """Where the token issuer, MK, shows its keys."""

    issuer_url: str = "http://127.0.0.1:8090"
    """Where browsers reach the token issuer: the app logs in at its `/token`."""

    timezone: str = "America/Sao_Paulo"
    """The zone in which the app shows times."""

    token_audience: str = "atendo"  # noqa: S105 - whom tokens are for, no secret

    jwks_refresh_after: timedelta = timedelta(seconds=30)
    """An unknown key makes the edge ask the issuer again, at most this often."""

    jwks_max_age: timedelta = timedelta(minutes=10)
    """The keys are asked for anew after this long, so that a withdrawn one goes."""

    reply_within: timedelta = timedelta(seconds=2)
    """How long a service may take to answer."""

    max_in_flight: int = Field(default=100, ge=1)
    """How many commands and queries may wait for one service at a time; what is more is answered 503 at once."""

    max_streams: int = Field(default=2_500, ge=0)
    """How many live streams may be open at a time; what is more is answered 503."""

    receipt_secret: SecretStr = Field(min_length=16)
    """What receipts of accepted contacts are signed with: the same in every replica (R13)."""

    telegram_webhook_secret: SecretStr | None = None
    """What Telegram shows with each update that it posts; without it nothing is taken."""

    trusted_proxies: int = Field(default=0, ge=0)
    """How many proxies of ours stand in front, each adding to `X-Forwarded-For` whom it saw."""

    max_body_bytes: int = Field(default=64 * 1024, ge=1024)

    rate_limit: Rate = "120/minute"
    """Requests of one customer."""

    contact_rate_limit: Rate = "20/minute"
    """Contacts of one customer."""

    address_rate_limit: Rate = "300/minute"
    """Requests without a valid token of one client address; many customers may share one."""

    cors_origins: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)] = ()
    """Web pages of other origins that may ask, separated by commas; none by default."""
