"""One script of the app's modules: what it keeps of them, and what it refuses to guess."""

import pytest

from services.edge.web.bundle import shortened
from services.edge.web.javascript import Unreadable, tokens
from services.edge.web.joined import joined


def kinds(source: str) -> dict[str, str]:
    """What each token was taken for."""
    return {token.text: token.kind for token in tokens(source)}


def script(source: str, **others: str) -> str:
    """The script of a main module, and of others by their names."""
    return joined({"main.js": source} | {f"{name}.js": text for name, text in others.items()}, "main.js")


def test_what_a_module_gives_is_known_by_its_short_name_wherever_it_is_taken() -> None:
    joint = script(
        "import { count as counted } from './format.js';\ncounted(1);\n", format="export const count = (n) => n;\n"
    )

    assert joint == "let a=b=>b;a(1);"


def test_names_of_two_modules_never_meet() -> None:
    joint = script(
        "import { load } from './other.js';\nconst at = 1;\nload(at);\n",
        other="const at = 2;\nexport const load = (n) => n + at;\n",
    )

    assert joint == "let a=2,b=c=>c+a;let d=1;b(d);"


def test_all_that_a_module_gives_can_be_reached_through_one_name() -> None:
    joint = script(
        "import * as store from './store.js';\nreturn_(store.get);\nfunction return_() {}\n",
        store="export const get = 1;\n",
    )

    assert joint == "let a=1;b(a);function b(){}"


def test_of_what_a_library_gives_only_what_is_taken_is_named() -> None:
    library = {"vendor/p.js": "const a=1,b=2;export{a as h,b as k};"}

    joint = joined({"main.js": "import { h } from './vendor/p.js';\nh(1);\n"} | library, "main.js")

    assert joint == "let[a]=(()=>{const a=1,b=2;return[a]})();a(1);"


def test_properties_keep_their_names_and_short_forms_say_both() -> None:
    joint = script("const data = 1;\nconst { of, a = 2 } = { data, of: data.of };\nfetch(of, a?.b);\n")

    assert joint == "let a=1,{of:b,a:c=2}={data:a,of:a.of};fetch(b,c?.b);"


def test_blocks_are_no_objects_and_divisions_no_patterns() -> None:
    found = kinds("const f = () => { last = 1; };\nconst half = f / 2 / 3;\nconst p = /a\\/[/]b/g.test('x');\n")

    assert found["last"] == "name"
    assert [kind for text, kind in found.items() if kind == "regex"] == ["regex"]
    assert found["/a\\/[/]b/g"] == "regex"


def test_markup_loses_only_what_htm_ignores() -> None:
    joint = script(
        "const html = 1;\nconst X = 2;\n"
        'html`<p class="a b" id="t" title=${X}>\n    Um texto  só\n    <${X}>${html` <b>x</b>\n  `}</${X}></p>`;\n'
    )

    assert '<p class="a b" id=t title=${' in joint
    assert "Um texto  só\n<${" in joint
    assert "</b>" not in joint
    assert joint.endswith("`}</></>`;")


def test_statements_stay_apart_where_nothing_ends_them() -> None:
    joint = script(
        "function one() {}\nfunction two() { return; }\nconst three = async () => { await one(); };\ntwo(three);\n"
    )

    assert joint == "function a(){}\nfunction b(){return}\nlet c=async()=>{await a()};b(c);"


@pytest.mark.parametrize(
    "source",
    ["forgotten();\n", "const a = `never ended;\n", "const a = (1;\n", "import { no } from './other.js';\nno();\n"],
)
def test_what_cannot_be_understood_is_refused(source: str) -> None:
    with pytest.raises(Unreadable):
        script(source, other="export const yes = 1;\n")


def test_a_sheet_keeps_all_that_separates_something() -> None:
    sheet = "/* a\n */\n:root{\n--brand:#0e6049;\n}\n.a .b > p{ margin: 0 calc(1rem + var(--brand)); }\n"
    media = "@media (min-width:48rem){\n.c:hover{color: red}\n}\n"

    assert shortened(sheet) == ":root{--a:#0e6049}.a .b>p{margin:0 calc(1rem + var(--a))}"
    assert shortened(media) == "@media (min-width:48rem){.c:hover{color:red}}"
