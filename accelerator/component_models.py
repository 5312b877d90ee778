"""A table's blocks as component models of hwcomponents, the estimator beneath AccelForge.

What is written is one Python file that needs hwcomponents alone: the numbers of the table under
one set of conditions, with where they are from, and classes that hand them out.
"""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

from accelerator.component_text import BLOCK, CHOICE, FLAG, HEAD, SENSE, WIRE, WORD_LINES
from accelerator.lookup import Lookup
from accelerator.prices import Conditions
from accelerator.write_points import best_writes
from accelerator.write_prices import write_price
from files import digest

if TYPE_CHECKING:
    from lut import Table

REQUIRED = ("read", "and2")
OPTIONAL = ("or2", "xor2")
# Group -> name of class, of component and of action, and what these are.
BLOCKS = {
    "decoder_gate": (
        "MramcimDecoderGate", "mramcim_decoder_gate", "select",
        "One gate of the row decoder", "One select and deselect cycle",
    ),
    "full_adder": (
        "MramcimFullAdder", "mramcim_full_adder", "compute",
        "One full adder of the bit counter", "One addition, mean over all input transitions",
    ),
    "flip_flop": (
        "MramcimFlipFlop", "mramcim_flip_flop", "write",
        "One flip-flop", "One clock cycle at a data activity of one half",
    ),
}  # fmt: skip
_WORDS = ("amplifier", "device", "technology")
_PERIODIC = ("energy", "delay", "cycle_time")
_WIDTH = 90


def component_models(table: Table, at: Conditions) -> str:
    """Return a Python file with component models of the table under the conditions `at`.

    The figures are those of `Table.value`, digit for digit; one that is taken over operands is
    their largest, but for energies, whose mean is taken where no operands are asked for.
    Operations and blocks that the table has not, beside read, AND and write, are left out.

    Raises:
        lut.TableError: a condition outside the table, or a point whose simulation failed.
        EstimateError: a figure that no circuit has.
    """
    senses = [*REQUIRED, *(name for name in OPTIONAL if name in table.groups)]
    blocks = _blocks(table, at)
    look, array = Lookup(table), {**at.shared, "rows": at.rows}
    written = {**at.written, "rows": at.rows}
    driver = write_price(look, written)
    patterns = {name: [str(value) for value in table.axis(name, "operands")] for name in senses}
    head = HEAD.format(
        title=_title(at),
        provenance=_literal(_provenance(table, at)),
        rows=at.rows,
        columns_per_amplifier=int(table.attribute("and2", "columns_per_amplifier")),
        senses=_literal(
            {
                name: {
                    operands: _figures(look, name, {**array, "operands": operands}, _PERIODIC)
                    for operands in patterns[name]
                }
                for name in senses
            }
        ),
        amplifiers=_literal(
            {
                name: {
                    variable: look.largest(name, variable, tuple(patterns[name]), array)
                    for variable in ("leakage_power", "area")
                }
                for name in senses
            }
        ),
        writes=_literal(best_writes(table, _PERIODIC, written)),
        driver=_literal(
            {
                "energy_half_selected": driver.half_selected,
                "leakage_power": driver.leakage_power,
                "area": driver.area,
            }
        ),
        cell_area=repr(look.price("cell", "area", {})),
        blocks=_literal(blocks),
        flags="".join(FLAG.format(name=name) for name in senses[len(REQUIRED) :]),
        choices="".join(CHOICE.format(name=name) for name in senses[len(REQUIRED) :]),
    )
    actions = [*((name, name) for name in senses), ("compute", "and2")]
    parts = [
        SENSE.format(
            name=name, operation=operation, patterns=", ".join(patterns[operation]),
            meaning=_MEANINGS[name],
        )
        for name, operation in actions
    ]  # fmt: skip
    return "".join([head, *parts, *_classes(blocks, at)])


_MEANINGS = {
    "read": "One bit read",
    "and2": "AND of two cells of a column",
    "or2": "OR of two cells of a column",
    "xor2": "XOR of two cells of a column",
    "compute": "The product of two bits, which is and2",
}


def _figures(
    look: Lookup, group: str, at: dict[str, Any], variables: tuple[str, ...]
) -> dict[str, float]:
    return {name: look.price(group, name, at) for name in variables}


