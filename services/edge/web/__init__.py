"""Pages for browsers, without JavaScript."""
