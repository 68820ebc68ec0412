"""What the console ships: the style sheet and scripts, those of others as they were published."""

import hashlib
import json
import re
from pathlib import Path

import pytest

import mk.console
from tests.services.mk.console.browser import Console

FOLDER = Path(mk.console.__file__).parent
MANIFEST = json.loads((FOLDER / "vendor" / "manifest.json").read_text())


def test_what_comes_from_others_is_as_it_came_with_its_licence() -> None:
    for package in MANIFEST["packages"]:
        assert (FOLDER / "vendor" / package["licence_file"]).read_text().strip()
        for file in package["files"]:
            content = (FOLDER / "vendor" / file["file"]).read_bytes()
            assert hashlib.sha256(content).hexdigest() == file["sha256"]


@pytest.mark.parametrize("path", sorted((FOLDER / "templates").glob("*.html")), ids=lambda path: path.name)
def test_no_template_needs_an_unsafe_policy(path: Path) -> None:
    text = path.read_text().replace("shapes[name]|safe", "")

    assert re.findall(r"<style|\sstyle=|<script>|\son\w+=|hx-on|js:|\|safe", text) == []


async def test_files_are_kept_for_ever_under_the_name_of_their_content(console: Console) -> None:
    login = await console.get("/entrar")
    found = re.findall(r'(?:src|href)="/console(/static/[^"]+)"', login.html)

    files = [await console.get(one) for one in found]

    assert {file.status for file in files} == {200}
    assert all("immutable" in file.answer.headers["cache-control"] for file in files)
    assert login.answer.headers["cache-control"] == "no-store"
