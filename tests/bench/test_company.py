"""What ran beside a benchmark is counted apart from what the benchmark started."""

import os
import subprocess
import sys

from bench import processes
from bench.company import Company, busy_seconds, our_seconds


def test_what_a_child_used_is_ours_also_after_it_ended() -> None:
    before = our_seconds()

    subprocess.run([sys.executable, "-c", "sum(range(10_000_000))"], check=True)

    assert our_seconds() > before
    assert busy_seconds() > our_seconds() - before


def test_others_are_never_fewer_than_none() -> None:
    assert Company().cores(1) >= 0


def test_a_family_is_a_process_and_what_it_started() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        family = processes.family(os.getpid())
        child.communicate(b"\n")

    assert family[0] == os.getpid()
    assert child.pid in family
