"""The properties of push and of chats: what arrives there, and what is answered there (R16, R18, R23, R24)."""

import base64
import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterator
from uuid import UUID, uuid5

from tests.chaos import expected, turning
from tests.chaos.case import Case
from tests.chaos.evidence import REPLY, Document, announced
from tests.chaos.expected import Notice

SUBMITTED = "EvaluationSubmitted.v1"
REFUSED = "EvaluationRefused.v1"

_GONE_OUT = {"sent", "unknown"}
"""How a delivery ends that may have arrived."""

_TOPIC_BYTES = 24


def topic_of(notification_id: UUID) -> str:
    """The topic of a push message: a hash of its notification's id."""
    return base64.urlsafe_b64encode(hashlib.sha256(notification_id.bytes).digest()[:_TOPIC_BYTES]).decode()


def pushes_at_most_once(case: Case) -> Iterator[str]:
    """Nothing arrives on a device that isn't meant for it, and no message about a ticket's steps arrives twice."""
    wanted = {(one.customer_id, topic_of(one.id)): one for one in _notices(case, "push")}
    for pushed in case.evidence.pushed:
        notice = wanted.get((pushed.customer_id, pushed.topic))
        if notice is None:
            yield f"{pushed} is about nothing that happened"
        elif notice.type != expected.ASKED and pushed.times > 1:
            yield f"{notice} arrived {pushed.times} times"


def chats_at_most_once(case: Case) -> Iterator[str]:
    """What is written in a chat about a ticket's steps is written there once."""
    texts = _texts(case)
    for customer in case.customers.values():
        gone_out = Counter(
            texts.get(one.event_id)
            for one in _notices(case, "telegram")
            if one.customer_id == customer.id and one.type != expected.ASKED and _state(case, one) in _GONE_OUT
        )
        arrived = Counter(one.text for one in case.evidence.written if one.chat == customer.chat and one.asks is None)
        for text, times in arrived.items():
            # what the bot writes by itself is no text of a notification
            if text in texts.values() and times > gone_out[text]:
                yield f"{customer.id} was written {times} times what should have been {gone_out[text]}: {text!r}"


def sent_has_arrived(case: Case) -> Iterator[str]:
    """What is noted as sent is on the device, or in the chat."""
    pushed = {(one.customer_id, one.topic) for one in case.evidence.pushed}
    for notice in _notices(case, "push"):
        if _state(case, notice) == "sent" and (notice.customer_id, topic_of(notice.id)) not in pushed:
            yield f"{notice} is noted as sent and never arrived"
    texts, written = _texts(case), Counter((one.chat, one.text) for one in case.evidence.written)
    sent: Counter[tuple[int | None, str]] = Counter()
    for notice in _notices(case, "telegram"):
        if _state(case, notice) == "sent" and notice.event_id in texts:
            sent[case.customers[notice.customer_id].chat, texts[notice.event_id]] += 1
    for (chat, text), times in sent.items():
        if written[chat or 0, text] < times:
            yield f"chat {chat} lacks what is noted as sent {times} times: {text!r}"


def questions_reach_somebody(case: Case) -> Iterator[str]:
    """A question is on its customer's device, in their chat or, in the place of both, in a mail (R16)."""
    pushed = {(one.customer_id, one.topic) for one in case.evidence.pushed}
    mails = {mail.message_id for mail in case.evidence.mails}
    withdrawn = {str(one["_id"]) for one in case.evidence.evaluations if one.get("withdrawn")}
    late = {event_id for event_id, _ in turning.answered_before(case.evidence)}
    for event in announced(case.evidence.evaluations, expected.ASKED):
        customer, event_id = case.customers[event["customer_id"]], UUID(event["event_id"])
        by_push = (customer.id, topic_of(uuid5(event_id, "customer:push"))) in pushed
        in_chat = any((customer.chat, event["evaluation_id"]) == (one.chat, one.asks) for one in case.evidence.written)
        by_mail = str(uuid5(event_id, "customer:email")) in mails
        can_be_reached = customer.email or len(customer.channels) > 1
        needed = can_be_reached and event["evaluation_id"] not in withdrawn and event_id not in late
        if needed and not (by_push or in_chat or by_mail):
            yield f"{customer.id} was asked for evaluation {event['evaluation_id']} nowhere but in the inbox"


def chat_answers_are_recorded_once(case: Case) -> Iterator[str]:
    """An answer given in a chat is recorded, or another came first; and whatever a customer does there counts once."""
    kept = {str(one["_id"]): one for one in case.evidence.evaluations}
    given = {(one.evaluation_id, one.score, one.comment) for one in case.answered}
    for one in case.answered:
        evaluation = kept.get(one.evaluation_id)
        if evaluation is None or not (evaluation["answer"] or evaluation.get("withdrawn") or evaluation["expired"]):
            yield f"{one} was recorded nowhere"
    for event in announced(case.evidence.evaluations, SUBMITTED):
        as_recorded = event["evaluation_id"], event["score"], event["comment"]
        if event["channel"] == "telegram" and as_recorded not in given:
            yield f"evaluation {event['evaluation_id']} is answered in a chat as nobody answered it"
    yield from _replied(case)


def _replied(case: Case) -> Iterator[str]:
    # what a customer does leads to one reply each: a start link, a press, a comment; and so does a refused answer
    done: dict[str, int] = defaultdict(int)
    for customer in case.customers.values():
        done[customer.id] += customer.chat is not None
    for one in case.answered:
        done[one.customer_id] += 1 if one.comment is None else 2
    for event in announced(case.evidence.evaluations, REFUSED):
        done[event["customer_id"]] += 1
    replies = Counter(one["customer_id"] for one in case.evidence.deliveries if one["template"] == REPLY)
    for customer_id, times in replies.items():
        if times > done[customer_id]:
            yield f"the bot replied {times} times to the {done[customer_id]} things that {customer_id} did"


def _notices(case: Case, channel: str) -> list[Notice]:
    return [one for one in case.notices if one.channel == channel]


def _state(case: Case, notice: Notice) -> str | None:
    return case.states.get(notice.id)


def _texts(case: Case) -> dict[UUID, str]:
    """What is written in a chat of an event: what the inbox says of it, title and body."""
    return {
        UUID(str(one["about"]["event_id"])): _text(one)
        for one in case.evidence.deliveries
        if one["channel"] == "inbox" and one.get("title")
    }


def _text(item: Document) -> str:
    return f"{item['title']}\n{item['body']}"
