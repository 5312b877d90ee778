"""`mramcim lut info|check|diff|merge|export|import|seal|compare-cell`: what to do with tables."""

from __future__ import annotations

import argparse
from typing import Any

from mramcim import (
    cell_comparison,
    table_diff,
    table_export,
    table_import,
    table_merge,
    table_seal,
)
from mramcim.arguments import add_json
from mramcim.columns import aligned
from mramcim.outputs import STANDARD_OUTPUT, check_outputs, write_json
from mramcim.printable import printable, printable_content

SUMMARY = "tell what a table holds or whether it is sound; compare, merge, export or import tables"

EXIT_PROBLEMS_FOUND = 1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the verb takes: a word for what to do, and what that takes."""
    parser.epilog = (
        "Each takes --json [F]: print JSON alone on standard output, or write it to the file F. "
        "`mramcim lut WHAT --help` tells the rest."
    )
    actions = parser.add_subparsers(dest="what", metavar="WHAT", required=True, title="what to do")
    info = actions.add_parser(
        "info",
        help="groups, axes and outcomes of a table",
        description="Tell groups, axes and outcomes of a table.",
    )
    check = actions.add_parser(
        "check",
        help="whether a table is sound",
        description="Check conformity to the schema and the laws that the numbers obey; the exit "
        "code is 1 where a problem is found.",
    )
    for action, run_it in ((info, _info), (check, _check)):
        action.add_argument("file", metavar="FILE", help="the table (HDF5)")
        add_json(action)
        action.set_defaults(act=run_it)
    modules = {
        "diff": table_diff,
        "merge": table_merge,
        "export": table_export,
        "import": table_import,
        "seal": table_seal,
        "compare-cell": cell_comparison,
    }
    for name, module in modules.items():
        action = actions.add_parser(name, help=module.SUMMARY)
        module.add_arguments(action)
        action.set_defaults(act=module.run)


def run(arguments: argparse.Namespace) -> int:
    """Do what was asked for; 1 where `check` found problems or `diff` differences, else 0."""
    code: int = arguments.act(arguments)
    return code


def _info(arguments: argparse.Namespace) -> int:
    import lut

    check_outputs({"--json": arguments.json}, inputs=[arguments.file])
    content = lut.info(lut.Table.open(arguments.file))
    if arguments.json is not None:
        write_json(arguments.json, content)
    if arguments.json != STANDARD_OUTPUT:
        print(_described(printable_content(content)))
    return 0


def _check(arguments: argparse.Namespace) -> int:
    import lut

    check_outputs({"--json": arguments.json}, inputs=[arguments.file])
    findings = lut.examine(arguments.file)
    problems = findings.problems
    if arguments.json is not None:
        content = {
            "format": "mramcim-table-check/1",
            "path": arguments.file,
            "problems": problems,
            "remarks": findings.remarks,
        }
        write_json(arguments.json, content)
    if arguments.json != STANDARD_OUTPUT:
        for problem in problems:
            print(printable(problem))
        for remark in findings.remarks:
            print(printable(f"remark: {remark}"))
        count = f"{len(problems)} problem{'s' if len(problems) > 1 else ''}"
        print(f"{printable(arguments.file)}: {count if problems else 'sound'}")
    return EXIT_PROBLEMS_FOUND if problems else 0


def _described(content: dict[str, Any]) -> str:
    head = [f"{content['path']}: {content['title']}".rstrip(": ")]
    head.append(
        f"schema {content['schema_version']}, made by mramcim {content['mramcim_version']} "
        f"with ngspice {content['ngspice_version']}"
        + ("" if content["verified"] else "; without digests, so damage may not show")
    )
    groups = [
        (name, str(sum(group["outcomes"].values())), _outcomes(group["outcomes"]), _sizes(group))
        for name, group in content["groups"].items()
    ]
    parts = [
        "\n".join(head),
        aligned(("group", "points", "outcomes", "axes"), groups, numbers=1),
        aligned(("axis", "values"), _axes(content["groups"])),
    ]
    return "\n\n".join(parts)


def _outcomes(outcomes: dict[str, int]) -> str:
    return ", ".join(f"{meaning} {count}" for meaning, count in outcomes.items()) or "-"


def _sizes(group: dict[str, Any]) -> str:
    return " x ".join(f"{name} {axis['size']}" for name, axis in group["axes"].items()) or "-"


def _axes(groups: dict[str, Any]) -> list[tuple[str, str]]:
    """Each axis once where all groups agree on it, else by group."""
    seen: dict[tuple[str, str], list[str]] = {}
    for group, described in groups.items():
        for name, axis in described["axes"].items():
            units = "" if axis["units"] == "1" else f" {axis['units']}"
            values = " ".join(_number(value) for value in axis["values"]) + units
            seen.setdefault((name, values), []).append(group)
    names = [name for name, _ in seen]
    return [
        (name if names.count(name) == 1 else f"{name} ({', '.join(users)})", values)
        for (name, values), users in seen.items()
    ]


def _number(value: Any) -> str:
    return value if isinstance(value, str) else f"{value:g}"
