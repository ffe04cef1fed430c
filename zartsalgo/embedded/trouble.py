"""The one error of this package that people see: a sentence that says what is wrong and what to do."""


class Trouble(Exception):
    """Printed as one sentence, without a traceback."""

    def __init__(self, sentence: str, *, code: int = 1) -> None:
        super().__init__(sentence)
        self.code = code
