"""reel_pipeline.toml -> one frozen `Settings`, and where the user's other files are: brand, overrides, voice, artwork.

What the brand folder holds is read by `brand.py`.

A workspace is the folder that holds the file. Relative paths in it are relative to the workspace.
"""

import difflib
import hashlib
import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal
from urllib.parse import unquote, urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from reel_pipeline.engines import Engines
from reel_pipeline.errors import SettingsError
from reel_pipeline.file_hashes import FileHashes
from reel_pipeline.records import Preferences
from reel_pipeline.store import Store, open_store

CONFIG_VARIABLE = "REEL_PIPELINE_CONFIG"
CONFIG_NAME = "reel_pipeline.toml"
BRAND_NAME = "brand.toml"
PUBLIC_URL_VARIABLE = "REEL_PIPELINE_PUBLIC_URL"
PRIVATE_HOSTS_VARIABLE = "REEL_PIPELINE_ALLOW_PRIVATE_HOSTS"
SERVE_URL = "http://127.0.0.1:8787/"
"""Where `serve` listens unless told otherwise."""


class Settings(BaseModel):
    """All that a user can set. `source`, `store` and `publish_to` are folders; the first may be a shop's web address,
    the others `s3://bucket/prefix`.

    `publish`: what the judge accepts is published (`auto`), or every reel waits for a person (`after_approval`).
    `withdraw_out_of_stock`: a sold-out product's reel is taken down, and published again when it is back.
    `max_attempts`: how often a reel is made from the same inputs, the first time included: 3 allows two retakes.
    `public_url`: where `publish_to` can be reached, ending with a slash; where it is not set, the address at which
    `serve` shows the folder, or the bucket's own name.
    `allow_private_hosts`: shops and picture servers that may lie inside a private network, by their names.
    `calibration`: the name of the candidate version, printed by `learn`, whose gates the judge goes by.
    `prefer`: motions and kinds of photo that people accept more often, best first; `learn` prints them.
    `second_opinion`: when a vision model is asked about a reel that the judge accepts; `second_opinion_budget` is the
    most questions a reel (2 test the model, then 2 a shot), and 0 means that none is asked.
    `alerts_url`: a webhook that is told what needs a person; `ui_url`: where the Dagster UI runs, for links in alerts.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    workspace: Path
    source: str
    allow_private_hosts: tuple[str, ...] = ()
    store: str = "store"
    publish_to: str = "published"
    public_url: str = SERVE_URL
    publish: Literal["auto", "after_approval"] = "auto"
    withdraw_out_of_stock: bool = False
    alerts_url: str = ""
    ui_url: str = "http://127.0.0.1:3000"
    max_attempts: int = Field(default=3, ge=1, le=10)
    calibration: str = ""
    prefer: Preferences = ()
    second_opinion: Literal["off", "uncertain", "always"] = "off"
    second_opinion_url: str = ""
    second_opinion_model: str = ""
    second_opinion_budget: int = Field(default=0, ge=0)
    engines: Engines = Engines()

    @model_validator(mode="before")
    @classmethod
    def _a_bucket_is_not_served_here(cls, values: dict[str, Any]) -> dict[str, Any]:
        published_to = str(values.get("publish_to", ""))
        return {"public_url": published_to, **values} if "://" in published_to else values

    @field_validator("public_url")
    @classmethod
    def _ends_with_a_slash(cls, address: str) -> str:
        return f"{address.rstrip('/')}/" if address else ""

    def _located(self, location: str) -> str:
        return location if "://" in location else str(self.workspace / location)

    @property
    def source_location(self) -> str:
        return self._located(self.source)

    @property
    def publish_location(self) -> str:
        return self._located(self.publish_to)

    def preview_url(self, video_sha256: str) -> str:
        """Where `serve` shows a reel of the store, published or not: on loopback, whatever the public address is.

        At the host and port of `public_url` where those are local, else at `SERVE_URL`.
        """
        public = urlsplit(self.public_url)
        is_local = public.hostname in ("127.0.0.1", "localhost", "::1")
        origin = f"{public.scheme}://{public.netloc}/" if is_local else SERVE_URL
        return f"{origin}preview/{video_sha256}.mp4"

    @property
    def asks_a_second_opinion(self) -> bool:
        return self.second_opinion != "off" and self.second_opinion_budget > 0

    @property
    def brand_folder(self) -> Path:
        """The workspace's own; where that holds no brand.toml, the one beside the catalogue if it holds one."""
        own, beside = self.workspace / "brand", Path(self.source_location) / "brand"
        if "://" in self.source or (own / BRAND_NAME).is_file() or not (beside / BRAND_NAME).is_file():
            return own
        return beside

    def recordings(self, partition: str) -> Path:
        """The folder of the user's own voice recordings for a product."""
        return _of_product(self.workspace / "voice", partition)

    def artworks(self, partition: str) -> list[Path]:
        """Pictures of a product's flat master artwork, where the user gave any."""
        folder = _of_product(self.workspace / "artwork", partition)
        return sorted(path for path in folder.glob("[!.]*") if path.is_file())

    def unclaimed(self, skus: Mapping[str, str]) -> list[str]:
        """A sentence about everything in `overrides`, `voice` and `artwork` that is of no product.

        `skus`: partition key -> SKU of every product.
        """
        sentences = []
        names = {safe_name(sku) for sku in skus.values()}
        hashed = {key.rpartition("~")[2] for key in skus if "~" in key}
        for folder, suffix in (("overrides", ".toml"), ("voice", ""), ("artwork", "")):
            root = self.workspace / folder
            for path in sorted(root.rglob(f"*{suffix}")):
                written = str(path.relative_to(root)).removesuffix(suffix)
                given = _meant_by(written)
                is_of_one = bool(given & skus.keys() or hashed & {_short_hash(name) for name in given})
                is_aside = path.parent != root or path.name.startswith(".")
                if is_of_one and is_aside and (suffix or path.is_dir()):
                    sentences.append(f"{folder}/{written}{suffix} is not read; name it {safe_name(written)}{suffix}.")
                if is_of_one or (is_aside and not suffix) or path.name.startswith("._"):
                    continue
                alike = difflib.get_close_matches(written, names, n=1) or sorted(names)[:1]
                example = f", such as {folder}/{alike[0]}{suffix}" if alike else ""
                sentences.append(f"{folder}/{written}{suffix} is of no product; name it after a SKU{example}.")
        return sentences

    def file_hashes(self) -> FileHashes:
        return FileHashes(self.workspace / ".cache" / "file_hashes.sqlite")

    def open_store(self, *, reuse: bool = True) -> Store:
        return open_store(self._located(self.store), self.workspace / ".cache", reuse=reuse)

    def overrides(self, partition: str) -> dict[str, str]:
        """What the user wrote for a product in overrides/<SKU>.toml: `{"opening.line": "Good morning."}` of a `line`
        below `[opening]`. Empty when there is no such file; raises `SettingsError` where it can't be read."""
        path = _of_product(self.workspace / "overrides", partition, ".toml")
        if not path.is_file():
            return {}
        flat = {
            f"{table}.{key}" if table else key: value
            for table, values in _grouped(read_toml(path)).items()
            for key, value in values.items()
        }
        for key, value in flat.items():
            if not isinstance(value, str):
                raise SettingsError(f"{path.name}: {key} must be text in quotes, not {value!r}.")
        return flat


