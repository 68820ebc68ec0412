"""Each user of the broker, on a real one: what it may do, tried one by one, and that it may do nothing else."""

from collections.abc import Iterator, Mapping
from uuid import uuid4

import aio_pika
import httpx2
import pytest
from aio_pika.exceptions import ProbableAuthenticationError

from contracts import rights, topology
from contracts.catalogue import all_requests, messages
from tests.deploy import attempts
from tests.deploy.logins import Login, logins, management
from tests.infra import Broker

Users = Mapping[str, Login]

A_REPLY = "edge.replies.5cb31421-a3c7-4656-859a-4f7c515a6736"
A_REPLY_TO_MK = "mk.replies.5cb31421-a3c7-4656-859a-4f7c515a6736"
SERVICES = ("contacts", "tickets", "notifier", "feedback")
PUBLISHERS = ("edge", *SERVICES, "mk")
EXCHANGES = ("", *topology.EXCHANGES, "amq.topic", "amq.direct", "amq.fanout", "amq.headers")
QUEUES = tuple(queue.name for queue in topology.queues())
ASKED = {request.queue() for request in all_requests()}
KEYS = (
    *(message.routing_key() for message in messages()),
    *(f"{name}.made_up.v1" for name in PUBLISHERS),
    *QUEUES,
    *(f"{rung}.{queue}" for rung in ("5s", "3600s") for queue in QUEUES if ".retry." not in queue),
    *(f"dead.{name}" for name in topology.LISTENS),
    *(A_REPLY, A_REPLY_TO_MK, "edge.replies.#", "#", ""),
)

CONSUMES = {
    "edge": set(),
    "contacts": {"contacts", "contacts.commands", "contacts.queries"},
    "tickets": {"tickets", "tickets.queries"},
    "notifier": {f"notifier{kind}" for kind in ("", ".commands", ".queries", ".email", ".inbox", ".push", ".telegram")},
    "feedback": {"feedback", "feedback.commands", "feedback.queries"},
    "mk": {"mk"},
}
OWN_QUERIES = {name: {f"{name}.queries"} if name in SERVICES else set() for name in PUBLISHERS}


@pytest.fixture(scope="module")
def everyone(broker: Broker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Users]:
    """Give every user's login on one virtual host, for tests that look at rights alone: those come before what is."""
    vhost = f"test-{uuid4().hex[:12]}"
    with logins(broker, broker.make_vhost(vhost), tmp_path_factory.mktemp("passwords")) as found:
        yield found
    broker.drop_vhost(vhost)


def stated(user: str) -> set[tuple[str, str]]:
    """What a user may publish, as (exchange, key)."""
    if user == "edge":
        return {("requests", queue) for queue in ASKED}
    speaks = "mk" if user == "mk" else "atendo"
    comes_back = CONSUMES[user] - OWN_QUERIES[user]
    return {
        *((speaks, key) for key in KEYS if key.startswith(f"{user}.")),
        *(("retry", f"{rung}.{queue}") for rung in ("5s", "3600s") for queue in comes_back),
        ("retry", f"dead.{user}"),
        *([("replies", A_REPLY), ("replies", A_REPLY_TO_MK)] if user in SERVICES else []),
        *((("requests", queue) for queue in rights.ASKED_BY_MK) if user == "mk" else ()),
    }


@pytest.mark.parametrize("user", PUBLISHERS)
async def test_a_user_publishes_what_is_its_own_to_say_and_nothing_else(everyone: Users, user: str) -> None:
    # the broker's own topic exchanges know rights for exchanges alone, not for keys
    tried = [(exchange, key) for exchange in EXCHANGES for key in (KEYS[::10] if "amq." in exchange else KEYS)]

    let = await attempts.those_allowed(everyone[user].url, tried, lambda one: attempts.publishing(*one))

    assert let == stated(user)


@pytest.mark.parametrize("user", PUBLISHERS)
@pytest.mark.parametrize("act", [attempts.consuming, attempts.getting, attempts.purging])
async def test_a_user_reads_its_own_working_queues_and_no_other(
    everyone: Users, user: str, act: attempts.ActOnQueue
) -> None:
    let = await attempts.those_allowed(everyone[user].url, QUEUES, act)

    assert let == CONSUMES[user]


@pytest.mark.parametrize("user", PUBLISHERS)
async def test_a_user_declares_and_deletes_its_queue_of_queries_and_nothing_else(everyone: Users, user: str) -> None:
    names = (*QUEUES, f"{user}.more", "more")

    declared = await attempts.those_allowed(everyone[user].url, names, attempts.redeclaring)
    deleted = await attempts.those_allowed(everyone[user].url, names, attempts.deleting_queue)

    assert (declared, deleted) == (OWN_QUERIES[user], OWN_QUERIES[user])


@pytest.mark.parametrize("user", PUBLISHERS)
async def test_a_user_declares_and_deletes_no_exchange(everyone: Users, user: str) -> None:
    names = (*topology.EXCHANGES, f"{user}.more")

    declared = await attempts.those_allowed(everyone[user].url, names, attempts.redeclaring_exchange)
    deleted = await attempts.those_allowed(everyone[user].url, names, attempts.deleting_exchange)

    assert (declared, deleted) == (set(), set())


