"""What contacts reads from its environment: what every service reads."""

from chassis.settings import Settings

__all__ = ["Settings"]