def _blocks(table: Table, at: Conditions) -> dict[str, Any]:
    """Figures of the periphery by group, those of the word lines by line."""
    look = Lookup(table)
    found: dict[str, Any] = {}
    variables = ("energy", "delay", "leakage_power", "area")
    if "wordline_driver" in table.groups:
        where = {"columns": at.columns}
        found["wordline_driver"] = {
            line: _block(look, "wordline_driver", {**base, **where, "line": line}, variables)
            for line, base in (("read", at.shared), ("write", at.written))
        }
    for group in (*BLOCKS, "wire"):
        if group in table.groups:
            found[group] = _block(look, group, at.shared, variables)
    return found


def _block(
    look: Lookup, group: str, at: dict[str, Any], variables: tuple[str, ...]
) -> dict[str, float]:
    """A block of logic, whose shortest cycle is taken to be its delay."""
    figures = _figures(look, group, at, variables)
    return {**figures, "cycle_time": figures["delay"]}


def _classes(blocks: dict[str, Any], at: Conditions) -> list[str]:
    texts = []
    if "wordline_driver" in blocks:
        texts.append(WORD_LINES.format(columns=at.columns))
    for group, (class_name, component, name, meaning, does) in BLOCKS.items():
        if group in blocks:
            texts.append(
                BLOCK.format(
                    class_name=class_name, component=component, name=name,
                    meaning=meaning, action=does, group=group,
                )
            )  # fmt: skip
    return [*texts, WIRE] if "wire" in blocks else texts


def _title(at: Conditions) -> str:
    from lut import shown_place

    writes = "" if at.write_vdd is None else f", writes at {at.write_vdd:g} V"
    place = shown_place({**at.shared, "rows": at.rows, "columns": at.columns})
    # A corner may have any name, but not one that ends the text that it stands in.
    place = place.replace("\\", "/").replace('"', "'")
    return (
        f"Component models of MRAM in-memory logic for hwcomponents and AccelForge.\n\n"
        f"Written by `mramcim lut export` from a table of circuit simulations in ngspice\n"
        f"at {place}{writes}.\n"
    )


def _provenance(table: Table, at: Conditions) -> dict[str, Any]:
    """Where the figures are from, in types that a literal has."""
    record = table.provenance
    parts = ("design", "device")
    return {
        "table": table.name,
        "sha256": digest(table.path, "table"),
        "title": table.title,
        "mramcim_version": table.mramcim_version,
        "ngspice_version": table.ngspice_version,
        "conditions": {
            "corner": at.corner,
            "vdd": at.vdd,
            "write_vdd": at.vdd if at.write_vdd is None else at.write_vdd,
            "temperature": at.temperature,
            "rows": at.rows,
            "columns": at.columns,
        },
        **{
            name: str(table.attribute("and2", name))
            for name in _WORDS
            if name in table["and2"].attributes
        },
        **{
            f"{part}_{key}": str(record[part][key])
            for part in parts
            for key in ("name", "sha256")
            if isinstance(record.get(part), dict) and key in record[part]
        },
        "error_rate_of_writing": table["write"].attributes.get("error_rate_target"),
    }


def _literal(value: Any, indent: str = "") -> str:
    """A Python literal, a line for each entry of what holds dicts; floats have all digits."""
    inner = indent + "    "
    if isinstance(value, str) and len(inner) + len(repr(value)) > _WIDTH:
        # Adjoining literals are one.
        pieces = textwrap.wrap(
            value, _WIDTH - len(inner) - 4, drop_whitespace=False, break_on_hyphens=False
        )
        parts = "".join(f"{inner}{piece!r}\n" for piece in pieces)
        return f"(\n{parts}{indent})"
    if not isinstance(value, dict):
        return repr(value)
    flat = f"{{{', '.join(f'{key!r}: {entry!r}' for key, entry in value.items())}}}"
    nested = any(isinstance(entry, dict) for entry in value.values())
    if not nested and len(inner) + len(flat) < _WIDTH:
        return flat
    lines = (f"{inner}{key!r}: {_literal(entry, inner)},\n" for key, entry in value.items())
    return f"{{\n{''.join(lines)}{indent}}}"
