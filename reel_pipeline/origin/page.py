"""The origin's index page: every published reel, playing in place. No script, no outside address, all text escaped."""

import json
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote

MAX_REELS = 1000
"""Reels on the page; of more, those whose folders come first by name."""
STYLE = """
:root { color-scheme: light dark; --ink: #1d1d1b; --paper: #f4f1ec; --quiet: #6d675e; --card: #fff; }
@media (prefers-color-scheme: dark) { :root { --ink: #f1ede6; --paper: #191817; --quiet: #a49c90; --card: #242220; } }
* { box-sizing: border-box; }
body { margin: 0; padding: 3rem clamp(1rem, 4vw, 4rem); background: var(--paper); color: var(--ink);
       font: 16px/1.45 "Inter", "Helvetica Neue", Arial, sans-serif; }
header { display: flex; align-items: baseline; gap: 1rem; margin: 0 0 2rem; }
h1 { margin: 0; font-size: 1.6rem; font-weight: 600; letter-spacing: -.02em; }
header p { margin: 0; color: var(--quiet); }
main { display: grid; gap: 1.6rem; grid-template-columns: repeat(auto-fill, minmax(min(15rem, 100%), 1fr)); }
figure { margin: 0; overflow: hidden; border-radius: 14px; background: var(--card); box-shadow: 0 1px 3px #0002; }
video { display: block; width: 100%; aspect-ratio: 9 / 16; object-fit: cover; background: #0001; }
figcaption { padding: .8rem 1rem 1rem; }
h2 { margin: 0 0 .15rem; font-size: 1rem; font-weight: 600; overflow-wrap: anywhere; }
figcaption p { margin: 0; color: var(--quiet); font-size: .85rem; overflow-wrap: anywhere; }
a { color: inherit; }
"""


@dataclass(frozen=True)
class _Reel:
    """One current edition; `folder` is its key on the origin, `names` what lies in it."""

    sku: str
    title: str
    edition: str
    folder: str
    names: frozenset[str]


def index_page(published: Path | None) -> str:
    """The page as HTML. A `latest.json` that can't be read is passed over."""
    paths = sorted(published.glob("*/latest.json")) if published else []
    reels = [reel for path in paths for reel in _reels(path.parent.parent, path)][:MAX_REELS]
    reels.sort(key=lambda reel: (reel.title.casefold(), reel.sku, reel.edition))
    none = "Nothing has been published yet." if published else "Reels are published to a bucket."
    count = f"{len(reels)} reel{'' if len(reels) == 1 else 's'}" if reels else none
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><title>Published reels</title>'
        f"<style>{STYLE}</style></head><body><header><h1>Published reels</h1><p>{count}</p></header>"
        f"<main>{''.join(_figure(reel) for reel in reels)}</main></body></html>"
    )


def _figure(reel: _Reel) -> str:
    folder = quote(f"/{reel.folder}")
    poster = f' poster="{folder}/poster.jpg"' if "poster.jpg" in reel.names else ""
    track = '<track kind="captions" srclang="und" label="Captions" src="' + folder + '/captions.vtt">'
    edition = "" if reel.edition == "main" else f" · {escape(reel.edition)}"
    return (
        f'<figure><video controls playsinline preload="none"{poster} src="{folder}/reel.mp4">'
        f"{track if 'captions.vtt' in reel.names else ''}</video>"
        f'<figcaption><h2 dir="auto">{escape(reel.title or reel.sku)}</h2>'
        f'<p dir="auto">{escape(reel.sku)}{edition} · <a href="{folder}/manifest.json">manifest</a></p>'
        "</figcaption></figure>"
    )


def _reels(published: Path, path: Path) -> list[_Reel]:
    try:
        latest = json.loads(path.read_bytes())
        return [
            reel for name, entry in latest["editions"].items() if (reel := _reel(published, latest["sku"], name, entry))
        ]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return []


def _reel(published: Path, sku: Any, edition: str, entry: Any) -> _Reel | None:
    folder = str(entry["folder"])
    if folder.startswith("/") or ".." in folder.split("/"):
        return None
    names = frozenset(path.name for path in (published / folder).iterdir())
    return _Reel(str(sku), str(entry.get("title", "")), edition, folder, names) if "reel.mp4" in names else None
