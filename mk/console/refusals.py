"""What the console refuses, as a page explains it."""

from mk.operators import Role


class NotLoggedIn(Exception):
    """There is no session, or it ended."""


class Refused(Exception):
    """A request that isn't done; the page says why, and what to do."""

    def __init__(self, status: int, heading: str, text: str) -> None:
        super().__init__(heading)
        self.status = status
        self.heading = heading
        self.text = text


def needs(role: Role, *, has: Role) -> Refused:
    """A page of another role."""
    return Refused(
        403,
        "Seu perfil não abre esta tela",
        f"Você entrou como {has}, e esta tela pede {role}. Se precisar dela, peça a quem administra o MK.",
    )


def foreign() -> Refused:
    """A form that isn't ours, or one whose session is another by now."""
    return Refused(
        403,
        "Este envio não veio desta tela",
        "Nada foi feito. Volte, recarregue a tela e envie de novo.",
    )


def not_found(heading: str = "Página não encontrada") -> Refused:
    """Nothing is at this address."""
    return Refused(404, heading, "Confira o endereço ou volte para o Painel.")


def away() -> Refused:
    """The broker takes nothing."""
    return Refused(
        503,
        "O MK não conseguiu publicar agora",
        "Nada foi feito e nada se perdeu. O problema é nosso: tente de novo em instantes.",
    )


def failed() -> Refused:
    """Something is broken here."""
    return Refused(500, "Algo falhou aqui", "O problema é nosso, não seu. Tente de novo em instantes.")
