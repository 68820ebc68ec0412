"""The chapter that is played in the chat: a customer links it, and rates there what was done for them (R23)."""

import re
from urllib.parse import parse_qs, urlsplit

from ops.demo.stage import App, Json, Stage, eventually, expect

_SCORE = 3


class Chat:
    """A customer's chat with the bot, in the stand-in for Telegram."""

    def __init__(self, stage: Stage, url: str, name: str) -> None:
        self._stage = stage
        self._url = url
        self._name = name
        self._id = 0

    def begin(self, link: str) -> None:
        """Open the bot's start link."""
        token = parse_qs(urlsplit(link).query)["start"][0]
        self._stage.screen.describe(f"{self._name} opens the bot's start link.")
        page = self._stage.http.post(f"{self._url}/chat", data={"name": self._name, "token": token})
        expect("the answer to the start link", of=page.status_code, to_be=303)
        self._id = int(page.headers["location"].rpartition("/")[2])

    def _messages(self) -> list[Json]:
        found = self._stage.http.get(f"{self._url}/chats").json()
        messages: list[Json] = next(one["messages"] for one in found if one["id"] == self._id)
        return messages

    def notices(self) -> list[tuple[str, str]]:
        """What the bot wrote about tickets: titles and bodies, the oldest first."""
        texts = [one["text"].partition("\n") for one in self._messages() if one["by"] == "bot"]
        return [(title, body) for title, _, body in texts if body]

    def read(self, pattern: str) -> Json:
        """Wait until the bot writes something like this, and show it."""

        def look() -> Json | None:
            written = (one for one in reversed(self._messages()) if one["by"] == "bot")
            return next((one for one in written if re.search(pattern, one["text"])), None)

        message: Json = eventually(f"the bot to write {pattern!r}", look)
        buttons = [button["text"] for row in message["buttons"] for button in row]
        self._stage.screen.got("the bot writes", 200, {"text": message["text"], "buttons": buttons})
        return message

    def press(self, message: Json, score: int) -> None:
        """Press a button under a message."""
        self._stage.screen.sent(f"{self._name} presses", score)
        data = message["buttons"][0][score - 1]["callback_data"]
        self._post("press", message=message["id"], data=data)

    def write(self, text: str) -> None:
        """Write in the chat."""
        self._stage.screen.sent(f"{self._name} writes", text)
        self._post("write", text=text)

    def _post(self, what: str, **form: object) -> None:
        given = {name: str(text) for name, text in form.items()}
        answer = self._stage.http.post(f"{self._url}/chat/{self._id}/{what}", data=given)
        expect(f"the chat's answer to {what}", of=answer.status_code, to_be=303)


def the_link(stage: Stage, customer: Json, app: App) -> Chat | None:
    """Link a chat; None where the bot is one of Telegram's own."""
    if not stage.chat:
        return None
    stage.screen.chapter(f"{customer['name']} links a chat")
    chat = Chat(stage, stage.chat, customer["name"])
    chat.begin(app.post("/v1/telegram/link", {}, status=201)["url"])
    chat.read("vinculado")
    return chat


def the_rating(stage: Stage, app: App, ticket: Json, chat: Chat | None) -> None:
    """A score and its reason, given in the chat; in the app where there is none."""
    stage.screen.chapter("Solved, and rated in the chat")
    stage.operator_does("TicketClosed.v1", ticket_id=ticket["ticket_id"], closed_by="joana", request_evaluation=True)
    if chat is None:
        stage.screen.describe("There is no chat here: nobody rates.")
        return
    chat.press(chat.read(f"avalie[^$]*{ticket['protocol']}"), _SCORE)
    stage.screen.describe("Below five the bot asks why; the next text is the comment (R22, R23).")
    chat.read("motivo")
    chat.write("A fatura demorou a ser corrigida.")
    chat.read(f"nota {_SCORE} para o protocolo {ticket['protocol']}")
    score = eventually("the answer in the ticket's timeline", lambda: _score(app, ticket))
    expect("the score in the app", of=score, to_be=_SCORE)


def _score(app: App, ticket: Json) -> int | None:
    timeline = app.get(f"/v1/tickets/{ticket['protocol']}", show=False)["timeline"]
    return next((entry["score"] for entry in timeline if entry.get("score")), None)
