"""Where push messages may go: hosts by name, so that no subscription leads into the house."""

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

PUBLIC = (
    "fcm.googleapis.com",
    "*.push.services.mozilla.com",
    "*.push.apple.com",
    "*.notify.windows.com",
)
"""The push services of Google, Mozilla, Apple and Microsoft."""

_LOOPBACK_NAMES = frozenset({"localhost"})
_LONGEST = 2_000


class HostNotAllowed(ValueError):
    """An endpoint that no message is sent to."""


@dataclass(frozen=True, slots=True)
class PushHosts:
    """The host names of `PUSH_HOSTS`; `*.` in front stands for any name below."""

    patterns: tuple[str, ...] = PUBLIC

    @classmethod
    def of(cls, listed: str) -> "PushHosts":
        """From a comma-separated list; an empty one stands for the public services."""
        patterns = tuple(name.strip().lower().rstrip(".") for name in listed.split(",") if name.strip())
        return cls(patterns or PUBLIC)

    def check(self, endpoint: str) -> None:
        """Let an endpoint pass. Raises: HostNotAllowed.

        `http` is for a loopback host that is listed by name; everything else is `https`, at a listed name.
        """
        try:
            parts = urlsplit(endpoint)
            host, port = (parts.hostname or "").lower().rstrip("."), parts.port
        except ValueError as error:
            raise HostNotAllowed("no address") from error
        if len(endpoint) > _LONGEST or not endpoint.isascii() or any(one.isspace() for one in endpoint):
            raise HostNotAllowed("no address")
        if not host or port == 0 or parts.username is not None or parts.password is not None:
            raise HostNotAllowed("no plain host")
        if not _listed(host, self.patterns):
            raise HostNotAllowed("not a push service that is allowed")
        if parts.scheme != "https" and not (parts.scheme == "http" and _is_loopback(host)):
            raise HostNotAllowed("not https")


def _listed(host: str, patterns: Iterable[str]) -> bool:
    if _is_address(host):
        return host in patterns
    return any(host.endswith(one[1:]) if one.startswith("*.") else host == one for one in patterns)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        # what some resolvers take for an address: 2130706433, 0x7f.1
        return host.replace(".", "").isdigit() or host.startswith("0x")
    return True


def _is_loopback(host: str) -> bool:
    if host in _LOOPBACK_NAMES:
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
