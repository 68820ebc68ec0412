"""A service's own HTTP port: whether it lives, whether it is ready, and its metrics."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from typing import Any

import orjson
import uvicorn
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from chassis.cancellation import lost_connection_is_an_error
from chassis.http import problems
from chassis.settings import Settings

Scope = MutableMapping[str, Any]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Check = Callable[[], Awaitable[dict[str, str]]]
"""What is wrong, by part; empty where all is well."""


_READS = ("GET", "HEAD")
_NOT_ALLOWED = problems.problem(405, "Method not allowed", "Este endereço não aceita essa operação.")


class HealthApp:
    """An ASGI application with `/health/live`, `/health/ready` and `/metrics`, and nothing else."""

    def __init__(self, *, live: Check, ready: Check, registry: CollectorRegistry) -> None:
        self._checks = {"/health/live": live, "/health/ready": ready}
        self._registry = registry

    def serves(self, path: str) -> bool:
        """Whether this path is one of the three."""
        return path == "/metrics" or path in self._checks

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        method, headers = scope["method"], []
        if self.serves(scope["path"]) and method not in _READS:
            status, kind, body = 405, problems.MEDIA_TYPE, problems.content(_NOT_ALLOWED)
            headers.append((b"allow", ", ".join(_READS).encode()))
        else:
            accept = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"accept"), "")
            status, kind, body = await self.answer(scope["path"], accept=accept)
        headers += [(b"content-type", kind.encode()), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if method == "HEAD" else body})

    async def answer(self, path: str, *, accept: str = "") -> tuple[int, str, bytes]:
        """Status, content type and body of one path; metrics in OpenMetrics' form, with exemplars, where asked so."""
        if path == "/metrics":
            encode, kind = choose_encoder(accept)
            return 200, kind, encode(self._registry)
        if path not in self._checks:
            return 404, "application/json", b'{"status":"not found"}'
        wrong = await self._checks[path]()
        body = orjson.dumps({"status": "unavailable" if wrong else "ok", "problems": wrong})
        return (503 if wrong else 200), "application/json", body


class WithHealth:
    """Another ASGI application, with the three routes in front of it."""

    def __init__(self, app: Any, health: HealthApp) -> None:  # noqa: ANN401 - an ASGI application
        self._app = app
        self._health = health

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand a request to whom it is for."""
        ours = scope["type"] == "http" and self._health.serves(scope["path"])
        await (self._health if ours else self._app)(scope, receive, send)


class Server(uvicorn.Server):
    """uvicorn without its own signal handling: the process decides when it stops."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to `chassis.process`."""
        yield


def server(app: Any, *, host: str, port: int) -> Server:  # noqa: ANN401 - an ASGI application
    """A server for `app` that logs nothing by itself."""
    return Server(
        uvicorn.Config(
            app,
            host=host,
            port=port,
            log_config=None,
            access_log=False,
            lifespan="off",
            server_header=False,
            # who came is the peer: uvicorn would believe the leftmost address that anybody makes up
            proxy_headers=False,
        )
    )


def own_server(app: Any, settings: Settings) -> Server:  # noqa: ANN401 - an ASGI application
    """The server of a service's own port, with TLS where there is a certificate."""
    made = server(app, host=settings.host, port=settings.port)
    made.config.ssl_certfile = settings.tls_cert_file
    made.config.ssl_keyfile = settings.tls_key_file and str(settings.tls_key_file)
    return made


async def trouble(part: str, question: Awaitable[object]) -> dict[str, str]:
    """What is wrong with a part that is asked something: empty where it answers within 3 s."""
    try:
        with lost_connection_is_an_error():
            async with asyncio.timeout(3):
                await question
    except LookupError as error:
        return {part: str(error)}
    except Exception as error:  # noqa: BLE001 - any error means that the part is away
        return {part: type(error).__name__}
    return {}
