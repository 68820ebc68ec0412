"""Signed receipts of accepted contacts: with one, every replica knows that a contact is queued (R13)."""

import hashlib
from uuid import UUID

from itsdangerous import Signer
from pydantic import SecretStr

MAX_RECEIPT = 128


class Receipts:
    """Signs a contact for its customer; nothing of either can be read from it, and nothing has to be remembered."""

    def __init__(self, secret: SecretStr) -> None:
        self._signer = Signer(secret.get_secret_value(), salt="atendo.contact", digest_method=hashlib.sha256)

    def sign(self, customer_id: str, contact_id: UUID) -> str:
        """The receipt: the same for the same contact, as its answer is (R12)."""
        return self._signer.get_signature(_signed(customer_id, contact_id)).decode()

    def holds(self, receipt: str, customer_id: str, contact_id: UUID) -> bool:
        """Whether we gave it to this customer for this contact."""
        return len(receipt) <= MAX_RECEIPT and self._signer.verify_signature(_signed(customer_id, contact_id), receipt)


def _signed(customer_id: str, contact_id: UUID) -> str:
    return f"{contact_id}\n{customer_id}"
