"""The mailbox's pages, in Portuguese, with everything from a mail escaped or shut in a sandbox."""

from html import escape

from ops.embedded.look import page
from ops.embedded.mailbox.mails import Mail

SHOWN = 100

# For a mail's own HTML: an origin of its own, no script, no form, nothing fetched.
MAIL_POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:"

_PART = "Caixa de correio (demonstração)"


def list_page(mails: list[Mail], *, total: int) -> str:
    """Return the page of the newest mails."""
    rows = "".join(_row(mail) for mail in mails)
    if not rows:
        rows = '<tr><td colspan="3">Nenhuma mensagem por enquanto.</td></tr>'
    shown = f"Mostrando as {len(mails)} mais recentes de {total}." if total > len(mails) else f"Mensagens: {total}."
    return page(
        "Caixa de correio",
        f'<p class="mute small">{shown} <a href="/">Atualizar</a></p>'
        '<div class="card flush"><table><thead><tr><th scope="col">Recebida</th><th scope="col">Assunto</th>'
        f'<th scope="col">Para</th></tr></thead><tbody>{rows}</tbody></table></div>',
        part=_PART,
    )


def mail_page(mail: Mail) -> str:
    """Return the page of one mail."""
    frame = f'<iframe sandbox title="Mensagem em HTML" src="/email/{escape(mail.id)}/html"></iframe>'
    html = f'<section class="card"><h2>HTML</h2>{frame}</section>' if mail.html() else ""
    return page(
        mail.subject or "(sem assunto)",
        f'<p><a href="/">← Todas as mensagens</a> · <a href="/email/{escape(mail.id)}/source">Código-fonte</a></p>'
        f'<p class="card">De: {_people(mail, "From")}<br>Para: {_people(mail, "To")}<br>Recebida: {_clock(mail)}</p>'
        f'{html}<section class="card"><h2>Texto</h2><pre>{escape(mail.text())}</pre></section>',
        part=_PART,
    )


def _row(mail: Mail) -> str:
    subject = escape(mail.subject or "(sem assunto)")
    link = f'<a href="/mail/{escape(mail.id)}">{subject}</a>'
    return f"<tr><td>{_clock(mail)}</td><td>{link}</td><td>{_people(mail, 'To')}</td></tr>"


def _people(mail: Mail, header: str) -> str:
    found = ((one["name"], one["address"]) for one in mail.addresses(header))
    return escape(", ".join(f"{name} <{address}>" if name else address for name, address in found))


def _clock(mail: Mail) -> str:
    return mail.received_at.astimezone().strftime("%d/%m/%Y %H:%M:%S")
