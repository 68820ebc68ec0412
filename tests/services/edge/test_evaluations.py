"""Rating closed tickets, logged in and through the signed link (R22 to R24)."""

from html.parser import HTMLParser
from uuid import uuid4

import httpx2
import pytest

from tests.services.edge.conftest import Serve
from tests.services.edge.surroundings import Stub

pytestmark = pytest.mark.asyncio(loop_scope="module")


EVALUATION = str(uuid4())
PENDING = {
    "evaluation_id": EVALUATION,
    "protocol": "20260105000001",
    "closed_at": "2026-01-05T12:00:00Z",
    "expires_at": "2026-01-19T12:00:00Z",
}
LINK = "/avaliacao/token-that-feedback-signed"
FORM_TYPE = {"Content-Type": "application/x-www-form-urlencoded"}


class Elements(HTMLParser):
    """The elements of a page, each with its attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep one."""
        self.found.append((tag, dict(attrs)))

    def of(self, tag: str, **attributes: str) -> list[dict[str, str | None]]:
        """Those of one kind with these attributes."""
        return [had for name, had in self.found if name == tag and attributes.items() <= had.items()]


def rated(*, created: bool, score: int = 5) -> dict[str, object]:
    return {"evaluation_id": EVALUATION, "score": score, "created": created}


def waiting(stub: Stub, state: str = "open", **more: object) -> None:
    stub.says("open_evaluation_link", PENDING | {"state": state} | more)


async def test_pending_evaluations_are_listed(client: httpx2.AsyncClient, stub: Stub) -> None:
    stub.says("list_evaluations", [PENDING])

    answer = await client.get("/v1/evaluations")

    assert answer.json() == [PENDING]


async def test_r24_the_first_answer_is_created_and_the_same_again_is_fine(
    client: httpx2.AsyncClient, stub: Stub
) -> None:
    stub.says("submit_evaluation", rated(created=True))
    first = await client.post(f"/v1/evaluations/{EVALUATION}", json={"score": 5, "comment": "  "})
    stub.says("submit_evaluation", rated(created=False))
    again = await client.post(f"/v1/evaluations/{EVALUATION}", json={"score": 5})

    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json() == {"evaluation_id": EVALUATION, "score": 5}
    asked, repeated = stub.asked
    assert asked["request_id"] == repeated["request_id"]
    assert (asked["customer_id"], asked["evaluation_id"], asked["comment"]) == ("ana", EVALUATION, None)


async def test_r24_the_same_answer_is_the_same_request(client: httpx2.AsyncClient, stub: Stub) -> None:
    stub.says("submit_evaluation", rated(created=True))

    for score in (5, 5, 4):
        await client.post(f"/v1/evaluations/{EVALUATION}", json={"score": score, "comment": "Bom"})

    ids = [asked["request_id"] for asked in stub.asked]
    assert ids[0] == ids[1] != ids[2]


async def test_what_feedback_refuses_is_told_in_its_words(client: httpx2.AsyncClient, stub: Stub) -> None:
    for status in (404, 409, 410, 422):
        stub.refuses("submit_evaluation", status, field="comment")

        answer = await client.post(f"/v1/evaluations/{EVALUATION}", json={"score": 3, "comment": "Lenta"})

        assert answer.status_code == status
        assert answer.json()["type"] == f"urn:atendo:problem:refused-{status}"
        assert answer.json()["errors"] == [{"field": "comment", "message": "Não."}]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"score": 0}, "score"),
        ({"score": 6}, "score"),
        ({"score": "5"}, "score"),
        ({"score": 4.5}, "score"),
        ({"score": True}, "score"),
        ({}, "score"),
        ({"score": 5, "comment": "x" * 2001}, "comment"),
        ({"score": 5, "comment": "a\0"}, "comment"),
    ],
)
async def test_r22_a_rating_that_cannot_be_meant_is_refused(
    lone: httpx2.AsyncClient, body: dict[str, object], field: str
) -> None:
    answer = await lone.post(f"/v1/evaluations/{EVALUATION}", json=body)

    assert answer.status_code == 422
    assert [one["field"] for one in answer.json()["errors"]] == [field]


async def test_r24_a_rating_that_feedback_does_not_answer_in_time_is_kept(
    client: httpx2.AsyncClient, stub: Stub
) -> None:
    assert not stub.answers

    answer = await client.post(f"/v1/evaluations/{EVALUATION}", json={"score": 5})
    page = await client.post(LINK, data={"score": "5"})

    assert (answer.status_code, answer.json()) == (202, {"state": "queued"})
    assert answer.headers["content-type"] == "application/json"
    assert page.status_code == 202
    assert "Avaliação recebida" in page.text
    assert "Não precisa enviar de novo." in page.text


async def test_r24_a_rating_without_a_broker_can_be_sent_again(serve: Serve) -> None:
    here = await serve()
    await here.broker.publisher.link.close()

    answer = await here.client.post(f"/v1/evaluations/{EVALUATION}", json={"score": 5})

    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0


