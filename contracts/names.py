"""How customers are told of people: by a first name, never by a title or a surname (R4)."""

import re
import unicodedata

from contracts.text import is_visible, trimmed

_TITLES = frozenset(
    """
    d dr dra drs sr sra srs srta senhor senhora senhorita doutor doutora dom dona seu exmo exma ilmo ilma
    mr mrs ms miss me ma msc phd esp jr prof profa profo professor professora eng engo enga engenheiro engenheira
    civil arq arquiteto arquiteta adv advogado advogada tec tecn tecnico tecnica cap ten sgt sd cabo maj cel
    capitao tenente sargento soldado major coronel pe padre pr pastor pastora fr frei rev aux auxiliar assistente
    analista atendente consultor consultora coord coordenador coordenadora dir diretor diretora encarregado
    encarregada estagiario estagiaria ger gerente instalador instaladora operador operadora sup supervisor
    supervisora crm crea cft cfm crp oab
    """.split()  # noqa: SIM905 - a list would be a page
)
"""Titles, professions and registers, without accents, ordinals and dots."""

_PARTICLES = frozenset({"da", "das", "de", "del", "di", "do", "dos", "e", "van", "von"})
"""What stands before a surname, or before what somebody is."""

_SURNAMES = frozenset(
    """
    aguiar almeida alves andrade araujo azevedo barbosa barros bezerra borges campos cardoso carvalho castro cavalcante
    cavalcanti coelho correa correia costa cunha dantas dias farias fernandes ferreira freitas gomes goncalves
    guimaraes lacerda leite lima lopes macedo machado magalhaes marques martins medeiros mello melo mendes menezes
    monteiro moraes morais moreira moura nascimento nogueira nunes oliveira peixoto pereira pinto prado queiroz ramos
    reis resende rezende ribeiro rocha rodrigues sampaio santos silva siqueira soares sousa souza tavares teixeira
    vieira
    """.split()  # noqa: SIM905 - a list would be a page
)
"""Common surnames that are nobody's first name."""

_ASIDE = re.compile(r"\([^)]*\)|@\S*")
_BETWEEN = re.compile(r"[\s.;:/\\|&+()\[\]{}<>\"“”«»_*]+")
_INNER = re.compile("([-'\u2019])")
_VOWELS = frozenset("aeiouy")


def in_charge(*, name: str, team: str | None) -> str | None:
    """What to call someone in charge of a ticket: their team where there is one, else their first name, else None."""
    return trimmed(team) if team and is_visible(team) else first_name(name)


def first_name(name: str) -> str | None:
    """The first name in a name as people type it, or None where there is none, or no telling which it is.

    "Dra. ANA SOUZA" is "Ana"; "SILVA, João" is "João"; "Dr." and "Sr. Silva" are None.
    """
    before, *after = _ASIDE.sub(" ", _readable(name)).split(",")
    for part in after:
        if found := _first(_pieces(part)):
            return found
    pieces = _pieces(before)
    # what stands alone before a comma is a surname
    return _first(pieces) if not after or len(pieces) > 1 else None


def _readable(name: str) -> str:
    composed = unicodedata.normalize("NFC", name)
    return "".join(" " if unicodedata.category(one) in {"Cc", "Cf", "Cs"} else one for one in composed)


def _pieces(part: str) -> list[str]:
    return [piece for piece in map(_bare, _BETWEEN.split(part)) if piece]


def _bare(piece: str) -> str:
    places = [place for place, one in enumerate(piece) if one.isalpha() and one not in "ªº" and is_visible(one)]
    if not places:
        return ""
    end = places[-1] + 1
    while end < len(piece) and unicodedata.category(piece[end])[0] == "M":
        end += 1
    return piece[places[0] : end]


def _first(pieces: list[str]) -> str | None:
    names = [piece for piece in pieces if _plain(piece.split("-")[0]) not in _TITLES]
    if not names:
        return None
    piece, plain = names[0], _plain(names[0])
    is_initial = len(piece) == 1 and piece.upper() != piece.lower()
    return None if is_initial or plain in _PARTICLES or plain in _SURNAMES else _capitalised(piece)


def _plain(piece: str) -> str:
    parts = unicodedata.normalize("NFKD", piece.casefold())
    return "".join(part for part in parts if not unicodedata.combining(part))


def _capitalised(piece: str) -> str:
    if not (piece.isupper() or piece.islower() or piece.swapcase().istitle()):
        return piece
    if piece.isupper() and not _VOWELS & set(_plain(piece)):
        # initials, as in "JP"
        return piece
    return unicodedata.normalize("NFC", "".join(part.capitalize() for part in _INNER.split(piece)))
