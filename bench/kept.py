"""A run as it is kept: `results.json`, and what is made of it: `results.md`, the chart, the README's table."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench import chart
from bench.chart import Bar, Panel
from bench.table import Figure, figure_of, markdown, written

FOLDER = Path(__file__).parent / "results"
README = Path(__file__).parent / "README.md"
BEGIN, END = "<!-- results: python -m bench.report -->", "<!-- end of results -->"

CAVEATS = (
    (
        "Product, broker, database, mail server, load generator and peers share these cores: a faster generator makes "
        "a slower product. Read the ratios to the floor, measured in turn in the same run, before the absolute figures."
    ),
    (
        "The floor is the same messages, writes and mails on bare asynchronous clients, with no validation, look-up, "
        "retry, deduplication or decision. It is a yardstick and no bound: clients that block are cheaper still."
    ),
    (
        "The peers do a contact's messages, writes and mails as their own manuals advise; each one's docstring says "
        "what it leaves out. None keeps an outbox, a timeline, an inbox or a record of why somebody was informed."
    ),
)

TITLE = "Atendo beside its floor and its peers"
NOTE = (
    "Floor and peers handle three messages a contact, Atendo about twelve: "
    "look-ups, timeline, inbox, ledger, protocol. All share the cores."
)

RATE, COST, ANSWERED, MAILED = "contacts/s", "processor time a contact", "answered", "both mails"
PARTS = ("contacts", "tickets", "notifier", "rabbitmq", "mongod")


@dataclass(frozen=True, slots=True)
class Run:
    """One run; `doubts` say why its figures aren't final, and `seconds` how long each part took."""

    command: str
    when: str
    seed: int
    machine: str
    versions: str
    figures: Sequence[Figure]
    peers: Mapping[str, str] = field(default_factory=dict)
    doubts: Sequence[str] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)
    raw: Mapping[str, Any] = field(default_factory=dict)

    @property
    def lines(self) -> list[str]:
        """What has to stand beside the figures: command, machine, versions, doubts."""
        doubts = [f"NOT FINAL: {'; '.join(self.doubts)}."] if self.doubts else []
        return [*doubts, f"{self.command}, seed {self.seed}, {self.when}", self.machine, self.versions]

    def document(self) -> dict[str, Any]:
        """As JSON."""
        named = {name: getattr(self, name) for name in self.__slots__}
        return {**named, "caveats": CAVEATS, "figures": [one.document() for one in self.figures]}


def run_of(document: Mapping[str, Any]) -> Run:
    """What `Run.document` made."""
    named = {name: document[name] for name in Run.__slots__ if name in document}
    return Run(**{**named, "figures": [figure_of(one) for one in document["figures"]]})


def keep(run: Run, folder: Path = FOLDER) -> None:
    """Write results, page and chart of a run into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "results.json").write_text(json.dumps(run.document(), indent=2, ensure_ascii=False) + "\n")
    draw(run, folder)


def draw(run: Run, folder: Path = FOLDER) -> None:
    """Make page and chart of a run."""
    (folder / "results.md").write_text(page(run))
    (folder / "chart.svg").write_text(chart.svg(panels(run.figures), title=TITLE, lines=[*run.lines, NOTE]))


def page(run: Run) -> str:
    """The page of a run."""
    peers = [f"- {name}: {note}" for name, note in run.peers.items()]
    took = ", ".join(f"{name} {seconds:.0f} s" for name, seconds in run.seconds.items())
    return "\n".join(
        [
            "# Results",
            "",
            "Made by `python -m bench.report` of `results.json`; not to be edited.",
            "",
            *summary(run),
            "",
            "![The chart](chart.svg)",
            "",
            "## Peers",
            *(peers or ["They were left out."]),
            "",
            "## Caveats",
            *(f"- {one}" for one in CAVEATS),
            "",
            f"Each part took: {took}.",
            "",
        ]
    )


def summary(run: Run) -> list[str]:
    """The table, and what has to stand beside it."""
    return [*(f"{line}  " for line in run.lines), "", markdown(run.figures)]


def with_summary(readme: str, run: Run) -> str:
    """The README with the table of a run between its marks. Raises: ValueError where there are none."""
    before, begin, rest = readme.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the page has no {BEGIN} … {END}")
    picture = "![The chart](results/chart.svg)"
    return "\n".join([before + BEGIN, *summary(run), "", picture, END + after])


def panels(figures: Sequence[Figure]) -> list[Panel]:
    """What the chart shows, as far as it was measured."""
    return [one for one in (_rates(figures), _costs(figures), _answers(figures)) if one.bars]


def _rates(figures: Sequence[Figure]) -> Panel:
    found = [one for one in figures if one.name == RATE]
    bars = [Bar(name, [value], written(value), name == "Atendo") for one in found for name, value in _all(one).items()]
    return Panel("Contacts a second, from the command's queue to both mails, one replica a role (more is better)", bars)


def _costs(figures: Sequence[Figure]) -> Panel:
    by_part = {part: _all(one) for part in PARTS for one in figures if one.name == f"{COST}, {part}"}
    names = list(dict.fromkeys(name for values in by_part.values() for name in values))
    bars = []
    for name in names:
        pieces = [values.get(name, 0) for values in by_part.values()]
        bars.append(Bar(name, pieces, f"{sum(pieces):.1f} ms", name == "Atendo"))
    return Panel("Processor time of a contact, in ms (less is better)", bars, tuple(by_part))


def _answers(figures: Sequence[Figure]) -> Panel:
    ends = tuple(f"{what} {rank}" for what in (ANSWERED, MAILED) for rank in ("p50", "p99"))
    found = [one for one in figures if one.name.endswith(ends)]
    bars = [Bar(one.name, [one.ours], f"{written(one.ours)} ms", is_ours=True) for one in found]
    return Panel("Time from a POST that was due, in ms (less is better)", bars)


def _all(one: Figure) -> dict[str, float]:
    floor = {} if one.floor is None else {"floor": one.floor}
    return {"Atendo": one.ours, **floor, **one.peers}
