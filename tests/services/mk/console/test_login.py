"""Operators come in with their password, stay as long as they work, and see what their role may see."""

import re
from dataclasses import replace
from datetime import timedelta
from html import unescape
from urllib.parse import urlencode

import pytest

from contracts import mk
from mk.operators import Operators, Role, hash_of, is_password, parse
from tests.services.mk.console.browser import PASSWORD, Console, Page
from tests.services.mk.console.provider import published

PANEL = "/painel/pendentes"


async def test_without_a_session_every_page_leads_to_the_login_and_back(console: Console) -> None:
    refused = await console.get(f"{PANEL}?q=luz")
    login = await console.follow(refused)

    assert refused.location == "/console/entrar?voltar=/console/painel/pendentes%3Fq%3Dluz"
    assert (login.status, login.title, login.heading) == (200, "Entrar · MK 3.0", "MK 3.0")
    entered = await console.post("/entrar", usuario="ana", senha=PASSWORD, voltar="/console/painel/pendentes?q=luz")
    assert entered.location == "/console/painel/pendentes?q=luz"
    assert (await console.follow(entered)).heading == "Atendimentos – Painel"


@pytest.mark.parametrize("back", ["https://elsewhere.example/", "//elsewhere.example", "/console/\\elsewhere", "/v1"])
async def test_a_link_to_the_login_leads_nobody_out_of_the_console(console: Console, back: str) -> None:
    entered = await console.post("/entrar", usuario="ana", senha=PASSWORD, voltar=back)

    assert entered.location == "/console/painel/pendentes"


async def test_a_wrong_password_and_an_unknown_user_are_refused_alike(console: Console) -> None:
    wrong, unknown = await console.enter(password="outra"), await console.enter("zeca")

    assert (wrong.status, unknown.status) == (401, 401)
    assert "Usuário ou senha não conferem" in wrong.text
    assert wrong.text == unknown.text
    assert (await console.get(PANEL)).status == 303


async def test_guessing_becomes_slow(console: Console) -> None:
    for _ in range(5):
        await console.enter(password="chute")

    slow = await console.enter()
    console.later(timedelta(seconds=15))

    assert (slow.status, (await console.enter()).status) == (429, 303)
    assert "Muitas tentativas. Tente de novo em 15 segundos." in slow.text


async def test_a_session_ends_when_nothing_is_done(console: Console) -> None:
    await console.enter()
    console.later(timedelta(minutes=29))
    kept = await console.get(PANEL)
    console.later(timedelta(minutes=29))
    kept_on = await console.get(PANEL)
    console.later(timedelta(minutes=31))

    assert (kept.status, kept_on.status, (await console.get(PANEL)).status) == (200, 200, 303)


async def test_a_session_ends_after_a_day_of_work(console: Console) -> None:
    await console.enter()
    seen = []
    for _ in range(31):
        console.later(timedelta(minutes=20))
        seen.append((await console.get(PANEL)).status)

    assert seen == [200] * 29 + [303] * 2


async def test_sair_ends_the_session_for_whoever_holds_its_cookie(console: Console) -> None:
    await console.enter()
    stolen = dict(console.client.cookies)

    left = await console.post("/sair")
    console.client.cookies.update(stolen)

    assert (left.location, (await console.get(PANEL)).status) == ("/console/entrar", 303)


async def test_the_cookie_is_for_the_console_alone_and_for_no_script(console: Console) -> None:
    entered = await console.enter()

    [cookie] = [one for one in entered.answer.headers.get_list("set-cookie") if one.startswith("mk_console=")]
    assert {"HttpOnly", "Path=/console", "SameSite=strict"} <= {part.strip() for part in cookie.split(";")}


@pytest.mark.parametrize("origin", ["http://elsewhere.example", "null", "http://mk.elsewhere.example"])
async def test_a_form_of_another_origin_is_refused_with_a_page(console: Console, origin: str) -> None:
    await console.enter()

    refused = Page(await console.client.post("/console/sair", headers={"Origin": origin}))

    assert (refused.status, refused.heading) == (403, "Este envio não veio desta tela")
    assert (await console.get(PANEL)).status == 200


async def test_without_an_origin_the_forms_own_token_counts(console: Console) -> None:
    await console.enter()
    del console.client.headers["origin"]
    found = re.search(r'name="csrf" value="(\w+)"', (await console.get(PANEL)).html)

    refused = await console.post("/sair", csrf="0" * 64)
    left = await console.post("/sair", csrf=found[1] if found else "")

    assert (refused.status, left.location) == (403, "/console/entrar")


async def test_without_an_origin_the_login_form_carries_a_token_too(console: Console) -> None:
    del console.client.headers["origin"]
    found = re.search(r'name="csrf" value="(\w+)"', (await console.get("/entrar")).html)

    refused = await console.enter()
    entered = await console.post("/entrar", usuario="ana", senha=PASSWORD, csrf=found[1] if found else "")

    assert (refused.status, entered.status) == (403, 303)


async def test_every_answer_forbids_foreign_scripts_and_frames(console: Console) -> None:
    for path in ("/entrar", "/static/console.css", "/static/none.css"):
        headers = (await console.get(path)).answer.headers
        assert headers["content-security-policy"].startswith("default-src 'none'; script-src 'self'")
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"


async def test_what_is_nowhere_is_explained(console: Console) -> None:
    await console.enter()

    page = await console.get("/nada")

    assert (page.status, page.heading) == (404, "Página não encontrada")


def test_each_role_may_do_what_those_before_it_may() -> None:
    assert [[role.covers(other) for other in Role] for role in Role] == [
        [True, False, False],
        [True, True, False],
        [True, True, True],
    ]


