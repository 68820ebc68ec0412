"""A mailbox for demonstrations: takes every mail over SMTP, and shows it on a page and over maildev's REST API."""
