"""Under which names addresses are kept: those of customers and those of sectors."""


def of_customer(customer_id: str) -> str:
    """Under which name a customer's addresses are kept."""
    return f"customer:{customer_id}"


def of_sector(sector_id: str) -> str:
    """Under which name a sector's addresses are kept."""
    return f"sector:{sector_id}"
