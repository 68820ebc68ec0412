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
        if found := _first(_words(part)):
            return found
    words = _words(before)
    # what stands alone before a comma is a surname
    return _first(words) if not after or len(words) > 1 else None


def _readable(name: str) -> str:
    composed = unicodedata.normalize("NFC", name)
    return "".join(" " if unicodedata.category(one) in {"Cc", "Cf", "Cs"} else one for one in composed)


def _words(part: str) -> list[str]:
    return [word for word in map(_letters, _BETWEEN.split(part)) if word]


def _letters(word: str) -> str:
    letters = [place for place, one in enumerate(word) if one.isalpha() and one not in "ªº" and is_visible(one)]
    if not letters:
        return ""
    end = letters[-1] + 1
    while end < len(word) and unicodedata.category(word[end])[0] == "M":
        end += 1
    return word[letters[0] : end]


def _first(words: list[str]) -> str | None:
    names = [word for word in words if _plain(word.split("-")[0]) not in _TITLES]
    if not names:
        return None
    word, plain = names[0], _plain(names[0])
    is_initial = len(word) == 1 and word.upper() != word.lower()
    return None if is_initial or plain in _PARTICLES or plain in _SURNAMES else _capitalised(word)


def _plain(word: str) -> str:
    parts = unicodedata.normalize("NFKD", word.casefold())
    return "".join(part for part in parts if not unicodedata.combining(part))


def _capitalised(word: str) -> str:
    if not (word.isupper() or word.islower() or word.swapcase().istitle()):
        return word
    if word.isupper() and not _VOWELS & set(_plain(word)):
        # initials, as in "JP"
        return word
    return unicodedata.normalize("NFC", "".join(part.capitalize() for part in _INNER.split(word)))
