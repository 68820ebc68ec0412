"""Each user of the database, on a real one that asks who one is: its own database, and no other."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any

import pytest
import pytest_asyncio
from pymongo import AsyncMongoClient
from pymongo.errors import OperationFailure

from chassis.persistence import mongo
from chassis.settings import Settings
from contracts import topology
from tests.deploy.servers import a_database_with_users

DATABASES = tuple(topology.LISTENS)
_NOT_AUTHORISED = 13
_WRONG_PASSWORD = 18

Act = Callable[[mongo.Client, str], Awaitable[object]]

WRITES: Mapping[str, Act] = {
    "insert": lambda client, name: client[name]["things"].insert_one({}),
    "update": lambda client, name: client[name]["things"].update_one({}, {"$set": {"a": 1}}, upsert=True),
    "delete": lambda client, name: client[name]["things"].delete_many({}),
    "make an index": lambda client, name: client[name]["things"].create_index("a"),
    "drop a collection": lambda client, name: client[name]["things"].drop(),
}
READS: Mapping[str, Act] = {
    "find": lambda client, name: client[name]["things"].find_one(),
    "list collections": lambda client, name: client[name].list_collection_names(),
}
OF_NOBODY: Mapping[str, Act] = {
    "make a user": lambda client, name: client[name].command("createUser", "more", pwd="x", roles=[]),
    "grant a role": lambda client, name: client[name].command("grantRolesToUser", "contacts", roles=["root"]),
    "see the users": lambda client, _: client["admin"]["system.users"].find_one(),
    "stop the server": lambda client, _: client["admin"].command("shutdown"),
    "read the configuration": lambda client, _: client["admin"].command("getCmdLineOpts"),
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def url(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """Give a database with the users of deploy/mongo/users.json, each one's password its name."""
    async with a_database_with_users(tmp_path_factory.mktemp("database")) as url:
        yield url


def as_user(url: str, user: str, *, password: str | None = None) -> mongo.Client:
    with_user = url.replace("//", f"//{user}@")
    settings = {"mongo_url": f"{with_user}?authSource=admin", "mongo_password": password or user}
    return mongo.connect(Settings.model_validate({**settings, "mongo_driver": "pymongo"}))


async def those_allowed(client: mongo.Client, acts: Mapping[str, Act]) -> set[tuple[str, str]]:
    let = set()
    for name in DATABASES:
        for what, act in acts.items():
            try:
                await act(client, name)
                let.add((name, what))
            except OperationFailure as refused:
                if refused.code != _NOT_AUTHORISED:
                    raise
    return let


def all_of(names: tuple[str, ...], acts: Mapping[str, Act]) -> set[tuple[str, str]]:
    return {(name, what) for name in names for what in acts}


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("user", DATABASES)
async def test_a_service_opens_its_own_database_and_no_other(url: str, user: str) -> None:
    client = as_user(url, user)

    let = await those_allowed(client, {**READS, **WRITES, **OF_NOBODY})

    assert let == all_of((user,), {**READS, **WRITES})
    await client.close()


@pytest.mark.asyncio(loop_scope="module")
async def test_people_read_every_database_and_write_none(url: str) -> None:
    client = as_user(url, "ops")

    let = await those_allowed(client, {**READS, **WRITES, **OF_NOBODY})

    assert let == all_of(DATABASES, READS)
    await client.close()


@pytest.mark.asyncio(loop_scope="module")
async def test_nobody_gets_in_with_anothers_password_or_without_one(url: str) -> None:
    wrong = as_user(url, "tickets", password="contacts")
    async with AsyncMongoClient[dict[str, Any]](url) as nobody:
        for client, code in ((wrong, _WRONG_PASSWORD), (nobody, _NOT_AUTHORISED)):
            with pytest.raises(OperationFailure) as refused:
                await client["tickets"]["things"].find_one()
            assert refused.value.code == code
    await wrong.close()
