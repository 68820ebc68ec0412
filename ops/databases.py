"""The services' databases, side by side, for the commands that compare or gather what they hold."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from pymongo.errors import PyMongoError

from chassis.persistence import mongo
from chassis.settings import Settings
from contracts import topology
from ops.addresses import address
from ops.session import RefusedError


@asynccontextmanager
async def databases(*, mk: bool = False) -> AsyncIterator[dict[str, mongo.Database]]:
    """Each service's database by its name; with `mk` also that of MK's stand-in, where it is the one that runs.

    Raises: NotRunningError, RefusedError where the database is away.
    """
    settings = Settings(mongo_url=address("MONGO_URL"), mongo_driver="pymongo")
    client = mongo.connect(settings)
    names = [name for name in topology.LISTENS if mk or name != "mk"]
    of = {name: mongo.database(client, f"{settings.database_prefix}{name}") for name in names}
    try:
        if mk and not await of["mk"].list_collection_names():
            # the real MK keeps its tickets elsewhere
            del of["mk"]
        yield of
    except PyMongoError as error:
        raise RefusedError(f"the database is away ({type(error).__name__}): is MONGO_URL right?") from error
    finally:
        await client.close()
