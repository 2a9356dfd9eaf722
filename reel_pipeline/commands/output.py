"""How commands answer: a table for people, one JSON document for programs."""

import json
import textwrap
from collections.abc import Sequence
from itertools import zip_longest
from typing import Any


def print_json(document: object) -> None:
    print(json.dumps(document, ensure_ascii=False, indent=1))


def print_table(rows: Sequence[dict[str, Any]], columns: Sequence[str]) -> None:
    """Columns as wide as their content, in the order given; empty ones are left out, longer cells go on below."""
    cells = [[as_cell(row.get(column)) for column in columns] for row in rows]
    used = [index for index in range(len(columns)) if any(row[index] for row in cells)]
    widths = {index: min(60, max(len(columns[index]), *(len(row[index]) for row in cells))) for index in used}
    if not used:
        print("none")
        return
    print("  ".join(columns[index].upper().ljust(widths[index]) for index in used).rstrip())
    for row in cells:
        lines = [textwrap.wrap(row[index], widths[index]) for index in used[:-1]] + [[row[used[-1]]]]
        for parts in zip_longest(*lines, fillvalue=""):
            print("  ".join(part.ljust(widths[index]) for part, index in zip(parts, used, strict=True)).rstrip())


def as_cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.2f}"
    if isinstance(value, list | tuple):
        return " / ".join(str(item) for item in value)
    return " ".join(str(value).split())
