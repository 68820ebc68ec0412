"""The chat with the bot: linking, and the evaluation that is answered there (R22, R23)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.notifier import EvaluationAnswered
from services.notifier.deliver.chat import phrases
from services.notifier.deliver.chat.domain import TAKEN_AT_MOST, Awaited, Chat, Invitation, Known, Question, Reply, take
from services.notifier.deliver.chat.updates import Leave, Press, Start, Text, Update, What, Wordless, button_data, read

NOW = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
FIRST, SECOND = UUID(int=1), UUID(int=2)
ASKED = Question(FIRST, "1001", "20260105000001")
ASKED_AGAIN = Question(SECOND, "1001", "20260105000002")
LINKED = Chat(7, "1001")
INVITATION = Invitation("token", "1001", NOW + timedelta(minutes=15))


def after(
    chat: Chat, what: What, known: Known | None = None, *, update: int = 1
) -> tuple[Chat, list[Reply], list[object]]:
    changed, replies, drafts = take(chat, Update(update, chat.id, what), known or Known(), now=NOW)
    return changed, replies, list(drafts)


def answer(score: int, comment: str | None, *, of: UUID = FIRST) -> object:
    return EvaluationAnswered.draft(
        at=NOW, evaluation_id=of, customer_id="1001", score=score, comment=comment, reply_to="7"
    )


def test_a_start_link_links_the_chat_to_its_customer() -> None:
    chat, replies, _ = after(Chat(7), Start("token"), Known(INVITATION))

    assert chat.customer_id == "1001"
    assert replies == [Reply(phrases.LINKED)]


@pytest.mark.parametrize(
    ("invitation", "reply"),
    [
        (None, phrases.LINK_UNKNOWN),
        (replace(INVITATION, used_by=7), phrases.LINK_USED),
        (replace(INVITATION, used_by=8), phrases.LINK_USED),
        (replace(INVITATION, expires_at=NOW), phrases.LINK_LATE),
    ],
)
def test_a_link_that_is_unknown_used_or_late_says_so(invitation: Invitation | None, reply: str) -> None:
    chat, replies, _ = after(Chat(7), Start("token"), Known(invitation))

    assert chat.customer_id is None
    assert replies == [Reply(reply)]


def test_of_two_customers_the_newer_wins_and_it_is_said() -> None:
    chat, replies, _ = after(Chat(7, "1002"), Start("token"), Known(INVITATION))

    assert chat.customer_id == "1001"
    assert replies == [Reply(phrases.LINKED_ANEW)]


def test_leaving_unlinks_and_forgets_what_was_waited_for() -> None:
    chat, replies, _ = after(replace(LINKED, awaited=Awaited(FIRST, "p", 2)), Leave())

    assert (chat.customer_id, chat.awaited) == (None, None)
    assert replies == [Reply(phrases.LEFT)]


def test_r23_five_is_recorded_at_once() -> None:
    chat, replies, announced = after(LINKED, Press("press", FIRST, 5), Known(question=ASKED))

    assert announced == [answer(5, None)]
    assert chat.awaited is None
    assert replies == [Reply(phrases.thanks(ASKED.protocol, 5), "press", phrases.RECEIVED)]


@pytest.mark.parametrize("score", [1, 2, 3, 4])
def test_r22_below_five_the_next_text_is_the_comment(score: int) -> None:
    asked, replies, announced = after(LINKED, Press("press", FIRST, score), Known(question=ASKED))
    assert announced == []
    assert replies == [Reply(phrases.reason(ASKED.protocol, score), "press")]

    chat, _, announced = after(asked, Text(" Demorou \u200b"), update=2)

    assert announced == [answer(score, "Demorou")]
    assert chat.awaited is None


@pytest.mark.parametrize(
    ("what", "reply"),
    [
        (Wordless(), phrases.TEXT_NEEDED),
        (Text("\u3164 \u200b"), phrases.TEXT_NEEDED),
        (Text("x" * 2001), phrases.too_long(1)),
    ],
)
def test_r22_what_can_not_be_a_comment_is_asked_for_again(what: What, reply: str) -> None:
    waiting = replace(LINKED, awaited=Awaited(FIRST, "p", 2))

    chat, replies, announced = after(waiting, what)

    assert chat.awaited == waiting.awaited
    assert replies == [Reply(reply)]
    assert announced == []


def test_r23_a_second_evaluation_does_not_mix_with_the_one_that_waits() -> None:
    waiting, _, _ = after(LINKED, Press("a", FIRST, 2), Known(question=ASKED))

    also_answered, _, announced = after(waiting, Press("b", SECOND, 5), Known(question=ASKED_AGAIN), update=2)
    assert announced == [answer(5, None, of=SECOND)]

    _, _, announced = after(also_answered, Text("Demorou"), update=3)
    assert announced == [answer(2, "Demorou")]


def test_the_newest_press_is_the_one_that_the_comment_is_for() -> None:
    waiting, _, _ = after(LINKED, Press("a", FIRST, 2), Known(question=ASKED))
    corrected, _, _ = after(waiting, Press("b", FIRST, 3), Known(question=ASKED), update=2)

    _, _, announced = after(corrected, Text("Demorou"), update=3)

    assert announced == [answer(3, "Demorou")]


@pytest.mark.parametrize("state", ["answered", "expired", "withdrawn"])
def test_a_press_on_an_old_button_gets_a_visible_answer(state: str) -> None:
    closed = replace(ASKED, state=state)  # type: ignore[arg-type]

    _, replies, announced = after(LINKED, Press("press", FIRST, 5), Known(question=closed))

    assert replies == [Reply(press_id="press", notice=phrases.CLOSED[state])]
    assert announced == []


@pytest.mark.parametrize("question", [None, replace(ASKED, customer_id="1002")])
def test_a_foreign_or_unknown_button_is_answered_and_records_nothing(question: Question | None) -> None:
    _, replies, announced = after(LINKED, Press("press", FIRST, 5), Known(question=question))

    assert replies == [Reply(press_id="press", notice=phrases.BUTTON_UNKNOWN)]
    assert announced == []


def test_an_update_that_comes_again_does_nothing() -> None:
    chat, _, _ = after(LINKED, Press("press", FIRST, 5), Known(question=ASKED), update=9)

    assert after(chat, Press("press", FIRST, 5), Known(question=ASKED), update=9) == (chat, [], [])


def test_a_chat_remembers_as_many_updates_as_it_needs_and_takes_none_that_is_older() -> None:
    chat = LINKED
    for number in range(1000, 1300):
        chat, _, _ = after(chat, Text("oi"), update=number)

    assert len(chat.taken) == TAKEN_AT_MOST
    assert after(chat, Text("oi"), update=1100) == (chat, [], [])


def test_a_press_that_comes_after_its_comment_is_answered_with_it() -> None:
    chat, replies, announced = after(LINKED, Text("Demorou"), update=11)
    assert (replies, announced) == ([Reply(phrases.NOTHING_ASKED)], [])

    _, replies, announced = after(chat, Press("press", FIRST, 2), Known(question=ASKED), update=10)

    assert announced == [answer(2, "Demorou")]
    assert replies == [Reply(phrases.thanks(ASKED.protocol, 2), "press")]


def test_a_text_from_before_the_press_is_no_comment() -> None:
    chat, _, _ = after(LINKED, Text("Bom dia"), update=9)

    _, _, announced = after(chat, Press("press", FIRST, 2), Known(question=ASKED), update=10)

    assert announced == []


def test_who_left_stays_away_where_the_start_before_it_comes_late() -> None:
    left, _, _ = after(LINKED, Leave(), update=11)

    assert after(left, Start("token"), Known(INVITATION), update=10)[0].customer_id is None


def test_r21_a_withdrawn_button_leads_to_the_newest_open_question() -> None:
    withdrawn = replace(ASKED, state="withdrawn")
    known = Known(question=withdrawn, newest=replace(ASKED, evaluation_id=SECOND, cycle=2))

    _, replies, announced = after(LINKED, Press("press", FIRST, 5), known)

    assert replies == [Reply(phrases.ask(ASKED.protocol), "press", phrases.CLOSED["withdrawn"], asks=SECOND)]
    assert announced == []


@pytest.mark.parametrize(
    ("raw", "update"),
    [
        ({"update_id": 1, "message": {"chat": {"id": 7, "type": "private"}, "text": "/start abc"}}, Start("abc")),
        ({"update_id": 1, "message": {"chat": {"id": 7}, "text": "/sair@AtendoBot"}}, Leave()),
        ({"update_id": 1, "message": {"chat": {"id": 7}, "sticker": {}}}, Wordless()),
        ({"update_id": 1, "edited_message": {"chat": {"id": 7}, "text": "oi"}}, Wordless()),
        (
            {"update_id": 1, "callback_query": {"id": "p", "from": {"id": 7}, "data": button_data(FIRST, 4)}},
            Press("p", FIRST, 4),
        ),
        ({"update_id": 1, "callback_query": {"id": "p", "from": {"id": 7}, "data": "other"}}, Press("p", None, None)),
    ],
)
def test_an_update_is_read(raw: dict[str, object], update: What) -> None:
    assert read(raw) == Update(1, 7, update)


@pytest.mark.parametrize(
    "raw",
    [
        {},
        {"update_id": "x"},
        {"update_id": 1, "poll": {}},
        {"update_id": 1, "message": {"chat": {"id": -5, "type": "group"}, "text": "oi"}},
        {"update_id": 1, "message": []},
        {"update_id": 1, "callback_query": {"id": "p", "from": {"id": 7}, "data": "e:zz:4"}},
    ],
)
def test_what_is_not_for_us_is_left_out(raw: dict[str, object]) -> None:
    assert read(raw) is None


def test_what_a_button_carries_fits_telegrams_limit() -> None:
    assert len(button_data(FIRST, 5).encode()) <= 64


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
PARTS = st.fixed_dictionaries(
    {},
    optional={
        name: JSON | st.fixed_dictionaries({"id": JSON, "chat": JSON, "from": JSON, "text": JSON, "data": JSON})
        for name in ("update_id", "message", "edited_message", "callback_query")
    },
)


@given(PARTS, st.integers() | JSON)
def test_whatever_comes_is_read_or_left_out_and_can_be_stored(raw: dict[str, object], number: object) -> None:
    update = read({**raw, "update_id": number})

    if update is not None:
        assert max(abs(update.id), abs(update.chat_id)) < 2**63


@given(st.lists(st.sampled_from(["press 2", "press 5", "again 3", "words", "sticker", "leave", "start"]), max_size=8))
def test_r18_r24_each_press_is_answered_once_at_most_whatever_is_done_and_repeated(steps: list[str]) -> None:
    done: dict[str, tuple[What, Known]] = {
        "press 2": (Press("a", FIRST, 2), Known(question=ASKED)),
        "press 5": (Press("b", FIRST, 5), Known(question=ASKED)),
        "again 3": (Press("c", SECOND, 3), Known(question=ASKED_AGAIN)),
        "words": (Text("Demorou"), Known()),
        "sticker": (Wordless(), Known()),
        "leave": (Leave(), Known()),
        "start": (Start("token"), Known(INVITATION)),
    }
    chat, answers = LINKED, 0
    for number, step in enumerate(steps, start=1):
        what, known = done[step]
        chat, replies, announced = after(chat, what, known, update=number)
        again = after(chat, what, known, update=number)
        answers += len(announced)
        assert again == (chat, [], [])
        assert len(announced) <= 1
        assert len(replies) == 1
    assert answers <= sum(step.startswith(("press", "again")) for step in steps)
