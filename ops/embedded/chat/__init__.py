"""The chat: a stand-in for Telegram on this machine, its Bot API for the notifier and a page to chat in."""
