"""Who a newcomer can log in as: the first customers of the demo provider."""

from dataclasses import dataclass
from pathlib import Path

import yaml


@dataclass(frozen=True, slots=True)
class DemoCustomer:
    """A made-up customer of the demo provider, with the password that the stand-in for MK accepts."""

    name: str
    login: str
    password: str


def demo_customers(scenario: Path, *, at_most: int = 3) -> list[DemoCustomer]:
    """Return the first customers of a scenario; none where the file isn't there."""
    if not scenario.exists():
        return []
    customers = (yaml.safe_load(scenario.read_text()) or {}).get("customers", [])
    return [
        DemoCustomer(name=str(one["name"]), login=str(one["login"]), password=str(one["password"]))
        for one in customers[:at_most]
    ]
