"""A service loads what it uses, and nothing heavy beside: each of these would cost every replica's memory and start."""

import subprocess
import sys

import pytest

from chassis.imports import without

NEEDLESS = {
    "contacts": ("rich", "greenlet", "cryptography", "jinja2", "httpx2", "aiosmtplib", "fastapi", "motor", "jwt"),
    "tickets": ("rich", "greenlet", "cryptography", "jinja2", "httpx2", "aiosmtplib", "fastapi", "motor", "jwt"),
    "feedback": ("rich", "greenlet", "cryptography", "jinja2", "httpx2", "aiosmtplib", "fastapi", "motor", "jwt"),
    "notifier": ("rich", "greenlet", "fastapi", "motor", "jwt", "css_inline"),
    "edge": ("rich", "greenlet", "pymongo", "bson", "motor", "aiosmtplib"),
}
"""Of motor's place: it is loaded when a client is made, where `MONGO_DRIVER` asks for it."""


@pytest.mark.parametrize("service", NEEDLESS)
def test_a_service_does_not_load_what_it_does_not_use(service: str) -> None:
    needless = NEEDLESS[service]
    look = f"import sys, services.{service}.app; print(*sorted(sys.modules.keys() & {set(needless)!r}))"

    loaded = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True, timeout=120)  # noqa: S603 - our own words

    assert loaded.stdout.strip() == ""


def test_a_package_counts_as_not_installed_only_while_others_are_loaded() -> None:
    sys.modules.pop("colorsys", None)

    with without("colorsys"), pytest.raises(ModuleNotFoundError):
        import colorsys  # noqa: F401, PLC0415 - what is tested
    import colorsys as found  # noqa: PLC0415 - what is tested

    assert found.rgb_to_hsv(0, 0, 0) == (0.0, 0.0, 0)


def test_a_package_that_is_loaded_stays_loaded() -> None:
    with without("sys"):
        assert "sys" in sys.modules
