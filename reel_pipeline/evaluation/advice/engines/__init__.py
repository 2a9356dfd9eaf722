"""What a second opinion is asked of; one is opened by name in `reel_pipeline.engines`.

An adviser looks at one picture and answers one question in words. It is trusted with nothing: what may follow from its
words is `second_opinion.py`'s business.
"""

from collections.abc import Mapping
from typing import Any, Protocol


class Adviser(Protocol):
    name: str
    revision: str

    def look(self, picture: bytes, question: str, schema: Mapping[str, Any]) -> str:
        """The answer about one JPEG, asked to be JSON of `schema` (JSON Schema); whatever came back, unread.

        Raises `EngineUnavailable` when nobody answers.
        """
