"""Whose fault it was when a batch broke: the delivery whose item was being worked on, or nobody's in particular."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager


class Blame:
    """`delivery_id` is set while one item is read or decided, and stays set by what that raised."""

    def __init__(self) -> None:
        self.delivery_id: uuid.UUID | None = None

    @contextmanager
    def on(self, delivery_id: uuid.UUID | None) -> Iterator[None]:
        self.delivery_id = delivery_id
        yield
        self.delivery_id = None
