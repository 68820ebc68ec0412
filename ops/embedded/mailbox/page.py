"""The mailbox's pages, in Portuguese, with everything from a mail escaped or shut in a sandbox."""

from html import escape

from ops.embedded.mailbox.mails import Mail

SHOWN = 100

# No script at all; frames only of our own.
PAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; base-uri 'none'; form-action 'none'"
# For a mail's own HTML: an origin of its own, no script, no form, nothing fetched.
MAIL_POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:"

_STYLE = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { max-width: 60rem; margin: 0 auto; padding: 1rem }
table { width: 100%; border-collapse: collapse }
th, td { text-align: left; padding: .4rem .6rem; border-bottom: 1px solid #8884; overflow-wrap: anywhere }
iframe { width: 100%; height: 32rem; border: 1px solid #8884; background: #fff }
pre { white-space: pre-wrap; overflow-wrap: anywhere }
"""


def list_page(mails: list[Mail], *, total: int) -> str:
    """Return the page of the newest mails; it reloads itself."""
    rows = "".join(_row(mail) for mail in mails)
    if not rows:
        rows = '<tr><td colspan="3">Nenhuma mensagem por enquanto.</td></tr>'
    shown = f"Mostrando as {len(mails)} mais recentes de {total}." if total > len(mails) else f"Mensagens: {total}."
    return _page(
        "Caixa de correio",
        f"<p>{shown} A página se atualiza sozinha.</p>"
        f"<table><thead><tr><th>Recebida</th><th>Assunto</th><th>Para</th></tr></thead><tbody>{rows}</tbody></table>",
        head='<meta http-equiv="refresh" content="3">',
    )


def mail_page(mail: Mail) -> str:
    """Return the page of one mail."""
    html = (
        f'<h2>HTML</h2><iframe sandbox title="Mensagem em HTML" src="/email/{escape(mail.id)}/html"></iframe>'
        if mail.html()
        else ""
    )
    return _page(
        mail.subject or "(sem assunto)",
        f'<p><a href="/">← Todas as mensagens</a> · <a href="/email/{escape(mail.id)}/source">Código-fonte</a></p>'
        f"<p>De: {_people(mail, 'From')}<br>Para: {_people(mail, 'To')}<br>Recebida: {_clock(mail)}</p>"
        f"{html}<h2>Texto</h2><pre>{escape(mail.text())}</pre>",
    )


def _row(mail: Mail) -> str:
    subject = escape(mail.subject or "(sem assunto)")
    link = f'<a href="/mail/{escape(mail.id)}">{subject}</a>'
    return f"<tr><td>{_clock(mail)}</td><td>{link}</td><td>{_people(mail, 'To')}</td></tr>"


def _page(title: str, body: str, *, head: str = "") -> str:
    return (
        '<!doctype html><html lang="pt-BR"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"{head}<title>{escape(title)} · Atendo</title><style>{_STYLE}</style></head>"
        f"<body><h1>{escape(title)}</h1>{body}</body></html>"
    )


def _people(mail: Mail, header: str) -> str:
    return escape(", ".join(f"{one['name']} <{one['address']}>".strip() for one in mail.addresses(header)))


def _clock(mail: Mail) -> str:
    return mail.received_at.astimezone().strftime("%d/%m/%Y %H:%M:%S")
