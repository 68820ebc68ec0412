"""The chat with the provider's bot: how it is linked, and how an evaluation is answered there (R23)."""
