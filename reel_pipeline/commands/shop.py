"""`reel-pipeline crawl` and `gallery`: the products and pictures of a shop, or of one stored page of it."""

import argparse
from collections.abc import Sequence
from typing import Any

from reel_pipeline.catalog.pages.storefront import products_in
from reel_pipeline.catalog.shop import crawl as crawl_shop
from reel_pipeline.commands.output import print_json
from reel_pipeline.errors import SettingsError
from reel_pipeline.settings import default_workspace, load_settings, make_workspace


def gallery(options: argparse.Namespace) -> int:
    try:
        body = options.response.read_bytes()
    except OSError as error:
        raise SettingsError(f"{options.response} can't be read: {error.strerror}.") from error
    rows: list[dict[str, Any]] = [
        {
            "sku": product.sku,
            "title": product.title,
            "images": [
                {"url": image.url, "position": position, "source": image.source}
                for position, image in enumerate(product.images, start=1)
            ],
        }
        for product in products_in(body, options.url)
    ]
    if options.json:
        print_json({"products": rows})
    else:
        _print_galleries(rows)
    return 0


def _print_galleries(rows: Sequence[dict[str, Any]]) -> None:
    for row in rows:
        print(f"{row['sku']}  {row.get('title') or row.get('error')}")
        for image in row.get("images", ()):
            print(f"  {image['position']:>3}  {image['url']}  ({image['source']})")


def crawl(options: argparse.Namespace) -> int:
    if options.limit is not None and options.limit < 1:
        raise SettingsError(f"--limit is {options.limit}; it must be at least 1.")
    settings = load_settings(make_workspace(default_workspace(options.url), options.url))
    rows = crawl_shop(options.url, options.limit, settings.open_store(), settings.allow_private_hosts)["products"]
    if options.json:
        print_json({"products": rows})
    else:
        _print_galleries(rows)
    return 1 if any("error" in row for row in rows) else 0