@pytest.mark.parametrize("comment", [None, "", "  ", "\u200b", "\u3164\n", "\u2800"])
async def test_r22_below_five_a_comment_that_can_be_seen_is_required(
    client: httpx2.AsyncClient, stub: Stub, comment: str | None
) -> None:
    waiting(stub)

    answer = await client.post(f"/v1/evaluations/{EVALUATION}", json={"score": 4, "comment": comment})
    page = await client.post(LINK, data={"score": "4", "comment": comment or ""})

    assert (answer.status_code, page.status_code) == (422, 422)
    assert answer.json()["type"] == "urn:atendo:problem:comment-required"
    assert [one["field"] for one in answer.json()["errors"]] == ["comment"]
    assert 'id="me"' in page.text
    # feedback isn't even asked to record it
    assert {asked["kind"] for asked in stub.asked} == {"open_evaluation_link"}


async def test_r22_a_comment_is_counted_without_what_surrounds_it(client: httpx2.AsyncClient, stub: Stub) -> None:
    stub.says("submit_evaluation", rated(created=True))

    for comment in (f"\u200b {'ç' * 2000}\u3164", "Ótimo \U0001f44d\ufe0f "):
        assert (await post_rating(client, comment)).status_code == 201
    long = await post_rating(client, "ç" * 2001)

    assert [asked["comment"] for asked in stub.asked] == ["ç" * 2000, "Ótimo \U0001f44d\ufe0f"]
    assert long.status_code == 422


async def post_rating(client: httpx2.AsyncClient, comment: str) -> httpx2.Response:
    return await client.post(f"/v1/evaluations/{EVALUATION}", json={"score": 5, "comment": comment})


async def test_r21_one_evaluation_is_shown_whatever_became_of_it(client: httpx2.AsyncClient, stub: Stub) -> None:
    newest = str(uuid4())
    withdrawn = PENDING | {"state": "withdrawn", "newest": newest}
    stub.says("get_evaluation", withdrawn)
    shown = await client.get(f"/v1/evaluations/{EVALUATION}")
    stub.says("get_evaluation", PENDING | {"state": "open", "score": None, "comment": None})
    still_open = await client.get(f"/v1/evaluations/{EVALUATION}")
    stub.refuses("get_evaluation", 404)
    foreign, no_id = await client.get(f"/v1/evaluations/{uuid4()}"), await client.get("/v1/evaluations/x")

    assert shown.json() == withdrawn
    assert still_open.json() == PENDING | {"state": "open"}
    assert (foreign.status_code, no_id.status_code) == (404, 404)
    assert (stub.asked[0]["customer_id"], stub.asked[0]["evaluation_id"]) == ("ana", EVALUATION)


async def test_r21_a_withdrawn_link_leads_to_the_newest(client: httpx2.AsyncClient, stub: Stub) -> None:
    newest = "http://127.0.0.1:8080/avaliacao/the-newer-token"
    waiting(stub, "withdrawn", newest=newest)
    page = await client.get(LINK)
    problem = {"type": "urn:atendo:problem:evaluation-withdrawn", "title": "Evaluation withdrawn", "status": 410}
    refusal = {"problem": problem | {"detail": "Esta avaliação foi retirada.", "newest": newest}}
    stub.answers["submit_evaluation_by_link"] = stub.answers["submit_evaluation"] = lambda _: refusal
    sent = await client.post(LINK, data={"score": "5"})
    answered = await post_rating(client, "")
    waiting(stub, "withdrawn")
    alone = await client.get(LINK)

    assert [one.status_code for one in (page, sent, answered, alone)] == [410] * 4
    for one in (page, sent):
        assert newest in [link["href"] for link in Elements(one.text).of("a")]
        assert "Avaliar o atendimento atual" in one.text
        assert not Elements(one.text).of("form")
    assert answered.json() == refusal["problem"]
    assert "Este pedido de avaliação foi retirado" in alone.text
    assert "Avaliar o atendimento atual" not in alone.text


async def test_a_link_of_the_last_release_is_read_on(client: httpx2.AsyncClient, stub: Stub) -> None:
    known = {name: value for name, value in PENDING.items() if name != "expires_at"}
    stub.says("open_evaluation_link", known | {"state": "waiting"})

    answer = await client.get(LINK)

    assert answer.status_code == 200
    assert Elements(answer.text).of("form")


async def test_a_link_with_a_slash_too_many_leads_to_the_page(client: httpx2.AsyncClient, stub: Stub) -> None:
    waiting(stub)

    answer = await client.get(f"{LINK}/", headers={"Accept": "text/html"}, follow_redirects=True)

    assert (answer.status_code, answer.url.path) == (200, LINK)
    assert Elements(answer.text).of("form")


