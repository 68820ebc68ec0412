"""The chat's process: `python -m ops.embedded.chat`."""

import os
from pathlib import Path

import uvicorn

from ops.embedded.chat.api import BotApi
from ops.embedded.chat.chats import Chats
from ops.embedded.chat.web import Web
from ops.embedded.ports import LOOPBACK

if __name__ == "__main__":
    folder = Path(os.environ.get("CHAT_FOLDER", "var/chat"))
    folder.mkdir(parents=True, exist_ok=True)
    api = BotApi(Chats(folder / "chats.json"), os.environ.get("TELEGRAM_BOT_TOKEN", "1:demo"))
    uvicorn.run(
        Web(api).application(),
        host=LOOPBACK,
        port=int(os.environ.get("PORT", "8083")),
        log_level="warning",
        timeout_graceful_shutdown=2,
    )