def test_operators_come_from_a_setting_that_holds_no_password() -> None:
    [operator] = parse(f" operador:ana:Ana Lúcia:{hash_of(PASSWORD)};\n")

    found = Operators([operator]).find(" ANA ", PASSWORD)

    assert (operator.name, operator.role) == ("Ana Lúcia", Role.OPERADOR)
    assert found == operator
    assert PASSWORD not in operator.hashed
    assert not is_password(PASSWORD + " ", operator.hashed)


@pytest.mark.parametrize(
    "setting", ["ana", "chefe:ana:Ana:x", "operador:ana:Ana:segredo", "operador:ana:Ana:scrypt.16384.8.1.a.b"]
)
def test_a_setting_that_says_something_else_is_refused_without_repeating_it(setting: str) -> None:
    with pytest.raises(ValueError, match=r"an operator is|a role is|a hash is") as refused:
        parse(setting)

    assert "segredo" not in str(refused.value)


async def test_a_part_of_a_page_that_a_script_asks_for_leads_to_the_login_and_back_to_its_page(
    console: Console,
) -> None:
    script = {"HX-Request": "true", "HX-Current-URL": "http://mk/console/painel/pendentes?q=luz"}

    refused = await console.get("/painel/pendentes?q=luz&setor=x", **script)

    assert refused.status == 401
    assert refused.answer.headers["hx-redirect"] == "/console/entrar?voltar=/console/painel/pendentes%3Fq%3Dluz"


async def test_a_form_that_a_script_sends_after_its_session_ended_leads_nowhere(console: Console) -> None:
    script = {"HX-Request": "true", "HX-Current-URL": "http://mk/console/atendimentos/t1"}

    refused = Page(await console.client.post("/console/atendimentos/t1/fase", data={"fase": "x"}, headers=script))

    assert (refused.status, "hx-redirect" in refused.answer.headers) == (401, False)


async def test_a_form_sent_after_its_session_ended_is_kept_through_the_login_and_sent_again(console: Console) -> None:
    await console.enter("carla")
    console.later(timedelta(hours=1))
    form = {"nome": "Rural <b>", "processo": "Campo & “casa”", "classificacao": ""}

    refused = await console.post("/configuracao/grupos/novo", **form)
    wrong = await console.post("/entrar", usuario="carla", senha="outra", **kept_in(refused))
    entered = await console.post("/entrar", usuario="carla", senha=PASSWORD, **kept_in(wrong))
    address, fields = resent(entered)
    saved = await console.post(address, **fields)

    assert (refused.status, refused.heading, published(console, mk.PersonGroupSaved)[1:]) == (401, "MK 3.0", [])
    assert "Sua sessão terminou. Entre de novo para continuar: nada do que você escreveu foi perdido." in refused.text
    assert (wrong.status, entered.heading) == (401, "Você entrou de novo")
    assert (address, fields["nome"], saved.status) == ("/configuracao/grupos/novo", "Rural <b>", 303)
    [event] = published(console, mk.PersonGroupSaved)
    assert (event.name, event.process) == ("Rural <b>", "Campo & “casa”")


async def test_nothing_of_another_site_is_kept_through_the_login(console: Console) -> None:
    await console.enter()
    console.later(timedelta(hours=1))
    console.client.headers["origin"] = "http://elsewhere.example"

    refused = await console.post("/atendimentos/novo", reclamacao="de outro site")

    assert (refused.status, refused.heading) == (403, "Este envio não veio desta tela")
    assert "de outro site" not in refused.html


@pytest.mark.parametrize("path", ["https://elsewhere.example/", "//elsewhere.example", "/console/\\x", ""])
async def test_what_is_kept_through_the_login_is_sent_nowhere_else(console: Console, path: str) -> None:
    entered = await console.post("/entrar", usuario="ana", senha=PASSWORD, adiado=urlencode({"_para": path, "a": "b"}))

    assert (entered.status, entered.location) == (303, "/console/painel/pendentes")


def kept_in(page: Page) -> dict[str, str]:
    found = re.search(r'name="adiado" value="([^"]*)"', page.html)
    return {"adiado": unescape(found[1])} if found else {}


def resent(page: Page) -> tuple[str, dict[str, str]]:
    """Where a page's form goes, within the console, and with what."""
    action = re.search(r'<form class="stack" method="post" action="/console([^"]+)"', page.html)
    fields = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page.html)
    return action[1] if action else "", {name: unescape(value) for name, value in fields}


async def test_an_operator_whom_the_setting_names_no_more_is_out_at_once(console: Console) -> None:
    await console.enter()
    [(key, session)] = console.stores.sessions.kept.items()  # type: ignore[attr-defined]
    console.stores.sessions.kept[key] = replace(session, user="zeca")  # type: ignore[attr-defined]

    assert (await console.get(PANEL)).status == 303


async def test_a_demoted_operator_has_the_role_of_the_setting(console: Console) -> None:
    await console.enter()
    [(key, session)] = console.stores.sessions.kept.items()  # type: ignore[attr-defined]
    console.stores.sessions.kept[key] = replace(session, role=Role.ADMINISTRADOR)  # type: ignore[attr-defined]

    page = await console.get("/configuracao/setores")

    assert (page.status, page.heading) == (403, "Seu perfil não abre esta tela")
    assert "Você entrou como operador, e esta tela pede administrador." in page.text


async def test_the_root_and_the_icon_lead_to_the_console(console: Console) -> None:
    root, icon = await console.client.get("/"), await console.client.get("/favicon.ico")

    assert (root.headers["location"], icon.headers["content-type"]) == ("/console/", "image/svg+xml")
    assert (await console.follow(await console.get("/"))).heading == "MK 3.0"
