"""Forms: what their fields mean (labels), how builders post them (shapes), what people wish (wishes), all together (reading)."""

from providers.forms.labels import meaning_of
from providers.forms.reading import PERSONAL_NAMES, FormReading, read, read_answers

__all__ = ["PERSONAL_NAMES", "FormReading", "meaning_of", "read", "read_answers"]