async def test_r23_opening_the_link_shows_the_form_and_records_nothing(client: httpx2.AsyncClient, stub: Stub) -> None:
    waiting(stub)

    answer = await client.get(LINK, headers={"Authorization": ""})

    assert answer.status_code == 200
    page = Elements(answer.text)
    assert page.of("html", lang="pt-BR")
    assert [one["value"] for one in page.of("input", type="radio", name="score")] == ["1", "2", "3", "4", "5"]
    assert page.of("label", **{"for": "m"})
    assert page.of("textarea", id="m", name="comment")
    assert page.of("form", method="post")
    assert not page.of("script")
    assert "Obrigatório para notas de 1 a 4" in answer.text
    assert [asked["kind"] for asked in stub.asked] == ["open_evaluation_link"]
    assert stub.asked[0]["token"] == "token-that-feedback-signed"


async def test_the_page_lets_nothing_run_and_tells_nobody_of_itself(client: httpx2.AsyncClient, stub: Stub) -> None:
    waiting(stub)

    headers = (await client.get(LINK)).headers

    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "script-src" not in policy
    assert headers["cache-control"] == "no-store"
    assert headers["referrer-policy"] == "no-referrer"
    assert "noindex" in headers["x-robots-tag"]
    assert headers["x-content-type-options"] == "nosniff"


async def test_r24_a_link_that_is_done_says_so(client: httpx2.AsyncClient, stub: Stub) -> None:
    waiting(stub, "answered", score=4)
    answered = await client.get(LINK)
    waiting(stub, "expired")
    expired = await client.get(LINK)

    assert (answered.status_code, expired.status_code) == (200, 410)
    assert "Você já avaliou este atendimento" in answered.text
    assert 'aria-label="Nota 4 de 5"' in answered.text
    assert "Esta avaliação expirou" in expired.text
    assert not Elements(answered.text + expired.text).of("form")


async def test_an_invalid_link_is_a_page_that_says_so(client: httpx2.AsyncClient, stub: Stub) -> None:
    stub.refuses("open_evaluation_link", 404, detail="Este link de avaliação não é válido.")

    answer, odd = await client.get(LINK), await client.get(f"/avaliacao/{'x' * 300}")

    assert (answer.status_code, odd.status_code) == (404, 404)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "Avaliação não encontrada" in answer.text
    assert "Avaliação não encontrada" in odd.text
    assert len(stub.asked) == 1


async def test_r23_sending_the_form_records_the_answer(client: httpx2.AsyncClient, stub: Stub) -> None:
    stub.says("submit_evaluation_by_link", rated(created=True, score=4))

    answer = await client.post(LINK, data={"score": "4", "comment": "Bom,\r\nmas demorou"})

    assert answer.status_code == 200
    assert "Obrigado pela sua avaliação" in answer.text
    [asked] = stub.asked
    assert (asked["score"], asked["comment"]) == (4, "Bom,\nmas demorou")


async def test_r22_a_missing_comment_is_said_beside_its_field(client: httpx2.AsyncClient, stub: Stub) -> None:
    waiting(stub)

    answer = await client.post(LINK, data={"score": "2", "comment": ""})

    assert answer.status_code == 422
    page = Elements(answer.text)
    [comment] = page.of("textarea", id="m")
    assert comment["aria-invalid"] == "true"
    assert "me" in (comment["aria-describedby"] or "").split()
    assert "Conte em poucas palavras o motivo da nota" in answer.text
    assert page.of("a", href="#m")
    assert [one["value"] for one in page.of("input", name="score") if "checked" in one] == ["2"]


async def test_r22_a_missing_score_is_said_beside_its_field(client: httpx2.AsyncClient, stub: Stub) -> None:
    waiting(stub)

    for form in ("", "comment=oi", "score=", "score=9&comment=oi", "score=x", "%ff=%ff&score", "a=1&" * 2000):
        answer = await client.post(LINK, content=form, headers=FORM_TYPE)
        assert (form, answer.status_code) == (form, 422)
        assert 'id="se"' in answer.text

    assert {asked["kind"] for asked in stub.asked} == {"open_evaluation_link"}


async def test_what_was_written_is_kept_and_never_run(client: httpx2.AsyncClient, stub: Stub) -> None:
    waiting(stub)

    answer = await client.post(LINK, data={"comment": "</textarea><script>alert(1)</script>"})

    assert answer.status_code == 422
    assert "&lt;/textarea&gt;&lt;script&gt;alert(1)" in answer.text
    assert not Elements(answer.text).of("script")


async def test_r24_an_answer_that_does_not_count_says_why(client: httpx2.AsyncClient, stub: Stub) -> None:
    ends = {
        404: "Avaliação não encontrada",
        409: "Você já avaliou este atendimento",
        410: "Esta avaliação expirou",
    }
    for status, heading in ends.items():
        # what became of it can't be asked for: it is explained all the same
        stub.refuses("open_evaluation_link", 404)
        stub.refuses("submit_evaluation_by_link", status, detail="Porque sim.")

        answer = await client.post(LINK, data={"score": "5"})

        assert answer.status_code == status
        assert heading in answer.text


async def test_without_feedback_the_page_says_when_to_come_back(serve: Serve) -> None:
    here = await serve()
    await here.broker.publisher.link.close()

    answer = await here.client.get(LINK)

    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
