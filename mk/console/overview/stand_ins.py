"""The demo's mailbox and chat, read and written over HTTP; there are none where a real mail server and Telegram are."""

import asyncio
import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib import request
from urllib.error import HTTPError
from urllib.parse import urlencode, urlsplit

from mk.console.refusals import Refused, not_found

WITHIN = timedelta(seconds=3)
_NOT_FOUND = 404
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}


class StandIn:
    """One of them, at its address."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")

    @property
    def page(self) -> str:
        """Where its own page is, for a browser on the same machine; empty where no such browser would reach it."""
        return f"{self._url}/" if urlsplit(self._url).hostname in _LOOPBACK else ""

    def check(self) -> None:
        """Return where it runs. Raises: Refused."""
        if not self._url:
            raise Refused(404, "Página não encontrada", "Esta tela só existe onde a demonstração roda.")

    async def json(self, path: str) -> Any:  # noqa: ANN401 - whatever it is
        """What it answers. Raises: Refused."""
        return json.loads(await self.text(path))

    async def text(self, path: str) -> str:
        """What it answers, as text. Raises: Refused."""
        return (await self._ask(path)).decode(errors="replace")

    async def send(self, path: str, form: Mapping[str, str]) -> None:
        """Send a form. Raises: Refused."""
        await self._ask(path, urlencode(form).encode())

    async def _ask(self, path: str, body: bytes | None = None) -> bytes:
        self.check()
        try:
            # in a thread: a demo isn't worth a client of its own
            return await asyncio.to_thread(self._open, path, body)
        except HTTPError as error:
            if error.code == _NOT_FOUND:
                raise not_found("Não está mais lá") from None
            raise _away() from error
        except (OSError, ValueError) as error:
            raise _away() from error

    def _open(self, path: str, body: bytes | None) -> bytes:
        # the address is a setting's, and nobody else's
        with request.urlopen(f"{self._url}{path}", data=body, timeout=WITHIN.total_seconds()) as answer:  # noqa: S310
            content: bytes = answer.read()
            return content


def _away() -> Refused:
    return Refused(503, "A demonstração não respondeu agora", "Nada se perdeu. Recarregue em instantes.")
