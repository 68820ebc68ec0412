"""The stand-in for MK 3.0, the provider's ERP: it knows the contracts alone, so that the real one can replace it."""
