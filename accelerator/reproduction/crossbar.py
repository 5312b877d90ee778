"""Analog RRAM crossbars: IMCE's counterpart, the analog-or-digital study, and ISAAC itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accelerator.crossbar.beside import beside_crossbar
from accelerator.crossbar.cost import crossbar_cost
from accelerator.crossbar.parameters import crossbar_parameters
from accelerator.networks.chain import Chain
from accelerator.plan import plan_layers
from accelerator.reproduction.row import Row

if TYPE_CHECKING:
    from lut import Table

_ISAAC = "A. Shafiee et al., ISAAC, ISCA 2016"
_PARTS = "crossbars of 128 x 128 with the converters of ISAAC at 32 nm, idle parts free"


def rows(table: Table) -> list[Row]:
    """Both sides of IMCE's and the study's comparisons, and ISAAC's own totals."""
    alexnet = beside_crossbar("alexnet", table=table, weight_bits=1, activation_bits=1)
    lenet5 = beside_crossbar(
        "lenet5", table=table, weight_bits=1, activation_bits=8, coverage="convolutions",
        first_last="off",
    )  # fmt: skip
    here = f"here: AlexNet, all layers, W1:A1, tt, 1.0 V, 27 degC; {_PARTS}"
    there = (
        "there: likely the binary AlexNet of T. Tang et al., ASP-DAC 2017 (2275.34 uJ, 9.19 mm2), "
        "whose conditions are not known"
    )
    one_sum = (
        "a conversion sums 128 products where a sense makes one, so that with these converters "
        "the crossbar wins; the published counterpart must contain what is not here"
    )
    return [
        Row(
            "imce-rram-energy",
            "energy of the RRAM crossbar over that of bit-wise MRAM",
            3.0,
            1 / alexnet.ratios["energy"],
            "1",
            "IMCE, ASP-DAC 2018, abstract",
            f"{there}; {here}",
            one_sum,
        ),
        Row(
            "imce-rram-area",
            "area of the RRAM crossbar over that of bit-wise MRAM",
            4.0,
            1 / alexnet.ratios["area"],
            "1",
            "IMCE, ASP-DAC 2018, abstract",
            f"{there}; {here}",
            "ours stores all layers at one copy in cells for a write current of a stable magnet; "
            "areas at 45 nm (ours) and 32 nm",
        ),
        Row(
            "rram-alexnet-energy",
            "energy of an image of binary AlexNet on RRAM crossbars",
            2275.34e-6,
            alexnet.crossbar.energy,
            "J",
            "comparison table beside IMCE, second-hand",
            f"{there}; {here}",
            one_sum,
        ),
        Row(
            "reram-lenet5-energy",
            "energy of LeNet-5's convolutions on analog ReRAM over digital SOT-MRAM",
            15.8,
            1 / lenet5.ratios["energy"],
            "1",
            "analog-or-digital study, ISVLSI 2019, quoted by others",
            f"there: W1:A8, first and last layers left out; here: conv2 and conv3, {_PARTS}",
            "13.5 uJ over these layers is 47 pJ a multiply-accumulate, of which converters at "
            "ISAAC's powers take 0.1 pJ where arrays are full",
        ),
        Row(
            "isaac-density",
            "operations a second and area of a chip of crossbars at 16 bits",
            479e9 / 1e-6,
            _isaac_density(),
            "1/s/m2",
            _ISAAC,
            "both: 16 x 16 bits, all arrays at work, links included",
            "from the same parts as the rows above: holds the model to its source",
        ),
    ]


def _isaac_density() -> float:
    """Operations a second and m2 of a chip whose arrays are all full and at work."""
    parameters = crossbar_parameters()
    geometry = parameters.geometry
    kernels = geometry.columns * geometry.cell_bits // 16
    side = 400
    chain = Chain(geometry.rows, side).convolution("full", kernels, 1)
    plan = plan_layers(chain.network("full", "made here"), 16, 16, None, "all")
    layer = crossbar_cost(plan).layers[0]
    operations = 2 * geometry.rows * kernels * side**2
    chip = geometry.tiles_per_chip * geometry.arrays_per_tile
    area = chip * parameters.array_area + parameters.link_area
    return operations / layer.latency * chip / layer.arrays / area
