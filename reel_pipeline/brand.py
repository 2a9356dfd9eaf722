"""The brand folder -> a `BrandKit`: brand.toml, and the font, logo and music that it names."""

from pathlib import Path

from pydantic import ValidationError

from reel_pipeline.errors import SettingsError
from reel_pipeline.records import BrandKit
from reel_pipeline.settings import BRAND_NAME, first_problem, read_toml
from reel_pipeline.store import Store


def read_brand(folder: Path, store: Store) -> BrandKit:
    """The brand folder: brand.toml with tables look, voice and words; `font`, `logo` and `music` name files in it."""
    path = folder / BRAND_NAME
    if not path.is_file():
        return BrandKit()
    values = read_toml(path)
    look = values.get("look")
    if isinstance(look, dict) and "palette" in look:
        look["palette"] = _plain_colours(look["palette"], path)
    for table, key in (("look", "font"), ("look", "logo"), ("voice", "music")):
        if isinstance(values.get(table), dict) and key in values[table]:
            values[table][key] = store.put_file(_file_inside(folder, str(values[table][key])))
    try:
        return BrandKit.model_validate(values)
    except ValidationError as error:
        raise SettingsError(f"{path}: {first_problem(error)}") from error


def _plain_colours(written: object, path: Path) -> list[str]:
    """`#rrggbb` for every colour of a palette, which may be written in any way that CSS knows."""
    from PIL import ImageColor

    colours = []
    for colour in written if isinstance(written, list) else [written]:
        try:
            channels = ImageColor.getrgb(str(colour).strip())
            if len(channels) != 3:
                raise ValueError
            colours.append(f"#{bytes(channels).hex()}")
        except ValueError:
            raise SettingsError(
                f"{path}: look.palette: {colour!r} is no opaque colour; write it as in CSS, such as #f4f1ec or white."
            ) from None
    if not colours:
        raise SettingsError(f"{path}: look.palette: it is empty; write one to three colours, such as #f4f1ec or white.")
    return colours


def _file_inside(folder: Path, name: str) -> Path:
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()) or not path.is_file():
        raise SettingsError(f"{folder / 'brand.toml'} names {name}, which is not a file in {folder}.")
    return path
