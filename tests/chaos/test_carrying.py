"""The properties of push and of chats: what contradicts each of them, and what doesn't."""

import json
from uuid import UUID, uuid4, uuid5

from tests.chaos import carrying, expected
from tests.chaos.case import Case
from tests.chaos.evidence import REPLY, Document, Evidence, Mail, Pushed, Written
from tests.chaos.history import Answered, History, Said
from tests.chaos.provider import Customer

CHAT = 700_001
ANA = Customer("ana", "ana@chaos.test", has_device=True, chat=CHAT)
QUESTION, OPENING = UUID(int=9), str(uuid4())
TEXT = "Atendimento aberto\nProtocolo 1"
OPENED = expected.told_as(OPENING, expected.OPENED)
REQUEST = uuid4()

SAID = Said(
    *(0.0, expected.OPENED, OPENING, "2026-01-05T12:00:00+00:00", "t1"),
    {"ticket_id": "t1", "customer_id": "ana", "notification_level": "all"},
)


def a_delivery(event_id: UUID, channel: str, state: str = "sent", **more: object) -> Document:
    about = {"event_id": event_id, "type": expected.OPENED}
    common = {"about": about, "recipient": "customer", "customer_id": "ana", "template": "x", "reason": None}
    return {"_id": uuid5(event_id, f"customer:{channel}"), "channel": channel, "state": state, **common, **more}


def opened(*, push: str = "sent", telegram: str = "sent") -> list[Document]:
    """The deliveries of the opening, one a channel."""
    inbox = a_delivery(OPENED, "inbox", title=TEXT.partition("\n")[0], body=TEXT.partition("\n")[2])
    return [inbox, a_delivery(OPENED, "push", push), a_delivery(OPENED, "telegram", telegram)]


def pushed(times: int = 1, *, about: UUID = OPENED) -> Pushed:
    return Pushed("ana", carrying.topic_of(uuid5(about, "customer:push")), times)


def case(*records: object, customer: Customer = ANA, **evidence: object) -> Case:
    history = History()
    history.records.extend([SAID, *records])
    return Case.of(history, Evidence(**evidence), {"ana": customer})  # type: ignore[arg-type]


def asked(*told: Document, answer: Document | None = None, withdrawn: bool = False) -> Document:
    """An evaluation and the events of it, the request first."""
    request = event(expected.ASKED, event_id=REQUEST, evaluation_id=str(QUESTION), customer_id="ana")
    state = {"answer": answer, "withdrawn": withdrawn, "expired": False}
    return {"_id": QUESTION, "ticket_id": "t1", "cycle": 1, "told": [request, *told], **state}


def event(kind: str, *, event_id: UUID | None = None, **body: object) -> Document:
    number = event_id or uuid4()
    return {"event_id": number, "type": kind, "body": json.dumps({"event_id": str(number), **body}).encode()}


def test_r18_a_message_about_a_step_arrives_once_on_a_device_and_a_request_may_come_again() -> None:
    def violations(*arrived: Pushed) -> int:
        return len(list(carrying.pushes_at_most_once(case(pushed=list(arrived), evaluations=[asked()]))))

    assert violations() == 0
    assert violations(pushed(), pushed(2, about=REQUEST)) == 0
    assert violations(pushed(2)) == 1
    assert violations(pushed(about=uuid4())) == 1


def test_r18_a_text_about_a_step_is_written_once_in_a_chat() -> None:
    def violations(*texts: str, telegram: str = "sent") -> int:
        written = [Written(CHAT, text) for text in texts]
        return len(list(carrying.chats_at_most_once(case(written=written, deliveries=opened(telegram=telegram)))))

    assert violations(TEXT, "Obrigado!", "Obrigado!") == 0
    assert violations(TEXT, telegram="unknown") == 0
    assert violations(TEXT, TEXT) == 1
    assert violations(TEXT, telegram="failed") == 1


def test_what_is_noted_as_sent_is_there_and_what_is_unknown_may_be_missing() -> None:
    def violations(*arrived: Pushed, texts: tuple[str, ...] = (), **states: str) -> int:
        written = [Written(CHAT, text) for text in texts]
        found = case(pushed=list(arrived), written=written, deliveries=opened(**states))
        return len(list(carrying.sent_has_arrived(found)))

    assert violations(pushed(), texts=(TEXT,)) == 0
    assert violations(push="unknown", telegram="unknown") == 0
    assert violations(texts=(TEXT,)) == 1
    assert violations(pushed()) == 1


def test_r16_a_question_is_somewhere_beside_the_inbox_unless_it_is_withdrawn_or_came_too_late() -> None:
    def violations(evaluation: Document, customer: Customer = ANA, **evidence: object) -> int:
        found = case(evaluations=[evaluation], customer=customer, **evidence)
        return len(list(carrying.questions_reach_somebody(found)))

    answer: Document = {"score": 5, "comment": None}
    too_late = {"event_id": REQUEST, "channel": "push", "verdict": "skip", "reason": "evaluation answered"}
    by_mail = Mail(0.0, str(uuid5(REQUEST, "customer:email")), "ana@chaos.test")
    assert violations(asked()) == 1
    assert violations(asked(answer=answer)) == 1
    assert violations(asked(answer=answer), notified_tickets=[{"decisions": [too_late]}]) == 0
    assert violations(asked(), notified_tickets=[{"decisions": [too_late]}]) == 1
    assert violations(asked(withdrawn=True)) == 0
    assert violations(asked(), pushed=[pushed(about=REQUEST)]) == 0
    assert violations(asked(), written=[Written(CHAT, "Avalie", asks=str(QUESTION))]) == 0
    assert violations(asked(), mails=[by_mail]) == 0
    assert violations(asked(), Customer("ana", None)) == 0


def test_r16_a_mail_is_expected_in_the_place_of_channels_that_failed_and_of_no_other() -> None:
    def mails(**states: str) -> int:
        deliveries = [a_delivery(REQUEST, channel, state) for channel, state in states.items()]
        found = case(evaluations=[asked()], deliveries=deliveries)
        return sum(one.channel == "email" and one.type == expected.ASKED for one in found.notices)

    assert mails(push="sent", telegram="sent") == 0
    assert mails(push="failed", telegram="sent") == 0
    assert mails(push="failed", telegram="failed") == 1


def test_r24_an_answer_in_a_chat_is_recorded_once_or_another_came_first() -> None:
    given = Answered(0.0, str(QUESTION), "ana", 2, "Demorou")
    recorded: Document = {"score": 2, "comment": "Demorou"}

    def violations(evaluation: Document, *records: object, replies: int = 3) -> int:
        deliveries = [a_delivery(uuid4(), "telegram", template=REPLY) for _ in range(replies)]
        found = case(*records, evaluations=[evaluation], deliveries=deliveries)
        return len(list(carrying.chat_answers_are_recorded_once(found)))

    def submitted(score: int, channel: str = "telegram") -> Document:
        about = str(QUESTION)
        return event(carrying.SUBMITTED, evaluation_id=about, score=score, comment="Demorou", channel=channel)

    refused = event(carrying.REFUSED, customer_id="ana", evaluation_id=str(QUESTION))
    assert violations(asked(submitted(2), answer=recorded), given) == 0
    assert violations(asked(submitted(4, "sac_plus"), refused, answer=recorded), given, replies=4) == 0
    assert violations(asked(withdrawn=True), given) == 0
    assert violations(asked(), given) == 1
    assert violations(asked(submitted(4), answer=recorded), given) == 1
    assert violations(asked(submitted(2), answer=recorded), given, replies=4) == 1
