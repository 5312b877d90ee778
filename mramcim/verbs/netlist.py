"""`mramcim netlist BENCH`: the deck of a bench, for reading and for `ngspice -b`."""

from __future__ import annotations

import argparse
import sys

from mramcim.arguments import add_json
from mramcim.benches import add_bench_arguments, request, sample_content
from mramcim.outputs import STANDARD_OUTPUT, check_outputs, write_json

SUMMARY = "print the deck of a bench, which `ngspice -b` runs as it is"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the verb takes."""
    add_bench_arguments(parser)
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print the deck."""
    check_outputs({"--json": arguments.json})
    from circuits.deck_guard import check_deck

    asked = request(arguments)
    deck = asked.deck()
    # Who reads the text may give it to `ngspice -b`, which runs what it finds.
    check_deck(deck.netlist)
    if arguments.json is not None:
        content = {
            "format": "mramcim-netlist/1",
            "bench": deck.bench,
            "title": deck.title,
            "corner": deck.conditions.corner,
            "vdd_V": deck.conditions.vdd,
            "temperature_K": deck.conditions.temperature,
            **sample_content(asked, deck),
            "cycle_start_s": deck.cycle.start,
            "cycle_stop_s": deck.cycle.stop,
            "netlist": deck.netlist,
        }
        write_json(arguments.json, content)
    if arguments.json != STANDARD_OUTPUT:
        sys.stdout.write(deck.netlist.rstrip("\n") + "\n")
    return 0
