"""What tickets reads from its environment: what every service reads, and the provider's time zone."""

from zoneinfo import ZoneInfo

from chassis.settings import Settings as ChassisSettings


class Settings(ChassisSettings):
    """The environment of one replica of tickets."""

    timezone: ZoneInfo = ZoneInfo("America/Sao_Paulo")
    """`TIMEZONE`: where the provider is; tells a protocol's day and a visit's hour."""