@pytest.mark.parametrize("user", PUBLISHERS)
async def test_a_user_hears_no_more_than_it_is_meant_to(everyone: Users, user: str) -> None:
    keys = ("#", "mk.customer_saved.v1", "mk.customer_erased.v1", "tickets.ticket_opened.v1", "contacts.commands")
    keys_of = {name: keys if name != "requests" else (*keys[:-1], *ASKED) for name in topology.EXCHANGES}
    tried = [(queue, exchange, key) for queue in QUEUES for exchange, some in keys_of.items() for key in some]

    let = await attempts.those_allowed(everyone[user].url, tried, lambda one: attempts.binding(*one))

    own = {(queue, "requests", queue) for queue in OWN_QUERIES[user]}
    of_mk = {*(("mk", "atendo", key) for key in keys), ("mk", "mk", "mk.customer_erased.v1")}
    assert let == (of_mk if user == "mk" else own)


@pytest.mark.parametrize(("user", "own", "may_bind"), [("edge", A_REPLY, set()), ("mk", A_REPLY_TO_MK, {"atendo"})])
async def test_who_asks_hears_answers_to_itself_and_to_nobody_else(
    everyone: Users, user: str, own: str, may_bind: set[str]
) -> None:
    async with attempts.as_user(everyone[user].url) as connection:
        channel = await connection.channel()
        await channel.declare_queue(own, exclusive=True, auto_delete=True)
        keys = [A_REPLY, A_REPLY_TO_MK, "#", "edge.replies.#", "mk.replies.*", "contacts.commands"]
        received = {key for key in keys if await attempts.allowed(connection, attempts.binding(own, "replies", key))}
        elsewhere = [name for name in topology.EXCHANGES if name != "replies"]
        others = {name for name in elsewhere if await attempts.allowed(connection, attempts.binding(own, name, "#"))}

    assert received == {own}
    # MK may read whatever the services announce
    assert others == may_bind


async def test_a_queue_of_queries_sends_its_rejects_nowhere_that_its_owner_may_not_write(users: Users) -> None:
    async def declared(dead_letter_exchange: str) -> bool:
        arguments = {"x-dead-letter-exchange": dead_letter_exchange}
        async with attempts.as_user(users["contacts"].url) as connection:
            return await attempts.allowed(connection, attempts.declaring("contacts.queries", **arguments))

    assert [name for name in ("", "mk", "requests", "retried", "amq.topic") if await declared(name)] == []


@pytest.mark.parametrize("user", PUBLISHERS)
async def test_a_user_has_no_way_into_the_management(broker: Broker, everyone: Users, user: str) -> None:
    with httpx2.Client(base_url=broker.management_url, auth=everyone[user].credentials, timeout=60) as client:
        answers = {path: client.get(f"/api/{path}").status_code for path in ("overview", "users", "definitions")}

    assert set(answers.values()) == {401}


async def test_people_may_do_everything_with_messages_and_look_but_make_no_users(
    broker: Broker, everyone: Users
) -> None:
    ops = everyone["ops"]

    published = await attempts.those_allowed(ops.url, KEYS[:5], lambda key: attempts.publishing("atendo", key))
    laid = await attempts.those_allowed(ops.url, QUEUES, lambda queue: attempts.publishing("", queue))
    read = await attempts.those_allowed(ops.url, QUEUES, attempts.getting)

    assert (len(published), laid, read) == (5, set(QUEUES), set(QUEUES))
    with httpx2.Client(base_url=broker.management_url, auth=ops.credentials, timeout=60) as client:
        assert client.get("/api/overview").status_code == 200
        assert client.put("/api/users/more", json={"password": "x", "tags": ""}).status_code == 401


async def test_a_user_whose_password_was_never_set_cannot_log_in(broker: Broker, users: Users) -> None:
    name = users["contacts"].credentials[0]
    with management(broker) as client:
        nothing = {"name": name, "password_hash": "", "hashing_algorithm": "rabbit_password_hashing_sha256", "tags": []}
        client.post("/api/definitions", json={"users": [nothing]}).raise_for_status()

    for password in ("", users["contacts"].credentials[1]):
        with pytest.raises(ProbableAuthenticationError):
            await aio_pika.connect(users["contacts"].url.replace(users["contacts"].credentials[1], password))


@pytest.mark.parametrize("header", ["CC", "BCC"])
async def test_no_header_makes_a_message_one_that_its_sender_may_not_say(everyone: Users, header: str) -> None:
    forged, own_key = "tickets.ticket_opened.v1", "contacts.contact_received.v1"
    async with (
        attempts.as_user(everyone["ops"].url) as listening,
        attempts.as_user(everyone["contacts"].url) as forging,
    ):
        queue = await (await listening.channel()).declare_queue(exclusive=True)
        await queue.bind("atendo", forged)

        let = await attempts.allowed(forging, attempts.publishing("atendo", own_key, {header: [forged]}))
        arrived = await queue.get(fail=False, timeout=60)

    # RabbitMQ 4 refuses it; 3.10 brings it to another's queue, under the key that its sender may use (ADR 16)
    assert (let, arrived and arrived.routing_key) in {(False, None), (True, own_key)}
