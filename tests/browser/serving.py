"""Serves an application of this process to a browser."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from starlette.types import ASGIApp

from chassis.http.health import server
from tests.eventually import eventually


@contextlib.asynccontextmanager
async def listening(app: ASGIApp) -> AsyncIterator[str]:
    """Serve an application on a free port."""
    http = server(app, host="127.0.0.1", port=0)
    serving = asyncio.create_task(http.serve())
    await eventually(lambda: http.started)
    try:
        yield f"http://127.0.0.1:{http.servers[0].sockets[0].getsockname()[1]}"
    finally:
        http.should_exit = True
        await serving
