"""The screens of one ticket: what is known of it, what its customer was informed of, and what operators do with it."""
