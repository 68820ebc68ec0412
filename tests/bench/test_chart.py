"""The chart: one picture of what was measured, readable by itself."""

from xml.etree import ElementTree as ET

from bench.chart import LEFT, RIGHT, WIDTH, Bar, Panel, size_of, svg

RATES = Panel("Contacts a second", [Bar("Atendo", [100], "100", is_ours=True), Bar("floor", [400], "400")])
COSTS = Panel("ms", [Bar("Celery & co", [1, 2, 3], "6.0 ms")], ("contacts", "tickets", "notifier"))
SVG = "{http://www.w3.org/2000/svg}"


def drawn() -> str:
    return svg([RATES, COSTS], title="Beside the floor", lines=["2 cores <of> something"])


def test_it_is_well_formed_and_shows_every_label_and_line() -> None:
    picture = ET.fromstring(drawn())  # noqa: S314 - our own

    texts = {text.text for text in picture.iter(f"{SVG}text")}
    assert {"Beside the floor", "Atendo", "floor", "Celery & co", "6.0 ms", "2 cores <of> something"} <= texts


def test_bars_of_a_panel_share_a_scale_that_the_longest_fills() -> None:
    picture = ET.fromstring(svg([RATES], title="", lines=[]))  # noqa: S314 - our own

    ours, floor = (float(one.attrib["width"]) for one in list(picture.iter(f"{SVG}rect"))[1:])
    assert floor == WIDTH - LEFT - RIGHT
    assert ours == floor / 4


def test_pieces_stand_on_end_and_have_a_legend() -> None:
    picture = ET.fromstring(svg([COSTS], title="", lines=[]))  # noqa: S314 - our own

    pieces = list(picture.iter(f"{SVG}rect"))[1:4]
    ends = [float(one.attrib["x"]) + float(one.attrib["width"]) for one in pieces]
    assert [float(one.attrib["x"]) for one in pieces[1:]] == [round(end, 1) for end in ends[:2]]
    assert len({one.attrib["fill"] for one in pieces}) == 3


def test_its_size_is_known_to_who_photographs_it() -> None:
    width, height = size_of(drawn())

    assert (width, height > 200) == (WIDTH, True)


def test_nothing_measured_draws_no_bar() -> None:
    assert size_of(svg([Panel("Nothing", [Bar("Atendo", [0], "0")])], title="", lines=[])) > (0, 0)
