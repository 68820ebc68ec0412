"""The mailbox's process: `python -m ops.embedded.mailbox`."""

import asyncio
import os
from pathlib import Path

import uvicorn

from ops.embedded.mailbox.mails import Mails
from ops.embedded.mailbox.smtp import listen
from ops.embedded.mailbox.web import Web
from ops.embedded.ports import LOOPBACK


async def serve(mails: Mails, *, smtp_port: int, http_port: int) -> None:
    """Serve SMTP and HTTP on loopback until SIGTERM."""
    async with await listen(mails, host=LOOPBACK, port=smtp_port):
        web = uvicorn.Config(
            Web(mails).application(),
            host=LOOPBACK,
            port=http_port,
            log_level="warning",
            timeout_graceful_shutdown=2,
        )
        await uvicorn.Server(web).serve()


if __name__ == "__main__":
    folder = Path(os.environ.get("MAIL_FOLDER", "var/mail"))
    smtp, http = int(os.environ.get("SMTP_PORT", "8025")), int(os.environ.get("PORT", "8082"))
    asyncio.run(serve(Mails(folder), smtp_port=smtp, http_port=http))
