"""A vision model behind the chat completions interface that most servers speak: vLLM, Ollama, llama.cpp, OpenAI."""

import base64
import json
import os
from collections.abc import Mapping
from typing import Any

from reel_pipeline.engines import revision_of
from reel_pipeline.errors import EngineUnavailable, SettingsError

KEY_VARIABLE = "REEL_PIPELINE_SECOND_OPINION_KEY"
_TIMEOUT_S = 120.0
"""Seconds until a server that says nothing counts as unreachable."""
_LONGEST_ANSWER = 1 << 20
"""Bytes that are read of an answer: one of 800 tokens has some 4000."""
_MAX_TOKENS = 800
"""Of the answer: a sentence of evidence and two labels."""


class OpenAICompatible:
    """`url`: the server's base address up to and with `/v1`. The key, where one is needed, is in the environment."""

    name: str

    def __init__(self, url: str, model: str) -> None:
        if not (url.startswith(("http://", "https://")) and model):
            raise SettingsError(
                "A second opinion needs second_opinion_url, such as http://127.0.0.1:8000/v1, and second_opinion_model."
            )
        self.url, self.model = url.rstrip("/"), model
        self.revision = f"{revision_of('second_opinion', 'openai_compatible')}+{self.model}@{self.url}"

    def look(self, picture: bytes, question: str, schema: Mapping[str, Any]) -> str:
        import urllib3

        key = os.environ.get(KEY_VARIABLE)
        headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {key}"} if key else {})}
        # A redirect is not followed: it would carry the key to another host. A question that was sent and not answered
        # in time is not sent again either: it may have been paid for.
        again = urllib3.Retry(
            total=2,
            read=0,
            redirect=0,
            status_forcelist=(429, 502, 503, 504),
            allowed_methods=None,
            backoff_factor=1,
            raise_on_status=False,
            raise_on_redirect=False,
        )
        try:
            with urllib3.PoolManager() as pool:
                response = pool.request(
                    "POST",
                    f"{self.url}/chat/completions",
                    body=json.dumps(_body(self.model, picture, question, schema)).encode(),
                    headers=headers,
                    timeout=_TIMEOUT_S,
                    retries=again,
                    redirect=False,
                    preload_content=False,
                )
                answer = response.read(_LONGEST_ANSWER)
        except urllib3.exceptions.HTTPError as error:
            raise EngineUnavailable(
                f"The second opinion at {self.url} can't be reached ({type(error).__name__}); start it, or set "
                'second_opinion = "off".'
            ) from error
        if response.status != 200:
            raise self._refused(response.status)
        return _content(answer)

    def _refused(self, status: int) -> EngineUnavailable:
        if status in (401, 403):
            return EngineUnavailable(f"The second opinion at {self.url} refused the key; set {KEY_VARIABLE}.")
        return EngineUnavailable(
            f"The second opinion at {self.url} answered with status {status}; check second_opinion_url "
            f"and second_opinion_model ({self.model})."
        )


def _body(model: str, picture: bytes, question: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    """One question about one JPEG, as the interface wants it."""
    data = "data:image/jpeg;base64," + base64.b64encode(picture).decode()
    content = [{"type": "text", "text": question}, {"type": "image_url", "image_url": {"url": data}}]
    answer = {"name": "answer", "strict": True, "schema": dict(schema)}
    return {
        "model": model,
        "temperature": 0,
        "max_tokens": _MAX_TOKENS,
        "messages": [{"role": "user", "content": content}],
        "response_format": {"type": "json_schema", "json_schema": answer},
    }


def _content(answer: bytes) -> str:
    """The first choice's text; empty for anything else, which no reader takes for an answer."""
    try:
        content = json.loads(answer)["choices"][0]["message"]["content"]
    except (ValueError, LookupError, TypeError):
        return ""
    return content if isinstance(content, str) else ""
