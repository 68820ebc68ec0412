"""The push stand-in on a port of its own, for tests that push for real: it checks signatures and decrypts."""

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from starlette.responses import Response

from chassis.http.health import Server, server
from ops.embedded.ports import LOOPBACK, free_port
from ops.embedded.push.devices import Browser
from ops.embedded.push.web import PushService
from tests.eventually import eventually


@dataclass
class RealPush:
    """A push service, which browsers subscribe to and phones are installed at."""

    port: int = field(default_factory=free_port)
    service: PushService = field(init=False)
    _http: Server | None = None
    _serving: "asyncio.Task[None] | None" = None

    def __post_init__(self) -> None:
        self.service = PushService(self.url)

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://{LOOPBACK}:{self.port}"

    async def start(self) -> None:
        """Serve."""
        http = self._http = server(self.service.application(), host=LOOPBACK, port=self.port)
        self._serving = asyncio.create_task(http.serve())
        await eventually(lambda: http.started)

    async def stop(self) -> None:
        """Serve no more."""
        if self._http and self._serving:
            self._http.should_exit = True
            await self._serving

    def a_browser(self) -> tuple[Browser, dict[str, Any]]:
        """A browser that subscribed, and what its page sends to `POST /v1/devices`."""
        browser = Browser()
        self.service.browsers[browser.id] = browser
        made = browser.subscription(self.url)
        return browser, {"kind": "web_push", "endpoint": made["endpoint"], "keys": made["keys"]}

    def a_phone(self, token: str) -> list[dict[str, Any]]:
        """A phone with the app on it, as the list of what it shows."""
        self.service.phones[token] = []
        return self.service.phones[token]

    def trouble(self, status: int, *, times: int = 1, **headers: str) -> None:
        """Answer so to the next messages."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.service.trouble.extend([Response(status_code=status, headers=named)] * times)

    def credentials(self) -> str:
        """The JSON of a service account whose tokens are given out here."""
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        account = {"project_id": "sac", "client_email": "push@sac.example", "private_key": pem.decode()}
        return json.dumps({**account, "token_uri": f"{self.url}/token"})
