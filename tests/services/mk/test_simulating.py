"""R10 from MK's console to the tickets service and back, over a real broker and a real database."""

from pathlib import Path

import httpx2

from services.tickets.app import build
from services.tickets.settings import Settings
from tests.eventually import eventually
from tests.mk.running import mk_runs
from tests.services.mk.console.browser import PASSWORD, Page, operators
from tests.system import System


async def test_r10_the_console_shows_what_the_tickets_service_would_resolve_to(system: System, tmp_path: Path) -> None:
    await system.run(build, Settings)
    mk = await mk_runs(system, tmp_path, operators=operators(), mk_load="provider")
    transport = httpx2.ASGITransport(app=mk.http_app())
    async with httpx2.AsyncClient(transport=transport, base_url="http://mk", headers={"Origin": "http://mk"}) as client:
        await client.post("/console/entrar", data={"usuario": "ana", "senha": PASSWORD})

        async def result() -> str | None:
            page = Page(await client.get("/console/configuracao/simulador?cliente=1001&setor=tecnico"))
            return page.text if "usado" in page.text and "(grupo Residencial)" in page.text else None

        # what the scenario announced comes to the service one by one
        shown = await eventually(result)
        customers = Page(await client.get("/console/clientes?q=souza"))

    assert "Um contato de Ana Beatriz Souza (grupo Residencial) para Técnico abriria um atendimento" in shown
    assert "Processo Suporte residencial usado Suporte técnico não precisou Suporte residencial do grupo" in shown
    assert "Classificação — não definida Sem conexão usado Sem conexão do setor Técnico" in shown
    assert "Ana Beatriz Souza Residencial Fibra 500 Mb" in customers.text
