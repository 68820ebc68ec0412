"""What is wrong with a form that was sent, in the app's words: the summary above it, and a text beside each field."""

from collections.abc import Mapping

from contracts.text import trimmed

Sent = Mapping[str, str]
MOST = 2000
KEPT = "O problema é nosso, não seu. Nada foi perdido: tente de novo."
"""Of what failed, but may pass."""


def wrong_with(sent: Sent, errors: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    """The summary's heading, empty where nothing is wrong, and the text of each field; `form` is of no field."""
    wrong = {"score": "", "comment": "", "form": ""}
    for field, text in errors.items():
        match field:
            case "score":
                wrong["score"] = "Escolha uma nota de 1 a 5"
            case "comment":
                wrong["comment"] = _of_comment(sent.get("comment", ""), text)
            case _:
                wrong["form"] = text
    found = sum(bool(text) for text in wrong.values())
    if wrong["form"]:
        return "Não deu para enviar sua avaliação", wrong
    return ("" if not found else "Falta uma coisa" if found == 1 else f"Faltam {found} coisas"), wrong


def _of_comment(comment: str, otherwise: str) -> str:
    written = trimmed(comment)
    if not written:
        return "Conte em poucas palavras o motivo da nota"
    too_many = len(written) - MOST
    return f"O texto passou de 2.000 caracteres: tire {too_many:,}".replace(",", ".") if too_many > 0 else otherwise
