"""The icons, and what draws them."""
