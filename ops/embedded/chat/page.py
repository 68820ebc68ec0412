"""The chat's pages, in Portuguese: who may chat, and one chat with its messages and buttons; no script."""

from collections.abc import Mapping
from datetime import datetime
from html import escape

from ops.embedded.chat.chats import Chat, Message
from ops.embedded.look import page

_PART = "Telegram (demonstração)"


def list_page(chats: list[Chat]) -> str:
    """Return the page of all chats, with a form that begins one."""
    rows = "".join(_row(chat) for chat in chats)
    listed = f'<ul class="card flush pile">{rows}</ul>' if rows else '<p class="card">Nenhuma conversa ainda.</p>'
    return page("Conversas", f"{listed}{_begin_section('')}", part=_PART)


def _row(chat: Chat) -> str:
    newest = f'<span class="mute">{escape(_newest(chat))}</span>'
    return f'<li><a href="/chat/{chat.id}"><b>{escape(chat.name)}</b>{newest}</a></li>'


def start_page(chats: list[Chat], token: str) -> str:
    """Return the page behind a bot's start link: choose who opens it."""
    choices = "".join(_start_form(chat, token) for chat in chats)
    known = f'<div class="card row">{choices}</div>' if choices else ""
    return page("Abrir conversa com AtendoDemoBot", f"{known}{_begin_section(token)}", part=_PART)


def chat_page(chat: Chat) -> str:
    """Return the page of one chat."""
    notice = f'<p class="note" role="status">{escape(chat.notice)}</p>' if chat.notice else ""
    bubbles = "".join(_bubble(chat, one) for one in chat.messages)
    block = "Desbloquear o bot" if chat.blocked else "Bloquear o bot"
    return page(
        chat.name,
        f'<p><a href="/">← Todas as conversas</a> · <a href="/chat/{chat.id}">Atualizar</a></p>'
        f'<section class="card"><h2 class="vh">Mensagens</h2><ol class="talk">{bubbles}</ol>{notice}'
        f'<form class="row" method="post" action="/chat/{chat.id}/write">'
        '<input class="in" name="text" aria-label="Mensagem" autocomplete="off" required autofocus>'
        '<button class="btn main">Enviar</button></form></section>'
        f'<form method="post" action="/chat/{chat.id}/block"><button class="btn">{block}</button></form>',
        part=_PART,
    )


def _bubble(chat: Chat, message: Message) -> str:
    buttons = "".join(_button(chat, message, one) for row in message.buttons for one in row)
    at = datetime.fromtimestamp(message.at).astimezone()
    pressed = f'<div class="row">{buttons}</div>' if buttons else ""
    return f'<li class="{message.by}">{escape(message.text)}{pressed}<small>{at:%d/%m %H:%M:%S}</small></li>'


def _button(chat: Chat, message: Message, button: Mapping[str, str]) -> str:
    data, text = escape(button["callback_data"]), escape(button["text"])
    return (
        f'<form method="post" action="/chat/{chat.id}/press"><input type="hidden" name="message" value="{message.id}">'
        f'<button class="btn" name="data" value="{data}">{text}</button></form>'
    )


def _begin_section(token: str) -> str:
    return f'<section class="card"><h2>Nova conversa</h2>{_begin_form(token)}</section>'


def _begin_form(token: str) -> str:
    return (
        '<form class="row" method="post" action="/chat">'
        f'<input type="hidden" name="token" value="{escape(token)}">'
        '<input class="in" name="name" aria-label="Nome" placeholder="Nome de quem conversa" required>'
        '<button class="btn main">Começar</button></form>'
    )


def _start_form(chat: Chat, token: str) -> str:
    button = f'<button class="btn" name="text" value="/start {escape(token)}">Começar como {escape(chat.name)}</button>'
    return f'<form method="post" action="/chat/{chat.id}/write">{button}</form>'


def _newest(chat: Chat) -> str:
    return chat.messages[-1].text[:60] if chat.messages else "sem mensagens"
