"""What MK's stand-in reads from its environment, beside what every service reads."""

from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic import AliasChoices, Field, SecretStr, field_validator

from chassis import settings
from mk import operators


class Settings(settings.Settings):
    """The environment of MK's stand-in."""

    port: int = Field(default=8090, ge=0, le=65535)

    mk_load: str | None = None
    """The scenario to play at the start; none by default."""

    issuer: str = Field(default="http://127.0.0.1:8090", validation_alias=AliasChoices("issuer", "mk_url"))
    """What tokens name as their issuer; where customers reach MK."""

    var_dir: Path = Path("var")
    """`secrets/` in it holds the signing key."""

    operators: SecretStr = SecretStr("")
    """Who may work at the console, as `python -m mk.operators` prints them, with `;` between; else nobody."""

    timezone: str = "America/Sao_Paulo"
    """In which the console shows moments."""

    mail_url: str = ""
    """Where the mailbox that stands in for a mail server is; the console links no such page where there is none."""

    chat_url: str = ""
    """Where the chat that stands in for Telegram is."""

    @field_validator("operators")
    @classmethod
    def _readable(cls, value: SecretStr) -> SecretStr:
        operators.parse(value.get_secret_value())
        return value

    @property
    def zone(self) -> ZoneInfo:
        """`timezone` itself."""
        return ZoneInfo(self.timezone)
