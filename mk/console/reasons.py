"""Why a message did or didn't go out, in words: the ledger's codes as operators read them (R17)."""

import re

CHANNELS: dict[str, str] = {"inbox": "App", "push": "Celular", "telegram": "Telegram", "email": "E-mail"}

_KNOWN: dict[str, str] = {
    "level none": "nível Nenhuma não inclui este evento",
    "level start_end": "nível Início e fim não inclui este evento",
    "never told": "este evento nunca é avisado",
    "not visible": "fase não visível para o cliente",
    "switched off by the customer": "cliente desligou este canal",
    "no device": "nenhum aparelho",
    "no chat": "Telegram não vinculado",
    "no address": "sem endereço",
    "unusable address": "o endereço não pode ser usado",
    "our own address": "o endereço é nosso",
    "refused": "canal desligado: o endereço foi recusado",
    "told in the ticket's opening": "enviado junto com Atendimento aberto",
    "told with the evaluation request": "enviado junto com Avaliação solicitada",
    "told before": "já enviado",
    "carried by push": "o celular leva este pedido",
    "carried by telegram": "o Telegram leva este pedido",
    "waits for the ticket's opening": "espera o protocolo",
    "waits for the end of quiet hours": "horário de silêncio",
    "given up": "desistimos após várias tentativas",
    "outcome unknown": "pode ter sido entregue; não reenviamos sozinhos",
    "over the hourly cap": "limite de mensagens por hora",
    "customer erased": "dados do cliente apagados",
    "evaluation withdrawn": "a avaliação foi retirada",
    "evaluation answered": "a avaliação já foi respondida",
    "evaluation expired": "a avaliação expirou",
    "visit is over": "o horário da visita já passou",
}
_NOT_SET_UP = {"telegram": "sem robô configurado", "push": "avisos no celular não configurados"}
_NOTED = re.compile(r"(?P<reason>[^;]*); sent before this was known: (?P<later>.*)", re.DOTALL)
_OFF = "address refused"
_QUIET = "waits for the end of quiet hours"
_SMTP = re.compile(r"SMTP (?P<code>\d{3}(?: \d\.\d{1,3}\.\d{1,3})?)")
_NO_SUCH_MAILBOX = re.compile(r"5\.1\.\d+$|^5\d\d$")
_DISABLED = "5.2.1"
_ANSWERED = re.compile(r"(SMTP )?(?P<answer>\d{3}\b.*)", re.DOTALL)


def readable(reason: str, channel: str, *, until: str = "") -> str:
    """A reason as operators read it, and `until` when it holds; one that nobody knows as it is, never an empty line."""
    ends = f" até {until}" if until else ""
    if noted := _NOTED.fullmatch(reason):
        return f"enviado antes de se saber: {readable(noted['later'], channel)}"
    if reason == "not set up":
        return _NOT_SET_UP.get(channel, "canal não configurado")
    if reason.startswith("not carried by "):
        return "este evento não usa este canal"
    if reason.startswith(_OFF):
        return f"canal desligado{ends}: {why_off(reason.removeprefix(_OFF).lstrip(': '))}"
    if answered := _ANSWERED.fullmatch(reason):
        return f"servidor recusou esta mensagem: {answered['answer']}"
    return _KNOWN.get(reason, reason) + (ends if reason == _QUIET else "")


def why_off(reason: str) -> str:
    """Why a mail server refused an address, by what it answered."""
    smtp = _SMTP.search(reason)
    if smtp is None:
        return readable(reason, "email") or "o endereço foi recusado"
    code = smtp["code"]
    if code.endswith(_DISABLED):
        return f"caixa postal desativada ({code})"
    return f"caixa postal não existe ({code})" if _NO_SUCH_MAILBOX.search(code) else f"endereço recusado ({code})"
