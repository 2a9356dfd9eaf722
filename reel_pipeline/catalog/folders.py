"""A tree of folders with pictures -> entries as listed: a folder that holds pictures is a product; see `source.py`.

Nothing that lies there is left out in silence: what can't be told to be one product's is named in the errors.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from reel_pipeline.catalog.listing import Listing
from reel_pipeline.catalog.pages.text import plain_line
from reel_pipeline.errors import CatalogError
from reel_pipeline.media.photo import suffix_of
from reel_pipeline.records import CatalogEntry, ItemError, PhotoSource

PICTURE_SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".jfif", ".jpe", ".png", ".webp", ".avif", ".gif", ".bmp", ".tif", ".tiff", ".heic", ".heif"}
    | {".hif", ".jxl", ".jp2", ".svg", ".psd", ".tga", ".eps", ".dng", ".cr2", ".cr3", ".nef", ".arw", ".raf", ".orf"}
)
"""What is meant as a picture, readable or not: what it holds decides, and its error names the rest."""
WORKBOOK_SUFFIXES = frozenset({".xlsx", ".xls", ".xlsm", ".xlsb", ".ods", ".numbers"})
SPREADSHEET_SUFFIXES = WORKBOOK_SUFFIXES | {".csv", ".tsv"}
OTHER_THINGS = frozenset({"__macosx", "@eadir", "#recycle", "$recycle.bin", "system volume information"})
"""Folders that archives, servers and systems leave behind."""
NO_PRODUCT_NAMES = frozenset(
    {"image", "images", "img", "imgs", "photo", "photos", "picture", "pictures", "pics", "media", "assets", "uploads"}
    | {"products", "files", "dcim", "raw", "original", "originals", "export", "new folder", "untitled folder", "bilder"}
    | {"fotos", "foto", "imagenes", "imágenes", "immagini", "afbeeldingen", "imagens", "front", "back", "side"}
    | {"detail", "details"}
)
"""Of a folder: how pictures are kept, or which side they show. A product needs a name of its own."""
MAX_DEPTH = 6
NEEDS_A_NAME = (
    "The folder {name} holds pictures and is not named by a product; put the pictures of each product into a folder "
    "that is named by it, or write a catalog.csv that says which pictures are whose."
)


def list_folders(root: Path) -> Listing:
    listing = Listing()
    loose = _pictures(root)
    for folder in _folders(root):
        _walk(listing, root, folder, ())
    for picture in loose if listing.entries or listing.unread else ():
        error = "This picture lies beside the product folders; move it into one."
        listing.leave_out(picture.name, error, (picture.stem,), picture.name)
    if not listing.entries and listing.unread:
        raise CatalogError(listing.errors[0].error)
    if not listing.entries and loose:
        if _names_no_product(root):
            raise CatalogError(NEEDS_A_NAME.format(name=root.name))
        listing.entries.append(_folder_entry(root.name, [path.name for path in loose], ()))
    if not (listing.entries or listing.unreached):
        raise CatalogError(
            "The folder holds no catalog.json, no catalog.csv, no shop's export and no picture; add one."
        )
    return listing


def pictures_below(root: Path) -> Iterator[str]:
    """Every picture in the tree, relative to `root`."""
    for path in root.rglob("*"):
        parts = path.relative_to(root).parts
        hidden = any(part.startswith(".") or part.casefold() in OTHER_THINGS for part in parts)
        if not hidden and path.is_file() and _is_picture(path):
            yield "/".join(parts)


def _walk(listing: Listing, root: Path, folder: Path, above: tuple[str, ...]) -> None:
    """List what lies in `folder` and below it; `above` are the names of the folders between it and the root."""
    place = folder.relative_to(root).as_posix()
    try:
        if (folder / "brand.toml").is_file():
            return
        if fault := _why_no_product(folder, place, above):
            _leave_out(listing, place, folder, fault)
            return
        if not (pictures := _pictures(folder)):
            for path in _folders(folder):
                _walk(listing, root, path, (*above, folder.name))
            return
        listing.entries.append(_folder_entry(folder.name, [f"{place}/{picture.name}" for picture in pictures], above))
        for path in _folders(folder):
            if any(True for _ in pictures_below(path)):
                fault = f"It lies in {folder.name}, which holds pictures itself; move its pictures there, or it out."
                _leave_out(listing, f"{place}/{path.name}", path, fault)
    except OSError as error:
        listing.unreached.append(ItemError(item=place, error=f"The folder can't be read ({error.strerror}); open it."))


def _leave_out(listing: Listing, place: str, folder: Path, fault: str) -> None:
    """Each folder in it may be a product that was listed from where it lay before."""
    inner = () if folder.is_symlink() else (path.name for path in folder.rglob("*") if path.is_dir())
    listing.leave_out(place, fault, (folder.name, *inner), place)


def _why_no_product(folder: Path, place: str, above: tuple[str, ...]) -> str | None:
    """Why what the folder holds is not listed, in a sentence; None where nothing is wrong with it."""
    if any("\ud800" <= char <= "\udfff" for char in place):
        return "Rename the folder in plain letters."
    if folder.is_symlink():
        return f"The folder {place} is a link to another one; put that folder itself here."
    if len(above) > MAX_DEPTH:
        return f"The folder {place} lies too deep; move it up."
    sheet = next((path.name for path in _sorted(folder) if path.suffix.lower() in SPREADSHEET_SUFFIXES), "")
    if sheet:
        return f"The folder {place} holds {sheet}; name that folder as the source, or take the file out of it."
    return NEEDS_A_NAME.format(name=place) if _names_no_product(folder) and _pictures(folder) else None


def _folder_entry(name: str, pictures: list[str], collections: tuple[str, ...]) -> CatalogEntry:
    photos = tuple(PhotoSource(location=picture, position=number) for number, picture in enumerate(pictures, 1))
    title = plain_line(re.sub(r"[_-]+", " ", name)) or name
    kept = tuple(line for above in collections if (line := plain_line(above)))
    return CatalogEntry(partition_key="", sku=name, title=title, collections=kept, photos=photos)


def _names_no_product(folder: Path) -> bool:
    return folder.name.casefold().strip() in NO_PRODUCT_NAMES


def _folders(folder: Path) -> list[Path]:
    """Without those of other things, and without the brand's, which is no product."""
    folders = (path for path in _sorted(folder) if path.is_dir() and not (path / "brand.toml").is_file())
    return [path for path in folders if path.name.casefold() not in OTHER_THINGS]


def _pictures(folder: Path) -> list[Path]:
    return [path for path in _sorted(folder) if path.is_file() and _is_picture(path)]


def _is_picture(path: Path) -> bool:
    """By its name, else by its first bytes: pictures from phones and chats often have none of the usual names."""
    if path.suffix.lower() in PICTURE_SUFFIXES:
        return True
    try:
        with path.open("rb") as file:
            return suffix_of(file.read(64)) not in (".bin", ".bmp")  # "BM" may begin any text
    except OSError:
        return False


def _sorted(folder: Path) -> list[Path]:
    """What is not hidden, by name with numbers in counting order: 2.jpg before 10.jpg."""
    visible = (path for path in folder.iterdir() if not path.name.startswith((".", "~$")))  # ~$: what Excel has open
    return sorted(visible, key=_counting_order)


def _counting_order(path: Path) -> list[tuple[int, str]]:
    parts = re.split(r"([0-9]{1,18})", path.name.casefold())
    return [(int(part) if part.isdecimal() and part.isascii() else -1, part) for part in parts]
