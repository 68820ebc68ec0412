"""How throughput is read off the counts, what a slow server does, and what the page says."""

import socket
import threading
import time
from datetime import timedelta

import pytest

from bench.scaling.delay import LOOPBACK, delayed
from bench.scaling.loads import LOADS, Load
from bench.scaling.measuring import Measured, reached
from bench.scaling.report import markdown, rows

_DELAY = timedelta(milliseconds=50)


def test_an_amount_is_reached_between_two_looks() -> None:
    seen = [(0.0, 0), (1.0, 0), (2.0, 10), (3.0, 30)]

    assert reached(seen, 5) == 1.5
    assert reached(seen, 20) == 2.5


def test_a_slow_server_answers_the_same_later_and_in_order() -> None:
    with socket.create_server((LOOPBACK, 0)) as server, delayed(server.getsockname()[1], _DELAY) as port:
        threading.Thread(target=_greet, args=(server,), daemon=True).start()
        with socket.create_connection((LOOPBACK, port), timeout=60) as client:
            asked_at = time.monotonic()
            client.sendall(b"ola")

            answer = client.recv(3) + client.recv(3)

            assert answer == b"OLA!!!"
            # a loop's timers are a millisecond coarse
            assert time.monotonic() - asked_at > 0.9 * _DELAY.total_seconds()


def test_a_slow_server_hangs_up_when_its_server_does() -> None:
    with socket.create_server((LOOPBACK, 0)) as server, delayed(server.getsockname()[1], _DELAY) as port:
        threading.Thread(target=_greet, args=(server,), daemon=True).start()
        with socket.create_connection((LOOPBACK, port), timeout=60) as client:
            client.sendall(b"ola")

            answer = b"".join(iter(lambda: client.recv(64), b""))

            assert answer == b"OLA!!!"


def measured(load: Load, replicas: int, per_second: float) -> Measured:
    return Measured(load, replicas, per_second, _DELAY)


def test_every_round_is_held_to_the_first_of_its_service() -> None:
    found = [
        measured(LOADS[0], 1, 20.0),
        measured(LOADS[0], 4, 60.0),
        measured(LOADS[1], 2, 50.0),
    ]

    shown = rows(found)

    assert {row[1] for row in shown} == {f"{LOADS[0].slow}, 50 ms an answer", f"{LOADS[1].slow}, 50 ms an answer"}
    assert [row[4:] for row in shown] == [("1.0", "100%"), ("3.0", "75%"), ("2.0", "100%")]


@pytest.mark.parametrize("load", LOADS, ids=lambda load: load.service)
def test_no_two_things_that_a_service_is_given_are_the_same(load: Load) -> None:
    made = {load.make("run", number).body for number in range(3)}

    assert len(made) == 3


def test_the_page_shows_a_picture_with_a_line_for_each_service() -> None:
    page = markdown([measured(LOADS[0], 1, 20.0), measured(LOADS[0], 2, 40.0)], "a machine", "a command")

    assert "xychart-beta" in page
    assert "line [1.0, 2.0]" in page


def _greet(server: socket.socket) -> None:
    there, _ = server.accept()
    with there:
        there.recv(3)
        there.sendall(b"OLA")
        there.sendall(b"!!!")
