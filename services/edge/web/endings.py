"""How a page without a form reads: title, heading, a sentence and a sign, in the app's words."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from contracts.problems import Problem


@dataclass(frozen=True, slots=True)
class Ending:
    """One such page; `kind` colours its sign, `again` offers to try once more, `write` to write to the provider."""

    title: str
    heading: str
    text: str
    sign: str = "info"
    kind: str = "done"
    again: bool = False
    write: bool = False

    @property
    def facts(self) -> dict[str, object]:
        """Itself, for a template."""
        return asdict(self)


RATED = Ending(
    "Avaliação enviada", "Obrigado pela sua avaliação", "Ela já está com a equipe que atendeu você.", "check", ""
)
QUEUED = Ending(
    "Avaliação enviada",
    "Avaliação recebida",
    "Ela será registrada em instantes. Não precisa enviar de novo.",
    "clock",
    "wait",
)
ANSWERED = Ending("Você já avaliou", "Você já avaliou este atendimento", "A primeira resposta é a que vale.", "check")
EXPIRED = Ending(
    "Avaliação expirada", "Esta avaliação expirou", "O prazo terminou. Nada foi registrado.", "clock", write=True
)
WITHDRAWN = Ending(
    "Avaliação retirada",
    "Este pedido de avaliação foi retirado",
    "O atendimento foi reaberto. Quando terminar, perguntamos de novo.",
    "reopen",
)


def of_status(problem: Problem, headers: Mapping[str, str], unknown: str) -> Ending:
    """What a problem is to its reader; `unknown` is the heading where there is nothing under the address."""
    match problem.status:
        case 404:
            return Ending("Não encontrado", unknown, "Confira o endereço ou volte para o Início.")
        case 409:
            return ANSWERED
        case 410:
            return WITHDRAWN if problem.type.endswith("withdrawn") or problem.newest else EXPIRED
        case 429:
            return Ending("Muitas tentativas", "Muitas tentativas", later(headers), "clock", "wait", again=True)
        case status if status >= 500:  # noqa: PLR2004 - an HTTP status
            text = "O problema é nosso, não seu. Tente de novo em instantes."
            return Ending("Fora do ar", "Não deu para carregar esta página", text, "alert", "wait", again=True)
    return Ending("Não foi possível continuar", "Não foi possível continuar", problem.detail, "alert", "wait")


def later(headers: Mapping[str, str]) -> str:
    """When to come back."""
    seconds = {name.lower(): value for name, value in headers.items()}.get("retry-after", "")
    when = f"{seconds} segundo{'' if seconds == '1' else 's'}" if seconds.isdecimal() else "alguns segundos"
    return f"Tente de novo em {when}."
