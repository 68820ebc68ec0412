"""The broker nodes and database members of one run: one of each, or as many as its cluster has."""

from pathlib import Path

from ops.embedded.layout import Layout
from ops.embedded.mongodb import REPLICA_SET, MongoDB
from ops.embedded.rabbitmq import RabbitMQ
from ops.embedded.run_folder import RunFolder

_FIRST_MANAGEMENT_PORT = 15_679
_FIRST_DISTRIBUTION_PORT = 25_679


def broker_nodes(layout: Layout, folder: RunFolder) -> tuple[RabbitMQ, ...]:
    """Return the RabbitMQ nodes of a run, in the order of `layout.hosts`."""
    management_port = layout.port_from(_FIRST_MANAGEMENT_PORT)
    distribution_port = layout.port_from(_FIRST_DISTRIBUTION_PORT)
    clustered = layout.cluster > 1
    return tuple(
        RabbitMQ(
            folder=_data(folder, "rabbitmq", number if clustered else 0),
            port=layout.ports["AMQP_PORT"],
            management_port=management_port,
            distribution_port=distribution_port,
            log=folder.log("rabbitmq", number),
            host=host,
            peers=layout.hosts if clustered else (),
            cookie=folder.secret("erlang") if clustered else "",
        )
        for number, host in enumerate(layout.hosts, start=1)
    )


def database_members(layout: Layout, folder: RunFolder) -> tuple[MongoDB, ...]:
    """Return the mongods of a run, in the order of `layout.hosts`."""
    clustered = layout.cluster > 1
    return tuple(
        MongoDB(
            folder=_data(folder, "mongod", number if clustered else 0),
            port=layout.ports["MONGO_PORT"],
            log=folder.log("mongod", number),
            host=host,
            replica_set=REPLICA_SET if clustered else "",
        )
        for number, host in enumerate(layout.hosts, start=1)
    )


def _data(folder: RunFolder, name: str, number: int) -> Path:
    # What a single node has written is no start for a cluster, nor the other way round.
    return folder.path / "cluster" / f"{name}-{number}" if number else folder.path / name
