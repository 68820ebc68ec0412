"""The chat's pages, in Portuguese: who may chat, and one chat with its messages and buttons; no script."""

from datetime import datetime
from html import escape

from ops.embedded.chat.chats import Chat, Message

PAGE_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-src 'self'; frame-ancestors 'self'; "
    "base-uri 'none'"
)

_STYLE = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { max-width: 40rem; margin: 0 auto; padding: 1rem }
a { color: inherit }
button, input { font: inherit; padding: .5rem .9rem; min-height: 44px; border-radius: 10px; border: 1px solid #80877f }
ol { list-style: none; padding: 0; display: grid; gap: .6rem }
li { max-width: 85%; padding: .6rem .9rem; border-radius: 16px; background: #8882; white-space: pre-wrap;
     overflow-wrap: anywhere }
li.customer { justify-self: end; background: #0e60492e }
li form { display: inline-block; margin: .4rem .3rem 0 0 }
small { display: block; opacity: .75 }
.write { display: flex; gap: .5rem } .write input { flex: 1; min-width: 0 }
[role=status] { padding: .6rem .9rem; border: 1px solid #80877f; border-radius: 10px }
"""


def list_page(chats: list[Chat]) -> str:
    """Return the page of all chats, with a form that begins one."""
    rows = "".join(
        f'<p><a href="/chat/{chat.id}">{escape(chat.name)}</a> <small>{escape(_newest(chat))}</small></p>'
        for chat in chats
    )
    return _page(
        "Telegram (demonstração)",
        f"{rows or '<p>Nenhuma conversa ainda.</p>'}<h2>Nova conversa</h2>{_begin_form('')}",
    )


def start_page(chats: list[Chat], token: str) -> str:
    """Return the page behind a bot's start link: choose who opens it."""
    choices = "".join(_start_form(chat, token) for chat in chats)
    return _page("Abrir conversa com AtendoDemoBot", f"{choices}<h2>Nova conversa</h2>{_begin_form(token)}")


def chat_page(chat: Chat, *, refreshes: bool) -> str:
    """Return the page of one chat."""
    notice = f'<p role="status">{escape(chat.notice)}</p>' if chat.notice else ""
    block = "Desbloquear o bot" if chat.blocked else "Bloquear o bot"
    return _page(
        chat.name,
        f'<p><a href="/">← Todas as conversas</a> · <a href="/chat/{chat.id}">Atualizar</a></p>'
        f"<ol>{''.join(_bubble(chat, one) for one in chat.messages)}</ol>{notice}"
        f'<form class="write" method="post" action="/chat/{chat.id}/write">'
        '<input name="text" aria-label="Mensagem" autocomplete="off" required autofocus>'
        "<button>Enviar</button></form>"
        f'<form method="post" action="/chat/{chat.id}/block"><p><button>{block}</button></p></form>',
        head='<meta http-equiv="refresh" content="3">' if refreshes else "",
    )


def _bubble(chat: Chat, message: Message) -> str:
    buttons = "".join(
        f'<form method="post" action="/chat/{chat.id}/press"><input type="hidden" name="message" value="{message.id}">'
        f'<button name="data" value="{escape(button["callback_data"])}">{escape(button["text"])}</button></form>'
        for row in message.buttons
        for button in row
    )
    at = datetime.fromtimestamp(message.at).astimezone()
    return f'<li class="{message.by}">{escape(message.text)}{buttons}<small>{at:%d/%m %H:%M:%S}</small></li>'


def _begin_form(token: str) -> str:
    return (
        '<form class="write" method="post" action="/chat">'
        f'<input type="hidden" name="token" value="{escape(token)}">'
        '<input name="name" aria-label="Nome" placeholder="Nome de quem conversa" required>'
        "<button>Começar</button></form>"
    )


def _start_form(chat: Chat, token: str) -> str:
    return (
        f'<form method="post" action="/chat/{chat.id}/write"><p>'
        f'<button name="text" value="/start {escape(token)}">Começar como {escape(chat.name)}</button></p></form>'
    )


def _newest(chat: Chat) -> str:
    return chat.messages[-1].text[:60] if chat.messages else "sem mensagens"


def _page(title: str, body: str, *, head: str = "") -> str:
    return (
        '<!doctype html><html lang="pt-BR"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"{head}<title>{escape(title)} · Atendo</title><style>{_STYLE}</style></head>"
        f"<body><h1>{escape(title)}</h1>{body}</body></html>"
    )
