"""What a benchmark says of what it found."""

from bench.figures import Spread
from bench.machine import Machine
from bench.mailing import Mailing
from bench.measuring import Capacity, Latency
from bench.report import Findings, document
from bench.startup import Start

PARTS = ("contacts", "tickets", "notifier", "edge", "feedback", "mk", "rabbitmq", "mongod")


def test_targets_are_met_up_to_their_value_and_ratios_are_to_the_floor() -> None:
    findings = Findings(
        per_second=50,
        burst=100,
        latency=Latency(Spread(5, 50, 60), Spread(61, 249, 300), Spread(0, 1, 1), turned_away=1),
        ours=[a_burst(per_second=50, cpu_ms=6), a_burst(per_second=150, cpu_ms=4), a_burst(per_second=100, cpu_ms=4)],
        floor=[a_burst(per_second=200, cpu_ms=2)],
        idle_memory={"edge": 90.1},
        later_memory={"edge": 100},
        starts={"edge": [Start(2.5, 1), Start(2, 1), Start(1, 1)]},
        mailing={"receipt": [Mailing(249, 1.3), Mailing(251, 1.2), Mailing(250, 1.4)]},
    )

    written = document(findings, A_MACHINE, "python -m bench")

    shown = {figure["name"]: (figure["value"], figure["verdict"]) for figure in written["figures"]}
    assert shown["POST /v1/contacts answered, 50/s p99"] == (50, "met")
    assert shown["POST → both e-mails handed over p50"] == (61, "missed")
    assert shown["POST → both e-mails handed over p99"] == (249, "met")
    assert shown["posts turned away (503) and sent again"] == (1, "missed")
    assert shown["resident at rest, edge"] == (90.1, "missed")
    assert shown["start until ready, edge"] == (2, "met")
    assert shown["mails/s of one notifier, receipt"] == (250, "met")
    assert shown["its CPU per mail, receipt"] == (1.3, "met")
    assert shown["burst of 100: ours / floor"] == (0.5, "")
    assert shown["CPU per contact, contacts + tickets + notifier: ours / floor"] == (2, "")
    assert [one["per_second"] for one in written["rounds"]["ours"]] == [50, 150, 100]
    assert written["machine"]["cores"] == 2


A_MACHINE = Machine("Processor", 2, "Linux 6", "3.11", "3.10", "6.0", 0.5)


def a_burst(*, per_second: float, cpu_ms: float) -> Capacity:
    return Capacity(per_second, dict.fromkeys(PARTS, cpu_ms))
