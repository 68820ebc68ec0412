"""A mail server that notes every mail on disk before it says that it took it: `python -m tests.chaos.sink`."""

import asyncio
import json
import os
import time
from email.parser import BytesHeaderParser
from pathlib import Path
from typing import TextIO

from bench.smtp import Mail as Taken
from bench.smtp import Session
from tests.chaos.evidence import Mail
from tests.chaos.notifying import message_id_of

LOG, PORT = "SINK_LOG", "SINK_PORT"


def read(log: Path) -> list[Mail]:
    """Every mail that was taken; a line that a crash cut short was never acknowledged."""
    lines = log.read_text().split("\n")[:-1] if log.exists() else []
    return [Mail(**json.loads(line)) for line in lines if line.endswith("}")]


def _keep(log: TextIO, taken: Taken) -> None:
    message_id = message_id_of(BytesHeaderParser().parsebytes(taken.content())["Message-ID"] or "")
    for recipient in taken.recipients:
        line = {"at": time.time(), "message_id": message_id, "recipient": recipient}
        log.write(json.dumps(line) + "\n")
    log.flush()
    os.fsync(log.fileno())


async def _serve(log: TextIO, port: int) -> None:
    loop = asyncio.get_running_loop()
    # what a crash cut short must not swallow the next line
    log.write("\n")
    server = await loop.create_server(lambda: Session(lambda taken: _keep(log, taken)), "127.0.0.1", port)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    with Path(os.environ[LOG]).open("a") as opened:
        asyncio.run(_serve(opened, int(os.environ[PORT])))
