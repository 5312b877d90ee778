"""`mramcim cache info|prune`: what the store of simulated points holds, and keeping it small."""

from __future__ import annotations

import argparse
import time
from typing import TYPE_CHECKING, Any

from mramcim.arguments import add_json, finite
from mramcim.columns import aligned
from mramcim.errors import CommandError
from mramcim.outputs import STANDARD_OUTPUT, check_outputs, write_json
from mramcim.printable import printable
from mramcim.running import warn

if TYPE_CHECKING:
    from characterize.store import Usage

SUMMARY = "tell what the store of simulated points holds (info), or drop old ones (prune)"

_DAY = 86400.0
_MEGABYTE = 1e6


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the verb takes."""
    parser.description = (
        "Results of simulated points are kept in $MRAMCIM_CACHE, else in $XDG_CACHE_HOME/mramcim, "
        "else in the platform's cache folder. prune drops those not used for some days, and the "
        "ones used longest ago until a size fits."
    )
    parser.add_argument("what", choices=("info", "prune"), help="what to do")
    parser.add_argument("--days", type=finite, metavar="N", help="prune: unused for N days")
    parser.add_argument("--size", type=finite, metavar="MB", help="prune: until it fits MB")
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print what the store holds, after dropping what was asked to be dropped."""
    limits = (arguments.days, arguments.size)
    if arguments.what == "prune" and limits == (None, None):
        raise CommandError("nothing says what to drop; give --days N, --size MB or both")
    if arguments.what == "info" and limits != (None, None):
        raise CommandError("--days and --size belong to prune; leave them out of info")
    if any(limit is not None and limit < 0 for limit in limits):
        raise CommandError("--days and --size are 0 or more; give a number that is")
    check_outputs({"--json": arguments.json})

    from characterize.store import Store

    with Store(warn=warn) as store:
        dropped = None
        if arguments.what == "prune":
            dropped = store.prune(
                unused_for=None if arguments.days is None else arguments.days * _DAY,
                largest=None if arguments.size is None else round(arguments.size * _MEGABYTE),
            )
        usage = store.usage()
    content = _content(usage, dropped)
    if arguments.json is not None:
        write_json(arguments.json, content)
    if arguments.json != STANDARD_OUTPUT:
        print(_described(usage, dropped))
    return 0


def _content(usage: Usage, dropped: int | None) -> dict[str, Any]:
    content: dict[str, Any] = {
        "format": "mramcim-cache/1",
        "path": str(usage.path),
        "results": usage.results,
        "size_bytes": usage.size,
        "first_used_unix_s": usage.oldest,
        "last_used_unix_s": usage.newest,
    }
    return content if dropped is None else {**content, "dropped": dropped}


def _described(usage: Usage, dropped: int | None) -> str:
    total = sum(usage.results.values())
    lines = [f"{printable(str(usage.path))}: {total} results, {usage.size / _MEGABYTE:.2f} MB"]
    if dropped is not None:
        lines.insert(0, f"dropped {dropped} results")
    if usage.oldest is not None and usage.newest is not None:
        first, last = (
            time.strftime("%Y-%m-%d", time.localtime(moment))
            for moment in (usage.oldest, usage.newest)
        )
        lines.append(f"last used between {first} and {last}")
        rows = [(printable(bench), str(count)) for bench, count in sorted(usage.results.items())]
        lines += ["", aligned(("bench", "results"), rows, numbers=1)]
    return "\n".join(lines)
