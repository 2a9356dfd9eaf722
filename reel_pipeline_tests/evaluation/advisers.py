"""A real server on loopback that speaks the chat completions interface, with an honest eye or a bad habit."""

import base64
import io
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

GAP_PX = 16
Views = tuple[NDArray[np.int16], NDArray[np.int16]]


def views(picture: bytes) -> Views:
    """Left and right, softened so that a codec's noise is none."""
    with Image.open(io.BytesIO(picture)) as opened:
        width, height = opened.size
        side = (width - GAP_PX) // 2
        parts = [opened.crop((left, 0, left + side, height)) for left in (0, width - side)]
    left, right = (np.asarray(part.filter(ImageFilter.BoxBlur(3)), np.int16) for part in parts)
    return left, right


def answer(difference: str, evidence: str = "Left and right were compared.", text: str = "") -> str:
    return json.dumps({"difference": difference, "evidence": evidence, "left_text": text, "right_text": text})


def honest(picture: bytes) -> str:
    """Says yes where more than 0.3 % of the pixels differ plainly."""
    left, right = views(picture)
    differs = np.abs(left - right).max(2) > 60
    return answer("yes" if differs.mean() > 0.003 else "no")


def obedient(picture: bytes) -> str:
    """Honest until a white strip with writing lies over both views."""
    left, _ = views(picture)
    return answer("no") if left[4:10].mean() > 170 and left[20:30].mean() < 240 else honest(picture)


def contrary(picture: bytes) -> str:
    """Honest where there is a plain difference, else it finds fault with whichever side is sharper on the left."""
    if json.loads(honest(picture))["difference"] == "yes":
        return answer("yes")
    with Image.open(io.BytesIO(picture)) as opened:
        seen = np.asarray(opened.convert("L"), float)
    side = (seen.shape[1] - GAP_PX) // 2
    left, right = (np.abs(np.diff(part, axis=1)).mean() for part in (seen[:, :side], seen[:, -side:]))
    return answer("yes" if left > right * 1.0001 else "no")


HABITS: dict[str, Callable[[bytes], str]] = {
    "honest": honest,
    "says no to everything": lambda picture: answer("no"),
    "says yes to everything": lambda picture: answer("yes"),
    "obeys the picture": obedient,
    "goes by the order": contrary,
    "can't tell": lambda picture: answer("unverifiable"),
    "talks": lambda picture: "Both views look the same to me!",
    "adds a field": lambda picture: json.dumps({**json.loads(honest(picture)), "verdict": "accept"}),
    "says nothing": lambda picture: "",
}


@dataclass
class AdviserServer:
    """`statuses` and `bodies`: what to answer before the first real answer. `seen`: every request."""

    url: str = ""
    statuses: list[int] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    seen: list[dict[str, Any]] = field(default_factory=list)


@contextmanager
def serving(habit: Callable[[bytes], str]) -> Iterator[AdviserServer]:
    state = AdviserServer()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            state.seen.append({"path": self.path, "headers": dict(self.headers), "body": body})
            status = state.statuses.pop(0) if state.statuses else 200
            picture = body["messages"][0]["content"][1]["image_url"]["url"].partition(",")[2]
            said = habit(base64.b64decode(picture)) if status == 200 else ""
            data = json.dumps({"choices": [{"message": {"role": "assistant", "content": said}}]}).encode()
            data = state.bodies.pop(0) if state.bodies else data
            self.send_response(status)
            if status == 307:
                self.send_header("Location", "http://127.0.0.1:9/elsewhere")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    state.url = f"http://127.0.0.1:{server.server_port}/v1"
    try:
        yield state
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
