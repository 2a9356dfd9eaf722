"""A vision model behind the chat completions interface that most servers speak: vLLM, Ollama, llama.cpp, OpenAI."""

import base64
import json
import os
from collections.abc import Mapping
from typing import Any

from reel_pipeline.errors import EngineUnavailable, SettingsError

KEY_VARIABLE = "REEL_PIPELINE_SECOND_OPINION_KEY"
_TIMEOUT_S = 120.0
_LONGEST_ANSWER = 1 << 20
_MAX_TOKENS = 800


class OpenAICompatible:
    """`url`: the server's base address up to and with `/v1`. The key, where one is needed, is in the environment."""

    name = "openai_compatible"

    def __init__(self, url: str, model: str) -> None:
        if not (url.startswith(("http://", "https://")) and model):
            raise SettingsError(
                "A second opinion needs second_opinion_url, such as http://127.0.0.1:8000/v1, and second_opinion_model."
            )
        self.url, self.model = url.rstrip("/"), model
        self.revision = f"1+{self.model}@{self.url}"

    def look(self, picture: bytes, question: str, schema: Mapping[str, Any]) -> str:
        import urllib3

        data = "data:image/jpeg;base64," + base64.b64encode(picture).decode()
        body = {
            "model": self.model,
            "temperature": 0,
            "max_tokens": _MAX_TOKENS,
            "messages": [
                {
                    "role": "user",
                    "content": [
                        {"type": "text", "text": question},
                        {"type": "image_url", "image_url": {"url": data}},
                    ],
                }
            ],
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "answer", "strict": True, "schema": dict(schema)},
            },
        }
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
                    body=json.dumps(body).encode(),
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
        if response.status in (401, 403):
            raise EngineUnavailable(f"The second opinion at {self.url} refused the key; set {KEY_VARIABLE}.")
        if response.status != 200:
            raise EngineUnavailable(
                f"The second opinion at {self.url} answered with status {response.status}; check second_opinion_url "
                f"and second_opinion_model ({self.model})."
            )
        return _content(answer)


def _content(answer: bytes) -> str:
    """The first choice's text; empty for anything else, which no reader takes for an answer."""
    try:
        content = json.loads(answer)["choices"][0]["message"]["content"]
    except (ValueError, LookupError, TypeError):
        return ""
    return content if isinstance(content, str) else ""
