"""What a partition cuts off, and from whom."""

import socket
from collections.abc import Iterator

import pytest

from tests import network
from tests.machines import Machines, are_allowed


@pytest.fixture
def machines() -> Iterator[Machines]:
    with network.changing():
        if not are_allowed():
            pytest.skip("a partition takes network namespaces: root and iproute2")
        machines = Machines(2)
        machines.open()
        yield machines
        machines.close()


def test_a_machine_without_the_others_still_answers_its_clients(machines: Machines) -> None:
    machines.cut_off(2)

    assert not machines.reach_each_other()
    assert answers(machines)

    machines.rejoin(2)

    assert machines.reach_each_other()


def test_a_machine_without_anybody_answers_nobody(machines: Machines) -> None:
    machines.cut_off(2, from_clients=True)

    assert not machines.reach_each_other()
    assert not answers(machines)

    machines.rejoin(2, from_clients=True)

    assert machines.reach_each_other()
    assert answers(machines)


def answers(machines: Machines) -> bool:
    """Tell whether the second machine answers this one: that nobody listens is an answer."""
    try:
        socket.create_connection((f"{machines.network}.2", 9), timeout=2).close()
    except ConnectionRefusedError:
        return True
    except OSError:
        return False
    return True
