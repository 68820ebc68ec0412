"""A chat with the bot: whose it is, which score waits for its comment, and what the bot replies (R22, R23)."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from contracts.message import Draft
from contracts.notifier import EvaluationAnswered
from contracts.text import is_visible, trimmed
from services.notifier.deliver.chat import phrases
from services.notifier.deliver.chat.updates import Leave, Press, Start, Text, Update, What

BEST_SCORE = 5
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
    state: QuestionState = "open"


@dataclass(frozen=True, slots=True)
class Awaited:
    """A score that was pressed and waits for its comment."""

    evaluation_id: UUID
    protocol: str
    score: int


@dataclass(frozen=True, slots=True)
class Chat:
    """One private chat; without a customer it is linked to nobody. `last_update` is the newest that took effect."""

    id: int
    customer_id: str | None = None
    awaited: Awaited | None = None
    last_update: int = 0
    linked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """What the bot does in the chat: write `text`, and answer the press `press_id` with `notice` where there is one."""

    text: str = ""
    press_id: str = ""
    notice: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known beside the chat when an update is taken: the link's token, or the question of a button."""

    invitation: Invitation | None = None
    question: Question | None = None


Taken = tuple[Chat, list[Reply], list[Draft]]


def take(chat: Chat, update: Update, known: Known, *, now: datetime) -> Taken:
    """What an update makes of the chat, what the bot replies, and what is to be announced.

    An update that is not newer than the last one changes nothing: Telegram gives them out until they are confirmed.
    """
    if update.id <= chat.last_update:
        return chat, [], []
    chat = replace(chat, last_update=update.id)
    match update.what:
        case Start() as start:
            return _start(chat, start, known.invitation, now=now)
        case Leave():
            text = phrases.LEFT if chat.customer_id else phrases.NOT_LINKED
            return unlinked(chat), [Reply(text)], []
        case Press() as press:
            return _press(chat, press, known.question, now=now)
    return _words(chat, update.what, now=now)


def unlinked(chat: Chat) -> Chat:
    """The chat without its customer: nothing more is written there, and nothing waits."""
    return replace(chat, customer_id=None, awaited=None, linked_at=None)


def _start(chat: Chat, start: Start, invitation: Invitation | None, *, now: datetime) -> Taken:
    refusal = _why_not(chat, start, invitation, now=now)
    if refusal or invitation is None:
        return chat, [Reply(refusal)], []
    moved = chat.customer_id not in {None, invitation.customer_id}
    linked = replace(chat, customer_id=invitation.customer_id, awaited=None, linked_at=now)
    return linked, [Reply(phrases.LINKED_ANEW if moved else phrases.LINKED)], []


def _why_not(chat: Chat, start: Start, invitation: Invitation | None, *, now: datetime) -> str:
    if not start.token:
        return phrases.ALREADY_LINKED if chat.customer_id else phrases.WELCOME
    if invitation is None:
        return phrases.LINK_UNKNOWN
    if invitation.used_by is not None:
        return phrases.LINK_USED
    return phrases.LINK_LATE if now >= invitation.expires_at else ""


def _press(chat: Chat, press: Press, question: Question | None, *, now: datetime) -> Taken:
    foreign = question is None or question.customer_id != chat.customer_id
    if question is None or press.score is None or foreign:
        return chat, [Reply(press_id=press.id, notice=phrases.BUTTON_UNKNOWN)], []
    if question.state != "open":
        return chat, [Reply(press_id=press.id, notice=phrases.CLOSED[question.state])], []
    if press.score == BEST_SCORE:
        done = Reply(phrases.thanks(question.protocol, press.score), press.id, phrases.RECEIVED)
        answered = Awaited(question.evaluation_id, question.protocol, press.score)
        return replace(chat, awaited=_other(chat.awaited, answered)), [done], [_answer(chat, answered, None, now=now)]
    awaited = Awaited(question.evaluation_id, question.protocol, press.score)
    return replace(chat, awaited=awaited), [Reply(phrases.reason(awaited.protocol, press.score), press.id)], []


def _other(awaited: Awaited | None, answered: Awaited) -> Awaited | None:
    return awaited if awaited and awaited.evaluation_id != answered.evaluation_id else None


def _words(chat: Chat, what: What, *, now: datetime) -> Taken:
    if chat.customer_id is None:
        return chat, [Reply(phrases.WELCOME)], []
    if chat.awaited is None:
        return chat, [Reply(phrases.NOTHING_ASKED)], []
    comment = trimmed(what.text) if isinstance(what, Text) else ""
    if not is_visible(comment):
        return chat, [Reply(phrases.WORDS_NEEDED)], []
    if len(comment) > MAX_COMMENT:
        return chat, [Reply(phrases.too_long(len(comment) - MAX_COMMENT))], []
    thanks = Reply(phrases.thanks(chat.awaited.protocol, chat.awaited.score))
    return replace(chat, awaited=None), [thanks], [_answer(chat, chat.awaited, comment, now=now)]


def _answer(chat: Chat, awaited: Awaited, comment: str | None, *, now: datetime) -> Draft:
    return EvaluationAnswered.draft(
        at=now,
        evaluation_id=awaited.evaluation_id,
        customer_id=chat.customer_id,
        score=awaited.score,
        comment=comment,
        reply_to=str(chat.id),
    )
