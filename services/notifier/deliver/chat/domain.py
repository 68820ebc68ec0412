"""A chat with the bot: whose it is, which score waits for its comment, and what the bot replies (R22, R23)."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from contracts.message import Draft
from contracts.notifier import EvaluationAnswered
from contracts.text import is_visible, trimmed
from services.notifier.deliver.chat import phrases
from services.notifier.deliver.chat.updates import Leave, Press, Start, Text, Update

BEST_SCORE = 5
TAKEN_AT_MOST = 100
"""Updates of a chat that are remembered: what is older than all of them was taken long ago."""

MAX_COMMENT = 2_000
INVITATION_LASTS = timedelta(minutes=15)

QuestionState = Literal["open", "answered", "expired", "withdrawn"]


@dataclass(frozen=True, slots=True)
class Invitation:
    """A start link's token: whose chat it links, until when, and which chat used it."""

    token: str
    customer_id: str
    expires_at: datetime
    used_by: int | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """An evaluation as the chat needs to know it."""

    evaluation_id: UUID
    customer_id: str
    protocol: str
    cycle: int = 1
    state: QuestionState = "open"


@dataclass(frozen=True, slots=True)
class Awaited:
    """A score that was pressed and waits for its comment."""

    evaluation_id: UUID
    protocol: str
    score: int


@dataclass(frozen=True, slots=True)
class Early:
    """A text that answered nothing when it was taken: the press before it may come late."""

    update_id: int
    text: str


@dataclass(frozen=True, slots=True)
class Chat:
    """One private chat; without a customer it is linked to nobody.

    `taken` are the latest updates that took effect, `linked_by` the newest that linked or unlinked it.
    """

    id: int
    customer_id: str | None = None
    awaited: Awaited | None = None
    early: Early | None = None
    taken: tuple[int, ...] = ()
    linked_by: int = 0
    linked_at: datetime | None = None

    def took(self, update_id: int) -> bool:
        """Whether an update took effect before."""
        is_ancient = len(self.taken) == TAKEN_AT_MOST and update_id < min(self.taken)
        return update_id in self.taken or is_ancient


@dataclass(frozen=True, slots=True)
class Reply:
    """What the bot does in the chat: write `text`, and answer the press `press_id` with `notice` where there is one.

    With `asks`, the buttons of that evaluation stand under the text.
    """

    text: str = ""
    press_id: str = ""
    notice: str = ""
    asks: UUID | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """What is known beside the chat when an update is taken: the link's token, or the question that it is about.

    `newest` is the open question that took the place of a withdrawn one (R21).
    """

    invitation: Invitation | None = None
    question: Question | None = None
    newest: Question | None = None


Taken = tuple[Chat, list[Reply], list[Draft]]


def take(chat: Chat, update: Update, known: Known, *, now: datetime) -> Taken:
    """What an update makes of the chat, what the bot replies, and what is to be announced.

    One that was taken before changes nothing. Updates may come in another order than they happened.
    """
    if chat.took(update.id):
        return chat, [], []
    chat = replace(chat, taken=(*chat.taken, update.id)[-TAKEN_AT_MOST:])
    match update.what:
        case Start() | Leave() if update.id < chat.linked_by:
            return chat, [], []
        case Start() as start:
            return _start(chat, start, known.invitation, by=update.id, now=now)
        case Leave():
            text = phrases.LEFT if chat.customer_id else phrases.NOT_LINKED
            return replace(unlinked(chat), linked_by=update.id), [Reply(text)], []
        case Press() as press:
            return _press(chat, press, known, by=update.id, now=now)
    return _text(chat, update, known, now=now)


def unlinked(chat: Chat) -> Chat:
    """The chat without its customer: nothing more is written there, and nothing waits."""
    return replace(chat, customer_id=None, awaited=None, early=None, linked_at=None)


def linked_since(chat: Chat) -> tuple[float, int, int]:
    """What makes one of two linked chats the newer."""
    return chat.linked_at.timestamp() if chat.linked_at else 0.0, chat.linked_by, chat.id


