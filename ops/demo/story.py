"""The day: two contacts, a field visit, a closing, an evaluation, and what the operator sees of it."""

from datetime import timedelta
from uuid import uuid4

from chassis.clock import utc_now
from ops.demo.arrivals import Ways, the_arrivals
from ops.demo.chat import the_link, the_rating
from ops.demo.push import the_device
from ops.demo.screen import Screen
from ops.demo.stage import App, Json, Stage, eventually, expect
from ops.questions import explain


def play(screen: Screen) -> None:
    """Tell the whole day. Raises: PlotHoleError where the product does something else."""
    stage = Stage(screen)
    business = stage.customer(connections=2, group={"process", "classification"})
    farmer = stage.customer(connections=1, group=set())
    app = App(stage, business)
    ticket = first_contact(stage, app, business)
    the_mails(stage, ticket["protocol"])
    the_visit(stage, app, ticket)
    the_closing(stage, app, ticket)
    the_evaluation(stage, app, ticket)
    on_every_way(stage, farmer)
    the_operators_view(stage, ticket)


def on_every_way(stage: Stage, customer: Json) -> None:
    """A customer with a device and a chat is served, rates in the chat, and what reached them is laid open."""
    app = App(stage, customer)
    app.log_in()
    ways = Ways(the_device(stage, customer, app), the_link(stage, customer, app))
    ticket = second_contact(stage, app, customer)
    stage.screen.describe(
        "At this sector's level the customer hears of beginning and end: not of who takes it up (R15)."
    )
    stage.operator_does("ResponsibleAdded.v1", ticket_id=ticket["ticket_id"], responsible_id="r-4", name="Marta Lima")
    the_rating(stage, app, ticket, ways.chat)
    the_arrivals(stage, customer, app, ticket, ways)


def first_contact(stage: Stage, app: App, customer: Json) -> Json:
    """A customer with two connections writes; the process comes from the person group."""
    stage.screen.chapter(f"{customer['name']} has no internet in one of two places")
    app.log_in()
    app.get("/v1/menu")
    form = app.get("/v1/contact-form")
    expect("the form's need of a connection", of=form["connection_required"], to_be=True)
    text = {"sector_id": "tecnico", "text": "Sem conexão desde cedo, luz vermelha no modem."}
    stage.screen.describe("Two active connections: which one must be said (R6).")
    app.post("/v1/contacts", text, status=422)
    key, whole = str(uuid4()), {**text, "connection_id": form["connections"][1]["connection_id"]}
    accepted = app.post("/v1/contacts", whole, status=202, key=key)
    stage.screen.describe("The network is bad, the app sends again with the same key: one contact, one answer (R12).")
    again = app.post("/v1/contacts", whole, status=202, key=key)
    expect("the contact of the second answer", of=again["contact_id"], to_be=accepted["contact_id"])
    return resolved(stage, protocol_of(app, accepted), from_="person_group")


def second_contact(stage: Stage, app: App, customer: Json) -> Json:
    """A customer whose group defines nothing; the process comes from the sector."""
    stage.screen.chapter(f"{customer['name']} asks about the bill")
    body = {"sector_id": "financeiro", "text": "Minha fatura veio em dobro."}
    accepted = app.post("/v1/contacts", body, status=202)
    return resolved(stage, protocol_of(app, accepted), from_="sector")


def protocol_of(app: App, accepted: Json) -> str:
    """The protocol of a contact, which comes with the answer unless it takes longer than the app waits for that."""
    if found := accepted.get("protocol"):
        return str(found)
    address = f"/v1/contacts/{accepted['contact_id']}"
    return str(eventually("the protocol", lambda: app.get(address, show=False).get("protocol")))


def resolved(stage: Stage, protocol: str, *, from_: str) -> Json:
    """Show how a ticket was filed, and hold it to where that should have come from (R9, R10)."""

    def in_mk() -> Json | None:
        answer = stage.http.get(f"{stage.mk}/tickets/{protocol}")
        return answer.json() if answer.status_code == 200 else None  # noqa: PLR2004 - HTTP's OK

    ticket: Json = eventually(f"ticket {protocol} in MK", in_mk)
    opening = ticket["timeline"][0]["fields"]
    rows = [[name, opening[name], opening[f"{name}_from"]] for name in ("process", "classification")]
    stage.screen.table(f"MK has ticket {protocol}", ["", "value", "from"], rows)
    expect("where the process came from", of=str(opening["process_from"]).split(":", maxsplit=1)[0], to_be=from_)
    return ticket


def the_mails(stage: Stage, protocol: str) -> None:
    """The two mails of R11."""
    stage.screen.chapter("Two e-mails went out (R11)")

    def both() -> list[Json] | None:
        mails = stage.mails_about(protocol)
        return mails if len(mails) >= 2 else None  # noqa: PLR2004 - one to the sector, one to the customer

    mails: list[Json] = eventually("both mails", both)
    rows = [[mail["to"][0]["address"], mail["subject"], " ".join(mail["text"].split())[:90]] for mail in mails]
    stage.screen.table("Mailbox", ["to", "subject", "text"], rows)
    expect("the number of mails", of=len(mails), to_be=2)


