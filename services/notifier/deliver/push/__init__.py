"""Push: what was decided for the devices of a customer, on its way there (R16, R18, R19)."""
