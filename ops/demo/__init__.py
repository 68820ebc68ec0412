"""`make demo`: one whole day at the provider, told in the terminal against a running product."""
