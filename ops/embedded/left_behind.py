"""Finds the broker node of a cluster that runs, is reached by the others, and does not serve with them.

RabbitMQ 3.10 may end up so after a partition: its management agent dies of a lost connection that lingers beside the
new one (`case_clause` in `rabbit_net:dist_info`) and may take with it what else the node does; and a node that was
started while it was cut off runs on beside the others, partitioned. Only a restart mends either.
"""

import urllib.error
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from ops.embedded.part import Patience
from ops.embedded.rabbitmq import RabbitMQ, ask

# A node waits five minutes for the others that it knew before it gives up by itself; one that paused in a minority is
# back within seconds of seeing the others, on a slow machine within some twenty.
PATIENCE = Patience(starting=timedelta(minutes=6), running=timedelta(minutes=1))


def is_left_behind(node: RabbitMQ, nodes: Iterable[RabbitMQ]) -> bool:
    """Tell whether a majority goes on without a node that it has a connection with.

    Without that connection the node is cut off, and pauses until it isn't. Restarting it then would do harm: it would
    come up alone, and stay so.
    """
    seen = next(filter(None, (_majority(other) for other in nodes if other != node)), None)
    if seen is None or node.name not in _linked(seen):
        return False
    return node.name not in _running(seen) or not node.ready()


def _majority(node: RabbitMQ) -> list[dict[str, Any]] | None:
    """What a node knows of all nodes, its own entry first; None where it doesn't answer or isn't of a majority."""
    try:
        nodes: list[dict[str, Any]] = ask(node.management_url, "nodes")
    except (urllib.error.URLError, OSError, ValueError):
        return None
    nodes.sort(key=lambda one: one["name"] != node.name)
    return nodes if 2 * len(_running(nodes)) > len(node.peers) else None


def _running(nodes: list[dict[str, Any]]) -> set[str]:
    return {one["name"] for one in nodes if one["running"]}


def _linked(nodes: list[dict[str, Any]]) -> set[str]:
    return {link["name"] for link in nodes[0].get("cluster_links", ())}
