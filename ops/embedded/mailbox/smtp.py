"""The mailbox over SMTP: every mail is welcome, whoever it is for."""

import asyncio
from dataclasses import dataclass

from aiosmtpd.smtp import SMTP, Envelope, Session

from ops.embedded.mailbox.mails import Mails

_MAX_BYTES = 10_000_000


# without slots: aiosmtpd looks at every member, which Python 3.11.2 (Debian 12) fails at where there are some
@dataclass(frozen=True)
class _Handler:
    mails: Mails

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - their name
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        mail_id = self.mails.add(content, sender=envelope.mail_from or "", recipients=envelope.rcpt_tos)
        return f"250 OK {mail_id}"


async def listen(mails: Mails, *, host: str, port: int) -> asyncio.Server:
    """Take mails for the folder until the returned server is closed."""
    handler = _Handler(mails)
    loop = asyncio.get_running_loop()
    return await loop.create_server(
        lambda: SMTP(
            handler, data_size_limit=_MAX_BYTES, enable_SMTPUTF8=True, hostname="mailbox.localhost", loop=loop
        ),
        host,
        port,
    )