def the_visit(stage: Stage, app: App, ticket: Json) -> None:
    """Everything that an operator does with the ticket, with the level turned to `all`."""
    stage.screen.chapter("The operator sends a technician")
    one = {"ticket_id": ticket["ticket_id"]}
    stage.operator_does("NotificationLevelChanged.v1", **one, notification_level="all")
    stage.operator_does(
        "ServiceOrderCreated.v1",
        **one,
        service_order_id="OS-77",
        scheduled_for=(utc_now() + timedelta(days=1)).isoformat(),
        description="Visita",
    )
    process = ticket["process"] or "Suporte"
    stage.operator_does("PhaseChanged.v1", **one, process=process, phase="AG-CAMPO", customer_label="Visita agendada")
    stage.operator_does("PhaseChanged.v1", **one, process=process, phase="INT-7", visible=False)
    stage.operator_does("ResponsibleAdded.v1", **one, responsible_id="r-9", name="Carlos Souza", team="Equipe de campo")
    expected = {"ticket_opened", "service_order_created", "phase_changed", "responsible_added"}
    inbox = eventually("the news in the app", lambda: inbox_with(app, ticket, expected))
    stage.screen.table(
        "The app's inbox", ["type", "title", "body"], [[i["type"], i["title"], i["body"]] for i in inbox]
    )
    expect("news of phases (the invisible one is nobody's business)", of=count(inbox, "phase_changed"), to_be=1)


def inbox_with(app: App, ticket: Json, types: set[str]) -> list[Json] | None:
    """The inbox about one ticket, once all these types are there."""
    items = app.get("/v1/notifications", show=False)["items"]
    about = [item for item in items if item["protocol"] == ticket["protocol"]]
    return about if types <= {item["type"] for item in about} else None


def count(inbox: list[Json], kind: str) -> int:
    """How many items of one type."""
    return sum(item["type"] == kind for item in inbox)


def the_closing(stage: Stage, app: App, ticket: Json) -> None:
    """Closed, with the tick that asks for an evaluation: one message, not two (R18)."""
    stage.screen.chapter("Solved, and the customer is asked how it was")
    one = {"ticket_id": ticket["ticket_id"]}
    stage.operator_does(
        "TicketClosed.v1", **one, closed_by="joana", request_evaluation=True, defect_found="Conector oxidado"
    )
    inbox = eventually("the request in the app", lambda: inbox_with(app, ticket, {"evaluation_requested"}))
    newest = next(item for item in inbox if item["type"] == "evaluation_requested")
    stage.screen.table("The newest message", ["title", "body"], [[newest["title"], newest["body"]]])
    expect("separate news of the closing", of=count(inbox, "ticket_closed"), to_be=0)
    shown = app.get(f"/v1/tickets/{ticket['protocol']}", show=False)
    rows = [[entry["at"][:16].replace("T", " "), entry["text"]] for entry in shown["timeline"]]
    stage.screen.table(f"Atendimento {ticket['protocol']} ({shown['status']})", ["quando (UTC)", "o quê"], rows)
    expect("the defect found", of=shown["defect_found"], to_be="Conector oxidado")


def the_evaluation(stage: Stage, app: App, ticket: Json) -> None:
    """Four stars want a comment; the first answer counts."""
    stage.screen.chapter("The customer rates it")
    waiting = [one for one in app.get("/v1/evaluations") if one["protocol"] == ticket["protocol"]]
    expect("the number of waiting evaluations", of=len(waiting), to_be=1)
    path = f"/v1/evaluations/{waiting[0]['evaluation_id']}"
    stage.screen.describe(
        "Four without a comment is refused (R22), with one it counts, and sending it again changes nothing (R24)."
    )
    app.post(path, {"score": 4}, status=422)
    app.post(path, {"score": 4, "comment": "Técnico atencioso, mas demorou."}, status=201)
    app.post(path, {"score": 4, "comment": "Técnico atencioso, mas demorou."}, status=200)
    app.post(path, {"score": 1, "comment": "Mudei de ideia."}, status=409)


def the_operators_view(stage: Stage, ticket: Json) -> None:
    """Painel → Finalizados (R26), and every decision about what the customer heard (R17)."""
    stage.screen.chapter("What the operator sees")

    def answered() -> Json | None:
        rows = stage.http.get(f"{stage.mk}/painel/finalizados").json()
        items = rows["items"] if isinstance(rows, dict) else rows
        return next(
            (one for one in items if one["protocol"] == ticket["protocol"] and one["state"] == "answered"), None
        )

    row: Json = eventually("the answer in MK", answered)
    stage.screen.table(
        "Painel → Finalizados", ["protocolo", "avaliação", "nota"], [[row["protocol"], row["state"], row["score"]]]
    )
    expect("the score in MK", of=row["score"], to_be=4)
    expect("the answer of `atendo explain`", of=explain(ticket["protocol"]), to_be=0)
