"""What the bot writes, in Portuguese: plain, and never blaming anybody."""

from collections.abc import Mapping

WELCOME = (
    "Este é o atendimento do seu provedor. Para receber seus avisos aqui, abra Ajustes no app e vincule o Telegram."
)
LINKED = "Telegram vinculado. Os avisos dos seus atendimentos chegam aqui. Para parar, envie /sair."
LINKED_ANEW = (
    "Telegram vinculado a outro cadastro: os avisos do anterior não chegam mais aqui. Para parar, envie /sair."
)
ALREADY_LINKED = "Este chat já está vinculado. Para parar de receber avisos, envie /sair."
LINK_UNKNOWN = "Este link não é válido. Abra Ajustes no app e peça um novo."
LINK_USED = "Este link já foi usado. Abra Ajustes no app e peça um novo."
LINK_LATE = "Este link expirou. Abra Ajustes no app e peça um novo."
MOVED = "Seu cadastro foi vinculado a outro chat: os avisos não chegam mais aqui."
LEFT = "Pronto: este chat não recebe mais avisos. Para voltar, vincule o Telegram de novo em Ajustes, no app."
NOT_LINKED = "Este chat não está vinculado."
BUTTON_UNKNOWN = "Este botão não vale mais."
RECEIVED = "Avaliação recebida. Obrigado!"
NOTHING_ASKED = "Não há nada a responder agora. Para falar com o provedor, use Contato no app."
TEXT_NEEDED = "Escreva em poucas palavras o motivo da nota."

CLOSED: Mapping[str, str] = {
    "answered": "Este atendimento já foi avaliado. A primeira resposta é a que vale.",
    "expired": "O prazo desta avaliação terminou.",
    "withdrawn": "O atendimento foi reaberto e este pedido de avaliação foi retirado.",
}
"""Why a question that isn't open takes no answer."""

REFUSED: Mapping[str, str] = {
    "already_answered": CLOSED["answered"],
    "expired": CLOSED["expired"],
    "withdrawn": CLOSED["withdrawn"],
    "comment_required": TEXT_NEEDED,
}
"""Why feedback did not record an answer."""


def reason(protocol: str, score: int) -> str:
    """Ask for the comment that a score below five needs (R22)."""
    asked = "Conte em poucas palavras o motivo: sua próxima mensagem é o comentário."
    return f"Nota {score} para o protocolo {protocol}. {asked}"


def thanks(protocol: str, score: int) -> str:
    """The answer is on its way to be recorded."""
    return f"Obrigado! Sua nota {score} para o protocolo {protocol} foi recebida."


def too_long(by: int) -> str:
    """A comment over 2,000 characters."""
    return f"O texto passou de 2.000 caracteres: tire {by} e envie de novo."


def ask(protocol: str) -> str:
    """Ask for the evaluation that took a withdrawn one's place (R21)."""
    return f"Avalie o atendimento {protocol}: escolha uma nota de 1 a 5."
