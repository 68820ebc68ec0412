"""What is broken follows from the seed alone, and of everything there is some."""

import json
from pathlib import Path
from random import Random

from contracts.topology import LISTENS
from tests.chaos import sink
from tests.chaos.history import AT_POINT, BROKER
from tests.chaos.nemesis import PARTITIONS, WEIGHTS, plan
from tests.chaos.poison import MARK, poison


def test_the_same_seed_breaks_the_same_things_in_the_same_order() -> None:
    assert plan(Random(7), 200) == plan(Random(7), 200)
    assert plan(Random(7), 200) != plan(Random(8), 200)


def test_even_a_short_run_breaks_everything_once() -> None:
    assert set(plan(Random(1), 20)) == set(WEIGHTS)


def test_a_cluster_on_machines_of_its_own_is_parted_too() -> None:
    assert set(plan(Random(1), 20, WEIGHTS | PARTITIONS)) == set(WEIGHTS) | set(PARTITIONS)


def test_a_long_run_breaks_by_weight() -> None:
    kinds = plan(Random(1), 1000)

    assert kinds.count(AT_POINT) > 4 * kinds.count(BROKER) > 0


def test_an_undecodable_message_is_known_again_and_belongs_to_somebody() -> None:
    for seed in range(50):
        outgoing, services = poison(Random(seed), "m1")

        assert outgoing.headers[MARK] == "m1"
        assert services
        assert set(services) <= set(LISTENS)


def test_a_mail_that_a_crash_cut_short_does_not_count(tmp_path: Path) -> None:
    log = tmp_path / "mails.jsonl"
    whole = json.dumps({"at": 1.0, "message_id": "m1", "recipient": "ana@chaos.test"})
    log.write_text(f"\n{whole}\n{whole[:20]}\n{whole}\n")

    assert [mail.message_id for mail in sink.read(log)] == ["m1", "m1"]
