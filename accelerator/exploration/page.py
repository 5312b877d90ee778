"""An exploration as one interactive page that needs no network."""

from __future__ import annotations

import html
import json
from importlib.resources import files

from accelerator.exploration.exploration import Exploration
from accelerator.exploration.misses import render_misses
from accelerator.exploration.plot import telling_axis
from accelerator.exploration.render import SHOWN, said_of_files, setting_text


def exploration_page(found: Exploration) -> str:
    """The page's text, with all points inside."""
    space = found.space
    content = found.to_dict()
    for entry, point in zip(content["points"], found.points, strict=True):
        entry["texts"] = {name: setting_text(name, point.settings[name]) for name in space.varied}
    content["varied"] = list(space.varied)
    content["scales"] = {name: list(pair) for name, pair in SHOWN.items()}
    content["telling"] = telling_axis(found, *space.objectives[:2])
    content["summary"] = (
        f"{space.size} points, {sum(found.within)} within the limits, {len(found.front)} in front "
        f"by {', '.join(space.objectives)}; {len(found.refused)} have no estimate."
    )
    content["said"] = said_of_files(found)
    if misses := render_misses(found):
        content["summary"] += " " + " ".join(misses.split())
    # Inside a script element only "<" could end it early.
    data = json.dumps(content).replace("<", "\\u003c")
    text = files("accelerator.exploration").joinpath("page.html").read_text(encoding="utf-8")
    return text.replace("@TITLE@", html.escape(space.title)).replace("@DATA@", data)
