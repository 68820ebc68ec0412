"""What MK's stand-in reads from its environment, beside what every service reads."""

from pathlib import Path

from pydantic import AliasChoices, Field

from chassis import settings


class Settings(settings.Settings):
    """The environment of MK's stand-in."""

    port: int = Field(default=8090, ge=0, le=65535)

    mk_load: str | None = None
    """The scenario to play at the start; none by default."""

    issuer: str = Field(default="http://127.0.0.1:8090", validation_alias=AliasChoices("issuer", "mk_url"))
    """What tokens name as their issuer; where customers reach MK."""

    var_dir: Path = Path("var")
    """`secrets/` in it holds the signing key."""
