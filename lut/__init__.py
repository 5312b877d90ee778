"""The lookup table: the hand-over between simulation and estimate.

A table is an HDF5 file with one group for each simulated operation, written whole or not at
all, described by a closed and versioned schema, and interpolated only inside its grid.

    from lut import Table

    table = Table.open("table.h5")
    table.value("and2", "energy", corner="tt", vdd=1.0, temperature=300.15, rows=256,
                operands="11")
"""

from lut.checking import Findings, broken_laws, check, examine
from lut.comparison import diff
from lut.difference import Difference, Mismatch, MovedPoint, OutcomeChange, VariableDifference
from lut.errors import TableError
from lut.export import exported, long_form
from lut.importing import group_of_csv
from lut.merging import merge
from lut.model import Axis, Content, Group, Variable
from lut.outcomes import Outcome
from lut.places import ZERO_CELSIUS, shown_coordinate, shown_place
from lut.provenance import ProvenanceChange
from lut.record import content_of, record_of
from lut.schema import AGED, SCHEMA, SCHEMA_VERSION, STATISTICS
from lut.specs import VariableSpec
from lut.summary import info
from lut.table import Table, reference_path
from lut.writing import require_writable, take_over, write_table

__all__ = [
    "AGED",
    "SCHEMA",
    "SCHEMA_VERSION",
    "STATISTICS",
    "ZERO_CELSIUS",
    "Axis",
    "Content",
    "Difference",
    "Findings",
    "Group",
    "Mismatch",
    "MovedPoint",
    "Outcome",
    "OutcomeChange",
    "ProvenanceChange",
    "Table",
    "TableError",
    "Variable",
    "VariableDifference",
    "VariableSpec",
    "broken_laws",
    "check",
    "content_of",
    "diff",
    "examine",
    "exported",
    "group_of_csv",
    "info",
    "long_form",
    "merge",
    "record_of",
    "reference_path",
    "require_writable",
    "shown_coordinate",
    "shown_place",
    "take_over",
    "write_table",
]