def _start(chat: Chat, start: Start, invitation: Invitation | None, *, by: int, now: datetime) -> Taken:
    refusal = _why_not(chat, start, invitation, now=now)
    if refusal or invitation is None:
        return chat, [Reply(refusal)], []
    moved = chat.customer_id not in {None, invitation.customer_id}
    linked = replace(unlinked(chat), customer_id=invitation.customer_id, linked_by=by, linked_at=now)
    return linked, [Reply(phrases.LINKED_ANEW if moved else phrases.LINKED)], []


def _why_not(chat: Chat, start: Start, invitation: Invitation | None, *, now: datetime) -> str:
    if not start.token:
        return phrases.ALREADY_LINKED if chat.customer_id else phrases.WELCOME
    if invitation is None:
        return phrases.LINK_UNKNOWN
    if invitation.used_by is not None:
        return phrases.LINK_USED
    return phrases.LINK_LATE if now >= invitation.expires_at else ""


def _press(chat: Chat, press: Press, known: Known, *, by: int, now: datetime) -> Taken:
    question = known.question
    if question is None or press.score is None or question.customer_id != chat.customer_id:
        return chat, [Reply(press_id=press.id, notice=phrases.BUTTON_UNKNOWN)], []
    if question.state != "open":
        return chat, [_closed(question.state, known.newest, press_id=press.id)], []
    pressed = Awaited(question.evaluation_id, question.protocol, press.score)
    if press.score == BEST_SCORE:
        done = Reply(phrases.thanks(question.protocol, press.score), press.id, phrases.RECEIVED)
        return replace(chat, awaited=_other(chat.awaited, pressed)), [done], [_answer(chat, pressed, None, now=now)]
    if chat.early and chat.early.update_id > by and not why_no_comment(chat.early.text):
        done = Reply(phrases.thanks(question.protocol, press.score), press.id)
        comment = trimmed(chat.early.text)
        return replace(chat, early=None), [done], [_answer(chat, pressed, comment, now=now)]
    return replace(chat, awaited=pressed), [Reply(phrases.reason(pressed.protocol, press.score), press.id)], []


def _closed(state: QuestionState, newest: Question | None, *, press_id: str) -> Reply:
    if newest is None:
        return Reply(press_id=press_id, notice=phrases.CLOSED[state])
    return Reply(phrases.ask(newest.protocol), press_id, phrases.CLOSED[state], asks=newest.evaluation_id)


def refused(text: str, newest: Question | None) -> Reply:
    """What the bot replies where an answer doesn't count, for the reason that `text` gives."""
    return Reply(f"{text}\n{phrases.ask(newest.protocol)}", asks=newest.evaluation_id) if newest else Reply(text)


def _other(awaited: Awaited | None, answered: Awaited) -> Awaited | None:
    return awaited if awaited and awaited.evaluation_id != answered.evaluation_id else None


def _text(chat: Chat, update: Update, known: Known, *, now: datetime) -> Taken:
    text = update.what.text if isinstance(update.what, Text) else ""
    if chat.customer_id is None:
        return chat, [Reply(phrases.WELCOME)], []
    if chat.awaited is None:
        early = Early(update.id, text) if text else chat.early
        return replace(chat, early=early), [Reply(phrases.NOTHING_ASKED)], []
    question = known.question
    if question and question.evaluation_id == chat.awaited.evaluation_id and question.state != "open":
        return replace(chat, awaited=None), [refused(phrases.CLOSED[question.state], known.newest)], []
    if why := why_no_comment(text):
        return chat, [Reply(why)], []
    thanks = Reply(phrases.thanks(chat.awaited.protocol, chat.awaited.score))
    return replace(chat, awaited=None), [thanks], [_answer(chat, chat.awaited, trimmed(text), now=now)]


def why_no_comment(text: str) -> str:
    """What to reply to a text that can't be a comment (R22); empty where it can."""
    comment = trimmed(text)
    if not is_visible(comment):
        return phrases.TEXT_NEEDED
    return phrases.too_long(len(comment) - MAX_COMMENT) if len(comment) > MAX_COMMENT else ""


def _answer(chat: Chat, awaited: Awaited, comment: str | None, *, now: datetime) -> Draft:
    return EvaluationAnswered.draft(
        at=now,
        evaluation_id=awaited.evaluation_id,
        customer_id=chat.customer_id,
        score=awaited.score,
        comment=comment,
        reply_to=str(chat.id),
    )
