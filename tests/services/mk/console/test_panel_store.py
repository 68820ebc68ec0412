"""The Painel's pages come from an index, whatever is filtered and searched; stored tickets have what they need."""

from collections.abc import AsyncIterator
from datetime import timedelta
from itertools import pairwise
from typing import Any
from uuid import NAMESPACE_OID, uuid4, uuid5

import pytest
import pytest_asyncio

from chassis.persistence import mongo
from chassis.persistence.mongo import Database
from chassis.settings import Settings
from contracts import tickets
from contracts.message import Message
from mk.domain import listing
from mk.domain.listing import Position, Selection, view
from mk.domain.ticket import Ticket
from mk.migrations import STEPS
from mk.panel_store import TERMS, VIEWS, MongoPanel
from mk.ticket_documents import document_of
from tests.system import LONG_AGO, emitted

SECTORS = ("tecnico", "financeiro", "comercial")
PENDING, CLOSED = view("pending", "", "", ""), view("closed", "", "")
OLD_FIELDS = ("story", "protocol", "customer_id", "status", "latest_at")


def events(number: int) -> list[Message]:
    at = LONG_AGO + timedelta(minutes=number // 2)
    of = {"ticket_id": f"t{number:04}", "protocol": f"20260105{number:06}", "customer_id": f"c{number % 7}"}
    opening = emitted(
        tickets.TicketOpened,
        at=at,
        **of,
        origin="contact" if number % 2 else "operator",
        contact_id=uuid5(NAMESPACE_OID, str(number)) if number % 2 else None,
        sector_id=SECTORS[number % 3],
        process_from="none",
        classification_from="none",
        notification_level=("none", "start_end", "all")[number % 3],
        complaint=f"Internet lenta, caso {number}" + (" à noite" if number % 10 == 0 else ""),
        opened_at=at,
    )
    if number % 4:
        return [opening]
    closing = emitted(
        tickets.TicketClosed,
        at=at + timedelta(hours=1),
        **of,
        notification_level="all",
        version=2,
        closed_at=at + timedelta(hours=1),
        closed_by="Bruno",
        request_evaluation=number % 8 == 0,
        cycle=1,
    )
    return [opening, closing]


@pytest_asyncio.fixture
async def database(mongo_url: str, database_prefix: str) -> AsyncIterator[Database]:
    """Give a database of the last release with 400 tickets, after the migrations."""
    client = mongo.connect(Settings.model_validate({"mongo_url": mongo_url}))
    database = mongo.database(client, f"{database_prefix}mk")
    documents = []
    for number in range(400):
        document = document_of(Ticket(f"t{number:04}", tuple(events(number))))
        kept = {name: document[name] for name in OLD_FIELDS}
        documents.append({"_id": f"t{number:04}", "version": 1, **kept})
    await database["tickets"].insert_many(documents)
    for step in STEPS:
        await step(database)
    yield database
    await mongo.close(client)


@pytest.fixture
def panel(database: Database) -> MongoPanel:
    """Give the store of the Painel."""
    return MongoPanel(database)


def searching(text: str, *, view_name: str = PENDING, customers: tuple[str, ...] = ()) -> Selection:
    of = tuple(listing.of_customer("pending", one) for one in customers)
    return Selection(view_name, tuple(listing.searched("pending", text)), of)


SELECTIONS = {
    "all": (Selection(PENDING), VIEWS),
    "closed": (Selection(CLOSED), VIEWS),
    "filtered": (Selection(view("pending", "tecnico", "none", "mk")), VIEWS),
    "waiting": (Selection(view("closed", "tecnico", "waiting")), VIEWS),
    "of a period": (Selection(CLOSED, since=LONG_AGO + timedelta(hours=2)), VIEWS),
    "protocol": (searching("20260105 0003"), TERMS),
    "one word": (searching("INTERNET"), TERMS),
    "words": (searching("internet à noite"), TERMS),
    "words or a customer": (searching("maria", customers=("c1", "c2")), TERMS),
    "words in a sector": (searching("internet noite", view_name=view("pending", "tecnico", "", "")), TERMS),
}


def stages(plan: dict[str, Any]) -> list[str]:
    inner = [plan["inputStage"]] if "inputStage" in plan else plan.get("inputStages", [])
    return [plan["stage"], *(stage for one in inner for stage in stages(one))]


def indexes(plan: dict[str, Any]) -> set[str]:
    inner = [plan["inputStage"]] if "inputStage" in plan else plan.get("inputStages", [])
    return {plan["indexName"]} if "indexName" in plan else {name for one in inner for name in indexes(one)}


@pytest.mark.parametrize("name", SELECTIONS)
@pytest.mark.parametrize("turned", [False, True], ids=["first", "behind a line"])
async def test_every_page_is_read_from_one_index_in_its_order(panel: MongoPanel, name: str, *, turned: bool) -> None:
    selection, index = SELECTIONS[name]
    place: dict[str, Any] = {}
    if turned:
        place = {"listed_at": {"$lte": LONG_AGO + timedelta(hours=2)}, "$or": [{"_id": {"$lt": "t0100"}}]}

    query, by = await panel.query(selection, place)
    cursor = panel.tickets.find(query).sort([("listed_at", -1), ("_id", -1)]).limit(51).hint(by)
    plan = (await cursor.explain())["queryPlanner"]["winningPlan"]

    assert indexes(plan) == {index}
    assert {"COLLSCAN", "SORT"} & set(stages(plan)) == set()


async def test_pages_follow_each_other_without_gap_or_repetition(panel: MongoPanel) -> None:
    seen, position = [], None
    while True:
        page = await panel.page(Selection(PENDING), position, size=70)
        seen += [one.line for one in page.lines]
        if not page.has_older:
            break
        position = Position(seen[-1].listed_at, seen[-1].ticket_id)

    assert len({one.ticket_id for one in seen}) == len(seen) == 300
    assert all((one.listed_at, one.ticket_id) > (two.listed_at, two.ticket_id) for one, two in pairwise(seen))


async def test_the_page_before_is_the_one_that_one_came_from(panel: MongoPanel) -> None:
    first = await panel.page(Selection(PENDING), None, size=20)
    last = first.lines[-1].line
    second = await panel.page(Selection(PENDING), Position(last.listed_at, last.ticket_id), size=20)
    top = second.lines[0].line

    back = await panel.page(Selection(PENDING), Position(top.listed_at, top.ticket_id, is_before=True), size=20)

    assert back.lines == first.lines
    assert (first.has_newer, first.has_older, back.has_newer, back.has_older) == (False, True, False, True)
    assert (second.has_newer, second.has_older) == (True, True)


@pytest.mark.parametrize(
    ("selection", "numbers"),
    [
        (searching("2026010500001"), range(10, 20)),
        (searching("noite CASO lenta"), range(0, 400, 10)),
        (searching("caso 33"), [33]),
        (searching("nada", customers=("c3",)), range(3, 400, 7)),
        (Selection(view("pending", "financeiro", "start_end", "app")), range(1, 400, 6)),
    ],
    ids=["protocol", "words", "word and number", "customer", "filters"],
)
async def test_what_is_sought_is_found_among_the_pending(
    panel: MongoPanel, selection: Selection, numbers: list[int]
) -> None:
    expected = {f"t{number:04}" for number in numbers if number % 4}

    page = await panel.page(selection, None, size=400)

    assert {one.line.ticket_id for one in page.lines} == expected
    assert await panel.count(selection, limit=1001) == len(expected)


async def test_r26_closed_tickets_are_filtered_by_the_state_of_their_evaluation(panel: MongoPanel) -> None:
    counts = [await panel.count(Selection(view("closed", "", one)), limit=1001) for one in ("not_asked", "waiting")]

    assert counts == [50, 50]
    assert await panel.count(Selection(CLOSED), limit=70) == 70


async def test_newer_lines_are_counted(panel: MongoPanel) -> None:
    newest = (await panel.page(Selection(PENDING), None, size=4)).lines[-1].line.listed_at

    assert await panel.count(Selection(PENDING), limit=1001, newer_than=newest) == 3


async def test_a_ticket_that_changed_has_another_version(panel: MongoPanel) -> None:
    await panel.tickets.update_one({"_id": "t0001"}, {"$inc": {"version": 1}})

    [changed] = await panel.changed({"t0001": 1, "t0002": 1, str(uuid4()): 1})

    assert (changed.line.ticket_id, changed.version, changed.line.origin) == ("t0001", 2, "app")


async def test_the_migration_may_run_again_and_changes_nothing_then(database: Database) -> None:
    before = [one async for one in database["tickets"].find()]
    for step in STEPS:
        await step(database)

    assert [one async for one in database["tickets"].find()] == before
    assert all("views" in one for one in before)
