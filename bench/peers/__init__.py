"""A contact's work done the usual way on other frameworks: the same queues, writes and mails, short and fair."""
