"""Notifier: decides who is told what, and tells them by e-mail and in the app's inbox."""
