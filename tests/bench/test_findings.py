"""What the parts measured, as lines of the table: medians, ratios, targets."""

from bench import findings
from bench.figures import Spread
from bench.kept import COST, RATE
from bench.lifecycle import Lived
from bench.mailing import Mailing
from bench.measuring import Capacity, Latency
from bench.peers.bursts import Through
from bench.reading import Read
from bench.startup import Start
from bench.table import Figure

PARTS = ("contacts", "tickets", "notifier", "edge", "feedback", "mk", "rabbitmq", "mongod")


def a_burst(per_second: float, cpu_ms: float) -> Capacity:
    return Capacity(per_second, dict.fromkeys(PARTS, cpu_ms))


def by_name(figures: list[Figure]) -> dict[str, Figure]:
    return {one.name: one for one in figures}


def test_bursts_show_the_median_round_beside_the_floors_and_the_peers() -> None:
    ours = [a_burst(50, 6), a_burst(150, 4), a_burst(100, 5)]
    peers = {"Celery": [Through(160, dict.fromkeys(PARTS, 2.0), {}), Through(170, dict.fromkeys(PARTS, 1.0), {})]}

    found = by_name(list(findings.of_bursts(ours, [a_burst(200, 2)], peers)))

    assert (found[RATE].ours, found[RATE].floor, found[RATE].ratio, found[RATE].peers) == (
        100,
        200,
        0.5,
        {"Celery": 160},
    )
    path = found[f"{COST}, contacts + tickets + notifier"]
    assert (path.ours, path.floor, path.peers["Celery"]) == (15, 6, 3)
    assert found[f"{COST}, mongod"].ratio == 2.5
    assert (found[RATE].aim, found[RATE].verdict) == ("÷ floor ≥ 1", "missed")
    assert (found[f"{RATE}: Atendo ÷ Celery"].ours, found[f"{RATE}: Atendo ÷ Celery"].verdict) == (0.625, "missed")
    assert [found[f"{COST}, {name}"].verdict for name in ("mongod", "notifier")] == ["missed", ""]


def test_latency_has_its_targets_at_fifty_a_second_alone() -> None:
    latency = Latency(Spread(5, 30, 60, 70), Spread(31, 90, 250, 300), Spread(0, 1, 1, 1), turned_away=1, memory={})

    at_fifty, at_hundred = (by_name(list(findings.of_latency(rate, latency))) for rate in (50, 100))

    assert [at_fifty[f"50/s: {name}"].verdict for name in ("answered p50", "answered p99")] == ["", "met"]
    assert [at_fifty[f"50/s: both mails {rank}"].verdict for rank in ("p50", "p99", "p99.9")] == ["missed", "met", ""]
    assert at_fifty["50/s: turned away (503) and sent again"].verdict == "missed"
    assert at_hundred["100/s: answered p99"].verdict == ""


def test_growth_is_the_cost_at_ten_times_as_much() -> None:
    found = list(findings.of_growth({1_000: 2.0, 10_000: 2.2, 100_000: 3.3}))

    assert [(one.name.rpartition(": ")[2], one.verdict) for one in found] == [
        ("10,000 ÷ 1,000", "met"),
        ("100,000 ÷ 10,000", "missed"),
    ]


def test_a_long_timeline_is_held_to_the_shortest() -> None:
    cost = {
        length: [{"tickets": ms, "notifier": ms, "mongod": ms}] for length, ms in ((10, 1.0), (100, 1.1), (1000, 2.0))
    }

    found = by_name(list(findings.of_timelines(cost)))

    assert (found["100 ÷ 10"].verdict, found["1000 ÷ 10"].verdict) == ("met", "missed")


def test_one_read_that_scans_misses_the_target_of_none() -> None:
    spread = Spread(1, 2, 3, 4)
    reads = [Read(1_000, "list", spread, 2.0, []), Read(10_000, "list", spread, 2.1, ["COLLSCAN"])]

    found = by_name(list(findings.of_reads(reads)))

    assert found["plans that are no index scan"].verdict == "missed"
    assert found["processor time of a list: 10,000 ÷ 1,000"].verdict == "met"
    assert found["1,000 stored: list p99"].ours == 2


def test_mails_memory_and_starts_have_their_targets() -> None:
    mails = by_name(list(findings.of_mailing([{"receipt": Mailing(249, 1.3)}])))
    memory = by_name(list(findings.of_memory("at rest", dict.fromkeys(PARTS, 65.1), is_rest=True)))
    starts = by_name(list(findings.of_starts({"edge": [Start(2.5, 1), Start(0.8, 1), Start(0.5, 1)]})))

    assert [one.verdict for one in mails.values()] == ["missed", "met"]
    assert memory["at rest, edge"].verdict == "missed"
    assert (starts["edge"].ours, starts["edge"].verdict) == (0.8, "met")


def test_lives_show_both_ends_and_what_a_message_costs() -> None:
    found = by_name(list(findings.of_lives([Lived(100, 80, dict.fromkeys(PARTS, 1.5))])))

    assert found["messages/s until the notifier decided"].ours == 100
    assert found["messages/s until push and chat have all"].ours == 80
    assert found["processor time a message, notifier"].ours == 1.5
