"""The classes of the file that `accelerator.component_models` writes, piece by piece."""

from __future__ import annotations

HEAD = '''\
"""{title}"""

from hwcomponents import ActionCost, ComponentModel, action

# Energies in J, times in s, powers in W, areas in m2, as hwcomponents has them.
PROVENANCE = {provenance}

ROWS = {rows}
COLUMNS_PER_AMPLIFIER = {columns_per_amplifier}

# One sense by one amplifier, by operation and stored operands: <operation>/<variable>.
SENSES = {senses}

# The amplifier of an operation at rest with its columns, and its area; the largest over operands.
AMPLIFIERS = {amplifiers}

# One cell written, by value, each with its best driver: write/<variable>.
WRITES = {writes}

# The write drivers of one column, and one unselected cell of the selected row.
DRIVER = {driver}

CELL_AREA = {cell_area}

# Periphery: <group>/<variable>.
BLOCKS = {blocks}


def _cost(figures):
    """Mean energy, longest delay and cycle of these equally likely figures."""
    energies = [one["energy"] for one in figures]
    return ActionCost(
        energy=sum(energies) / len(energies),
        latency=max(one["delay"] for one in figures),
        throughput=1 / max(one["cycle_time"] for one in figures),
    )


def _chosen(figures, name):
    """The figures under a name, or all of them for "mean"; 1 stands for 01, too."""
    if name == "mean":
        return list(figures.values())
    key = str(name).zfill(len(min(figures)))
    if key not in figures:
        raise ValueError(f"{{name!r}} is none of {{', '.join(figures)}} or mean")
    return [figures[key]]


class MramcimColumns(ComponentModel):
    """One sense amplifier, the columns of cells that share it, and their write drivers.

    An action is one bit: one sense by the amplifier, or one cell written; `bits_per_action`
    multiplies. Bits follow one another: as many of these work side by side as a sub-array has
    amplifiers, which is a fan-out. Decoders and word lines are models of their own.

    Parameters
    ----------
    rows: int
        Rows of cells on a column; those of the export and no others.
    with_...: bool
        Whether the amplifier is built for an operation beside read and and2; area and leakage
        are the largest of those that it is built for.
    """

    component_name = ["mramcim_columns", "MramcimColumns"]

    def __init__(self, rows: int = ROWS{flags}):
        if rows != ROWS:
            raise ValueError(f"these figures are of {{ROWS}} rows; export {{rows}}")
        self.operations = ["read", "and2"]
{choices}        built = [AMPLIFIERS[name] for name in self.operations]
        super().__init__(
            leak_power=max(one["leakage_power"] for one in built)
            + COLUMNS_PER_AMPLIFIER * DRIVER["leakage_power"],
            area=max(one["area"] for one in built)
            + COLUMNS_PER_AMPLIFIER * (DRIVER["area"] + ROWS * CELL_AREA),
        )

    def _sense(self, operation: str, operands: str) -> ActionCost:
        if operation not in self.operations:
            raise ValueError(f"the amplifier is not built for {{operation}}")
        return _cost(_chosen(SENSES[operation], operands))

    @action(bits_per_action=1)
    def write(self, value: str = "mean", half_selected: int = 0) -> ActionCost:
        """One cell written: `value` 0, 1 or mean; so many unselected cells on its row."""
        cost = _cost(_chosen(WRITES, value))
        energy = cost.energy + half_selected * DRIVER["energy_half_selected"]
        return ActionCost(energy=energy, latency=cost.latency, throughput=cost.throughput)
'''

FLAG = ", with_{name}: bool = True"

CHOICE = """\
        if with_{name}:
            self.operations.append("{name}")
"""

SENSE = '''
    @action(bits_per_action=1)
    def {name}(self, operands: str = "mean") -> ActionCost:
        """{meaning}: `operands` {patterns} or mean."""
        return self._sense("{operation}", operands)
'''

WORD_LINES = '''

class MramcimWordLines(ComponentModel):
    """The drivers of one row with its read and its write word line of {columns} columns.

    An action is one on and off cycle of a driver with its line; as the table has no cycle of
    it, the throughput is one over the delay.
    """

    component_name = ["mramcim_word_lines", "MramcimWordLines"]

    def __init__(self, columns: int = {columns}):
        if columns != {columns}:
            raise ValueError(f"these figures are of {columns} columns; export {{columns}}")
        lines = BLOCKS["wordline_driver"].values()
        super().__init__(
            leak_power=sum(one["leakage_power"] for one in lines),
            area=sum(one["area"] for one in lines),
        )

    @action
    def read(self) -> ActionCost:
        """The read word line raised and lowered."""
        return _cost([BLOCKS["wordline_driver"]["read"]])

    @action
    def write(self) -> ActionCost:
        """The write word line raised and lowered."""
        return _cost([BLOCKS["wordline_driver"]["write"]])
'''

BLOCK = '''

class {class_name}(ComponentModel):
    """{meaning}.

    As the table has no cycle of it, the throughput is one over the delay.
    """

    component_name = ["{component}", "{class_name}"]

    def __init__(self):
        block = BLOCKS["{group}"]
        super().__init__(leak_power=block["leakage_power"], area=block["area"])

    @action
    def {name}(self) -> ActionCost:
        """{action}."""
        return _cost([BLOCKS["{group}"]])
'''

WIRE = '''

class MramcimWire(ComponentModel):
    """One driven wire of `length` in m, its repeaters included; delays add along it."""

    component_name = ["mramcim_wire", "MramcimWire"]

    def __init__(self, length: float):
        block = BLOCKS["wire"]
        self.millimetres = length * 1e3
        super().__init__(
            leak_power=self.millimetres * block["leakage_power"],
            area=self.millimetres * block["area"],
        )

    @action(bits_per_action=1)
    def read(self) -> ActionCost:
        """One full charge and discharge of the wire."""
        cost = _cost([BLOCKS["wire"]])
        return ActionCost(
            energy=self.millimetres * cost.energy,
            latency=self.millimetres * cost.latency,
            throughput=cost.throughput / self.millimetres,
        )
'''
