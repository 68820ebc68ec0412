"""Names as people type them, and the first names in them (R4)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.names import first_name, in_charge


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("Rui Melo", "Rui"),
        ("  Ana Paula Souza ", "Ana"),
        ("João", "João"),
        ("Dr. João Prado", "João"),
        ("Dra Ana Souza", "Ana"),
        ("DRA. ANA SOUZA", "Ana"),
        ("Dr.João", "João"),
        ("Sr. Prof. Dr. Caio Reis", "Caio"),
        ("Sr(a). Lia", "Lia"),
        ("Sr./Sra. Lia", "Lia"),
        ("Eng. Rui", "Rui"),
        ("Engº Rui", "Rui"),
        ("Eng.ª Bia", "Bia"),
        ("Profª. Bia", "Bia"),
        ("D. Maria", "Maria"),
        ("Téc. Rui - Campo", "Rui"),
        ("Técnico - Rui", "Rui"),
        ("SILVA, João", "João"),
        ("SILVA, JOÃO CARLOS", "João"),
        ("Silva Souza, Dr. João", "João"),
        ("João Silva, Eng.", "João"),
        ("João Prado, Eng. Civil", "João"),
        ("João Prado, CREA-SP 12345", "João"),
        ("João Prado, Técnico de Campo", "João"),
        ("João Prado, Jr.", "João"),
        ("JOÃO PRADO", "João"),
        ("joão prado", "João"),
        ("jOÃO pRADO", "João"),
        ("MARIA-CLARA REIS", "Maria-Clara"),
        ("D'ANGELO", "D'Angelo"),
        ("McArthur", "McArthur"),
        ("JP", "JP"),
        ("ZÉ", "Zé"),
        ("joao.silva", "Joao"),
        ("joao.silva@provedor.example", "Joao"),
        ("joao2", "Joao"),
        ("(Campo) Rui", "Rui"),
        ("\u200bRui\u200b Melo", "Rui"),
        ("Joa\u0303o", "João"),
        ("👩\u200d🔧 Ana", "Ana"),
        ("山田", "山田"),
    ],
)
def test_r4_a_first_name_is_neither_title_nor_surname(typed: str, first: str) -> None:
    assert first_name(typed) == first


@pytest.mark.parametrize(
    "typed",
    [
        *("", " ", "\u200b\u3164", "Dr.", "dra", "Sr. Dr.", "SILVA,", "SILVA, Dr.", "Sr. Silva", "Silva", "da Silva"),
        *("A. Xavier", "J. Xavier", "(removido)", "-", "!?", "12", "Téc 02", ",", ",,", "SOUZA LIMA, Eng."),
    ],
)
def test_r4_where_no_first_name_can_be_told_there_is_none(typed: str) -> None:
    assert first_name(typed) is None


@given(st.text() | st.lists(st.sampled_from(["Dr.", "SILVA", ",", "João", "de", "ANA", "2", "-", "'"])).map(" ".join))
def test_r4_a_first_name_is_one_word_and_stays_what_it_is(typed: str) -> None:
    found = first_name(typed)

    assert found is None or (len(found.split()) == 1 and first_name(found) == found)


@pytest.mark.parametrize(
    ("name", "team", "called"),
    [
        ("Dr. Rui Melo", "Campo", "Campo"),
        ("Dr. Rui Melo", " Suporte N2\u200b", "Suporte N2"),
        ("Dr. Rui Melo", None, "Rui"),
        ("Dr. Rui Melo", "\u3164", "Rui"),
        ("Dr.", None, None),
        ("(removido)", None, None),
    ],
)
def test_r4_the_team_goes_before_the_person(name: str, team: str | None, called: str | None) -> None:
    assert in_charge(name=name, team=team) == called
