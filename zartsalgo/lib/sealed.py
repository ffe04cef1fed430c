"""Encryption at rest. What is sealed names its owner inside the plaintext, so a ciphertext moved to another row does not open."""

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


class CannotOpen(Exception):
    """The value was sealed under a key we do not have, or for another owner."""


def _box() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.ENCRYPTION_KEYS])


def seal(*, plaintext: bytes, owner: str) -> bytes:
    """Encrypt with the newest key; `owner` is any stable name of the row it belongs to (at most 255 bytes)."""
    name = owner.encode()
    return _box().encrypt(bytes([len(name)]) + name + plaintext)


def unseal(*, ciphertext: bytes | memoryview, owner: str) -> bytes:
    """Decrypt. Raises CannotOpen when the key is absent or the owner differs."""
    try:
        plain = _box().decrypt(bytes(ciphertext))
    except InvalidToken as error:
        raise CannotOpen("sealed under a key that ZARTS_ENCRYPTION_KEYS does not hold") from error
    length = plain[0]
    if plain[1 : 1 + length] != owner.encode():
        raise CannotOpen("sealed for another owner")
    return plain[1 + length :]
