"""Which broker node of a cluster has to be started again: one that serves nobody while others do."""

import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ops.embedded.layout import read_layout
from ops.embedded.plan import Plan
from ops.embedded.ports import LOOPBACK, free_port
from ops.embedded.rabbitmq import RabbitMQ, is_not_left_behind
from ops.embedded.run_folder import RunFolder


class _Api(http.server.BaseHTTPRequestHandler):
    """The management API of a node that knows three nodes."""

    def do_GET(self) -> None:
        body = json.dumps([{}, {}, {}]).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *_: object) -> None:  # noqa: A002 - the library's name
        """Say nothing: tests have no terminal of their own."""


def test_a_node_that_serves_nobody_while_another_does_is_left_behind(tmp_path: Path) -> None:
    with _serving() as port:
        silent, other = _node(tmp_path, free_port()), _node(tmp_path, port)

        assert not is_not_left_behind(silent, (silent, other))
        assert is_not_left_behind(other, (silent, other))


def test_where_no_node_serves_none_is_left_behind(tmp_path: Path) -> None:
    nodes = (_node(tmp_path, free_port()), _node(tmp_path, free_port()))

    assert [is_not_left_behind(node, nodes) for node in nodes] == [True, True]


def test_every_node_of_a_cluster_is_watched_and_a_single_one_is_left_alone(tmp_path: Path) -> None:
    def watched(cluster: int) -> list[bool]:
        ports = {name: str(free_port()) for name in ("AMQP_PORT", "MONGO_PORT")}
        parts = Plan(read_layout(ports, cluster=cluster), RunFolder(tmp_path)).parts()
        return [part.alive is not None for part in parts if part.name == "rabbitmq"]

    assert watched(1) == [False]
    assert watched(3) == [True, True, True]


@contextmanager
def _serving() -> Iterator[int]:
    server = http.server.ThreadingHTTPServer((LOOPBACK, 0), _Api)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _node(folder: Path, port: int) -> RabbitMQ:
    return RabbitMQ(
        folder=folder,
        port=port,
        management_port=port,
        distribution_port=free_port(),
        log=folder / "rabbitmq.log",
        peers=(LOOPBACK, "127.0.0.2", "127.0.0.3"),
    )
