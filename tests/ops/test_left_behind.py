"""Which broker node of a cluster has to be started again: one that a majority reaches and goes on without."""

import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from ops.embedded.layout import read_layout
from ops.embedded.left_behind import is_left_behind
from ops.embedded.plan import Plan
from ops.embedded.ports import free_port
from ops.embedded.rabbitmq import RabbitMQ
from ops.embedded.run_folder import RunFolder

pytestmark = pytest.mark.embedded

_PEERS = ("127.0.0.1", "127.0.0.2", "127.0.0.3")


@pytest.mark.parametrize(
    ("running", "linked", "serves", "left_behind"),
    [
        pytest.param("123", "13", True, False, id="all is well"),
        pytest.param("123", "13", False, True, id="its management died"),
        pytest.param("23", "13", False, True, id="it runs and does nothing"),
        pytest.param("23", "13", True, True, id="it came up alone while it was cut off"),
        pytest.param("23", "3", False, False, id="it is cut off, and pauses"),
        pytest.param("2", "13", False, False, id="no majority goes on"),
    ],
)
def test_a_node_that_a_majority_reaches_and_goes_on_without_is_left_behind(
    tmp_path: Path, *, running: str, linked: str, serves: bool, left_behind: bool
) -> None:
    view = [
        {
            "name": f"atendo@127.0.0.{number}",
            "running": str(number) in running,
            "cluster_links": [{"name": f"atendo@127.0.0.{one}"} for one in linked] if number == 2 else [],
        }
        for number in (1, 2, 3)
    ]

    with ExitStack() as stack:
        first = stack.enter_context(_api(1, view)) if serves else free_port()
        node, other = _node(tmp_path, 1, first), _node(tmp_path, 2, stack.enter_context(_api(2, view)))

        assert is_left_behind(node, (node, other)) is left_behind


def test_where_no_other_node_answers_none_is_left_behind(tmp_path: Path) -> None:
    nodes = (_node(tmp_path, 1, free_port()), _node(tmp_path, 2, free_port()))

    assert [is_left_behind(node, nodes) for node in nodes] == [False, False]


def test_every_node_of_a_cluster_is_watched_and_a_single_one_is_left_alone(tmp_path: Path) -> None:
    def watched(cluster: int) -> list[bool]:
        ports = {name: str(free_port()) for name in ("AMQP_PORT", "MONGO_PORT")}
        parts = Plan(read_layout(ports, cluster=cluster), RunFolder(tmp_path)).parts()
        return [part.alive is not None for part in parts if part.name == "rabbitmq"]

    assert watched(1) == [False]
    assert watched(3) == [True, True, True]


@contextmanager
def _api(number: int, nodes: list[dict[str, object]]) -> Iterator[int]:
    """The management API of a node that sees its cluster so."""

    class Api(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(nodes).encode())

        def log_message(self, *_: object) -> None:
            """Write nothing on the terminal of the tests."""

    server = http.server.ThreadingHTTPServer((_PEERS[number - 1], 0), Api)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _node(folder: Path, number: int, port: int) -> RabbitMQ:
    return RabbitMQ(
        folder=folder,
        port=port,
        management_port=port,
        distribution_port=0,
        log=folder / "rabbitmq.log",
        host=_PEERS[number - 1],
        peers=_PEERS,
    )
