"""The app as the edge serves it: its pages, its files, and how careful and how light they are."""

import hashlib
import json
import re
from collections.abc import AsyncIterator

import httpx2
import pytest
import pytest_asyncio

from services.edge.web.bundle import VENDOR, Bundle
from tests.services.edge.fakes import FakeServices, client_of
from tests.services.edge.surroundings import Issuer

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
SCREENS = (
    *("/", "/entrar", "/atendimentos", "/atendimentos/20260105000001", "/contato", "/avaliar/1", "/avisos"),
    "/ajustes",
)


@pytest_asyncio.fixture
async def app(issuer: Issuer) -> AsyncIterator[httpx2.AsyncClient]:
    """Give a browser at an edge whose services keep silent."""
    async with client_of(FakeServices(), issuer, issuer_url="https://mk.example/") as client:
        yield client


@pytest.mark.parametrize("path", SCREENS)
async def test_every_address_of_the_app_gives_its_shell(app: httpx2.AsyncClient, path: str) -> None:
    answer = await app.get(path, headers=BROWSER)
    head = await app.head(path, headers=BROWSER)

    assert answer.status_code == head.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "/app.js" in answer.text
    assert not head.content


async def test_the_shell_lets_only_the_edge_and_the_issuer_be_asked(app: httpx2.AsyncClient) -> None:
    headers = (await app.get("/")).headers
    policy = headers["content-security-policy"]

    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert "connect-src 'self' https://mk.example;" in policy
    assert "require-trusted-types-for 'script'" in policy
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert "geolocation=()" in headers["permissions-policy"]


async def test_all_that_the_shell_names_is_there_and_is_kept_for_ever(app: httpx2.AsyncClient) -> None:
    edition = Bundle().hash
    for name in ("app.js", "app.css", "icons/192.png"):
        answer = await app.get(f"/app/{edition}/{name}")

        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
        again = await app.get(f"/app/{edition}/{name}", headers={"If-None-Match": answer.headers["etag"]})
        assert again.status_code == 304
    assert (await app.get("/app/other/app.js")).headers["cache-control"] == "no-store"
    assert (await app.get(f"/app/{edition}/../settings.py")).status_code == 404


@pytest.mark.parametrize("path", ["/sw.js", "/manifest.webmanifest", "/favicon.ico"])
async def test_what_browsers_ask_for_by_name_is_there(app: httpx2.AsyncClient, path: str) -> None:
    answer = await app.get(path)

    assert answer.status_code == 200
    assert b"{{" not in answer.content


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("identity", None),
        ("gzip", "gzip"),
        ("gzip, deflate, br, zstd", "br"),
        ("br;q=0, gzip;q=0.5", "gzip"),
        ("gzip;q=0", None),
    ],
)
async def test_text_travels_as_short_as_the_browser_takes_it(
    app: httpx2.AsyncClient, accepted: str, encoding: str | None
) -> None:
    plain = await app.get("/", headers={"Accept-Encoding": "identity"})
    packed = await app.get("/", headers={"Accept-Encoding": accepted})

    assert packed.headers.get("content-encoding") == encoding
    assert packed.headers["vary"] == "Accept-Encoding"
    assert packed.text == plain.text


async def test_the_app_knows_the_issuer_and_which_routes_there_are(app: httpx2.AsyncClient) -> None:
    config = (await app.get("/app/config.json")).json()
    paths = (await app.get("/openapi.json")).json()["paths"]

    assert config["issuer"] == "https://mk.example"
    assert (config["telegram"], config["push_public_key"]) == (False, None)
    assert not any(path in paths for path in SCREENS)


async def test_a_mistyped_address_is_a_page_for_browsers_and_a_problem_for_programs(app: httpx2.AsyncClient) -> None:
    page, problem = await app.get("/atendimento", headers=BROWSER), await app.get("/atendimento")

    assert page.status_code == problem.status_code == 404
    assert "Página não encontrada" in page.text
    assert problem.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(("encoding", "budget"), [("gzip", 35 * 1024), ("br", 33_500)])
async def test_all_that_all_screens_need_weighs_at_most_35_kb_as_it_travels(
    app: httpx2.AsyncClient, encoding: str, budget: int
) -> None:
    edition = Bundle().hash
    needed = ["/", "/app/config.json", "/sw.js", "/manifest.webmanifest"]
    needed += [f"/app/{edition}/{name}" for name in ("app.js", "app.css")]

    sizes: dict[str, int] = {}
    for path in needed:
        async with app.stream("GET", path, headers={"Accept-Encoding": encoding}) as answer:
            sizes[path] = len(b"".join([part async for part in answer.aiter_raw()]))

    assert sum(sizes.values()) <= budget, sizes
    shell = (await app.get("/")).text
    named = set(re.findall(r'(?:src|href)="(/[^"]+)"', shell)) - {"/favicon.ico"}
    assert {path for path in named if not path.endswith(".png")} <= set(needed)


def test_what_was_taken_over_is_what_its_authors_published() -> None:
    listed = json.loads((VENDOR / "manifest.json").read_text("utf-8"))
    sums = json.dumps(listed)

    for path in VENDOR.glob("*.js"):
        assert hashlib.sha256(path.read_bytes()).hexdigest() in sums, path.name


async def test_the_app_knows_which_channels_there_are_and_waits_for_nobody_to_know(issuer: Issuer) -> None:
    services = FakeServices()
    services.says("get_channels", {"telegram": True, "push_public_key": "B" * 87})
    async with client_of(services, issuer) as app:
        configs = [(await app.get("/app/config.json")).json() for _ in range(3)]

    assert {(one["telegram"], one["push_public_key"]) for one in configs} == {(True, "B" * 87)}
    assert len(services.asked) == 1
