"""The stand-in for Telegram as a process of its own, and what customers do in their chats."""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2

from ops.embedded.ports import free_port
from services.notifier.deliver.chat.updates import button_data

TOKEN = "12345:a-bot-of-the-tests"
_STARTS_WITHIN = 90.0


class Telegram:
    """A running stand-in; everything goes through its HTTP."""

    def __init__(self, folder: Path) -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        here = str(Path(__file__).parents[1])
        environment = {"PYTHONPATH": here, "PORT": str(port), "CHAT_FOLDER": str(folder)}
        environment["TELEGRAM_BOT_TOKEN"] = TOKEN
        self._process = subprocess.Popen(
            (sys.executable, "-m", "ops.embedded.chat"),
            env={"PYTHONPATH": str(Path(__file__).parents[1]), **environment},
        )
        self._http = httpx2.Client(base_url=self.url, timeout=60, trust_env=False)
        self._wait()

    def _wait(self) -> None:
        deadline = time.monotonic() + _STARTS_WITHIN
        while time.monotonic() < deadline:
            try:
                if self._http.get("/health/ready").is_success:
                    return
            except httpx2.HTTPError:
                time.sleep(0.05)
        raise TimeoutError("the chat did not start")

    @property
    def settings(self) -> dict[str, str]:
        """What the notifier is started with."""
        return {"telegram_bot_token": TOKEN, "telegram_api_url": self.url, "telegram_link_url": self.url}

    def _post(self, path: str, **form: object) -> None:
        answer = self._http.post(path, data={name: str(value) for name, value in form.items()})
        assert answer.status_code == 303, answer.text

    def begin(self, chat: int, *, token: str = "") -> None:
        """Open the bot's start link in a chat."""
        self._post("/chat", id=chat, name=f"Cliente {chat}", token=token)

    def write(self, chat: int, text: str) -> None:
        """Write a text."""
        self._post(f"/chat/{chat}/write", text=text)

    def attach(self, chat: int, kind: str) -> None:
        """Send a sticker, a photo or a voice message."""
        self._post(f"/chat/{chat}/write", kind=kind)

    def edit(self, chat: int, text: str) -> None:
        """Edit the customer's newest message."""
        message = next(one for one in reversed(self.messages(chat)) if one["by"] == "customer")
        self._post(f"/chat/{chat}/edit", message=message["id"], text=text)

    def press(self, chat: int, score: int) -> None:
        """Press a button under the newest message that has some."""
        message = next(one for one in reversed(self.messages(chat)) if one["buttons"])
        self._post(f"/chat/{chat}/press", message=message["id"], data=message["buttons"][0][score - 1]["callback_data"])

    def block(self, chat: int) -> None:
        """Block the bot, or let it in again."""
        self._post(f"/chat/{chat}/block")

    def trouble(self, code: int, **more: object) -> None:
        """Have the next calls answered so."""
        assert self._http.post("/trouble", json={"code": code, **more}).is_success

    def chat(self, chat: int) -> dict[str, Any]:
        """A chat with its messages and the newest visible answer to a press."""
        found: dict[str, Any] = next(one for one in self._http.get("/chats").json() if one["id"] == chat)
        return found

    def knows(self, chat: int) -> bool:
        """Whether anybody ever wrote in this chat."""
        return any(one["id"] == chat for one in self._http.get("/chats").json())

    def messages(self, chat: int) -> list[dict[str, Any]]:
        """What was written in a chat, the bot's and the customer's."""
        messages: list[dict[str, Any]] = self.chat(chat)["messages"]
        return messages

    def texts(self, chat: int) -> list[str]:
        """What the bot wrote in a chat."""
        return [one["text"] for one in self.messages(chat) if one["by"] == "bot"]

    def asks(self, chat: int, evaluation_id: UUID) -> bool:
        """Whether the bot asks for this evaluation there."""
        return any(button_data(evaluation_id, 1) in str(one["buttons"]) for one in self.messages(chat))

    def wrote(self, chat: int, text: str) -> Callable[[], bool]:
        """Whether the bot wrote this."""
        return lambda: text in self.texts(chat)

    def stop(self) -> None:
        """End the process."""
        self._http.close()
        self._process.terminate()
        self._process.wait(60)
