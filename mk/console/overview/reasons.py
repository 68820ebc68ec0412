"""Why a message didn't arrive, in the operator's words; a reason that nobody knows is shown as it came."""

import re
from datetime import timedelta

from contracts.replies import Undelivered
from mk.console.formats import counted
from mk.console.overview.summary import lasting

_SMTP = re.compile(r"^SMTP (?P<code>\d{3}(?: \d\.\d{1,3}\.\d{1,3})?)")
_NO_SUCH_MAILBOX = re.compile(r"5\.1\.\d+$|^5\d\d$")
_DISABLED = "5.2.1"

_BEGINNINGS = (
    ("outcome unknown", "resultado desconhecido: pode ter sido entregue"),
    ("no address", "sem endereço"),
    ("unusable address", "o endereço não pode ser usado"),
    ("address refused", "canal desligado: o endereço foi recusado antes"),
    ("over the hourly cap", "limite de e-mails por hora alcançado"),
)
_REFUSES = {
    "email": "servidor recusou esta mensagem",
    "push": "serviço de avisos recusou",
    "telegram": "Telegram recusou",
}


def why(one: Undelivered) -> str:
    """Why this message didn't arrive."""
    if one.reason == "given up":
        lasted = one.at - (one.first_at or one.at)
        return f"desistimos após {counted(one.attempts, 'tentativa', 'tentativas')}{_within(lasted)}"
    known = next((text for begins, text in _BEGINNINGS if one.reason.startswith(begins)), None)
    if known:
        return known
    smtp = _SMTP.match(one.reason)
    refuses = _REFUSES.get(one.channel)
    reason = smtp["code"] if smtp else one.reason
    return f"{refuses}: {reason}" if refuses else reason


def _within(lasted: timedelta) -> str:
    minutes = round(lasted / timedelta(minutes=1))
    return f" em {lasting(minutes)}" if minutes else ""


def why_off(reason: str) -> str:
    """Why a channel is switched off."""
    smtp = _SMTP.match(reason)
    if smtp is None:
        return next((text for begins, text in _BEGINNINGS if reason.startswith(begins)), reason)
    code = smtp["code"]
    if code.endswith(_DISABLED):
        return f"caixa postal desativada ({code})"
    return f"caixa postal não existe ({code})" if _NO_SUCH_MAILBOX.search(code) else f"endereço recusado ({code})"