def safe_name(sku: str) -> str:
    """The name of a product's file or folder: its SKU, but `GC%2F1` for `GC/1`, which no file can be called."""
    return re.sub(r'[/\\:*?"<>|%\x00-\x1f]|^\.', lambda found: f"%{ord(found[0]):02X}", sku)


def _of_product(folder: Path, partition: str, suffix: str = "") -> Path:
    """What lies in `folder` under a product's partition key, or under the SKU that this is a hash of."""
    path = folder / f"{safe_name(partition)}{suffix}"
    if "~" not in partition or path.exists():
        return path
    short = partition.rpartition("~")[2]
    paths = (path for path in sorted(folder.glob(f"[!.]*{suffix}")))
    found = (p for p in paths if short in {_short_hash(name) for name in _meant_by(p.name.removesuffix(suffix))})
    return next(found, path)


def _meant_by(name: str) -> set[str]:
    return {name, unquote(name)}


def _short_hash(sku: str) -> str:
    """What follows the `~` in the partition key of a SKU that can't be one itself, 12 hex digits."""
    return hashlib.sha256(sku.encode(errors="surrogateescape")).hexdigest()[:12]


def _grouped(values: dict[str, Any]) -> dict[str, dict[str, Any]]:
    tables = {name: value for name, value in values.items() if isinstance(value, dict)}
    return {"": {name: value for name, value in values.items() if name not in tables}, **tables}


def config_file(path: Path | None = None) -> Path:
    """The settings file that `load_settings` reads; raises `SettingsError` where there is none."""
    chosen = path or Path(os.environ.get(CONFIG_VARIABLE) or CONFIG_NAME)
    if chosen.is_dir():
        chosen = chosen / CONFIG_NAME
    if not chosen.is_file():
        raise SettingsError(
            f"No settings at {chosen}: set {CONFIG_VARIABLE} to a {CONFIG_NAME}, or use `run --source DIR`."
        )
    return chosen.resolve()


def load_settings(path: Path | None = None) -> Settings:
    """Read `path`, else what REEL_PIPELINE_CONFIG names, else ./reel_pipeline.toml; raises `SettingsError`.

    REEL_PIPELINE_PUBLIC_URL overrides `public_url`: the demo's origin takes a free port.
    REEL_PIPELINE_ALLOW_PRIVATE_HOSTS adds to `allow_private_hosts`, for `crawl` and `run --source` without a file.
    """
    chosen = config_file(path)
    values = read_toml(chosen)
    if address := os.environ.get(PUBLIC_URL_VARIABLE):
        values["public_url"] = address
    if hosts := os.environ.get(PRIVATE_HOSTS_VARIABLE):
        values["allow_private_hosts"] = [*values.get("allow_private_hosts", []), *hosts.split(",")]
    try:
        return Settings(workspace=chosen.parent, **values)
    except (ValidationError, TypeError) as error:
        raise SettingsError(f"{chosen}: {first_problem(error)}") from error


def make_workspace(folder: Path, source: str) -> Path:
    """Write a settings file for `source` unless there is one; returns its path."""
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / CONFIG_NAME
    if not config.exists():
        config.write_text(f"source = {_toml_string(source)}\n", encoding="utf-8")
    return config


def default_workspace(source: str) -> Path:
    """Where `run --source` keeps its workspace: one per source, in the user's data folder (XDG base directories)."""
    root = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    name = Path(source).name if "://" not in source else source.split("://")[1].split("/")[0]
    digest = hashlib.sha256(source.encode()).hexdigest()[:12]
    return root / "reel_pipeline" / f"{name or 'source'}-{digest}"


def read_toml(path: Path) -> dict[str, Any]:
    """The values of a TOML file; raises `SettingsError` where it is none."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} is not valid TOML: {error}") from error


def first_problem(error: ValidationError | TypeError) -> str:
    """The first thing that is wrong and where, such as `max_attempts: Input should be less than or equal to 10`."""
    if isinstance(error, TypeError):
        return str(error)
    first = error.errors()[0]
    return f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}"


def _toml_string(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
