"""How many bits a clock may cost: a stochastic network keeps its rate while its clock slows.

    python examples/slowing_clock.py [--lut TABLE.h5] [--networks NETWORKS.npz]

Whatever slows the lanes (years, heat, a low supply), each line tells how few bits give the rate
that the network had at full speed: dropped in all layers, or layer by layer.
"""

from __future__ import annotations

import argparse
from dataclasses import replace

from accelerator.datasets import load_dataset
from accelerator.pipeline import open_table
from accelerator.prices import Conditions, Prices, read_prices
from accelerator.stochastic.image_cost import LaneMachine
from accelerator.stochastic.policy import BY_LAYER, FEWER, Life
from accelerator.stochastic.scores import accuracy_of
from accelerator.stochastic.stored import SHIPPED, StoredNetworks

SLOWER = (1.0, 1.02, 1.1, 1.3, 1.9, 2.5, 3.5)


def slowed(prices: Prices, factor: float) -> Prices:
    """The same prices with slower lanes."""
    blocks = {
        name: replace(block, delay=block.delay * factor)
        for name in ("full_adder", "flip_flop", "decoder_gate")
        for block in [getattr(prices, name)]
    }
    return replace(prices, **blocks)


def main() -> None:
    """Print a line for each slowing down."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lut")
    parser.add_argument("--networks", default=SHIPPED)
    arguments = parser.parse_args()
    stored = StoredNetworks.load(arguments.networks)
    once = stored.trainings[0]
    images = load_dataset(stored.dataset, "test")
    conditions = Conditions()
    prices = read_prices(open_table(arguments.lut), conditions)
    machine = LaneMachine.of(once.fixed(stored.network), conditions, prices)
    for factor in SLOWER:
        # An age of zero is a new chip, any other one is slow.
        life = Life(
            machine, lambda age, by=factor: slowed(prices, by) if age else prices, once.rungs
        )
        line = f"{factor:.2f} times slower"
        for policy in (FEWER, BY_LAYER):
            moment = life.moment(policy, 1.0)
            right = accuracy_of(machine.network, images, moment.dropped)
            line += f", {policy}: {moment.bits:.2f} bits, {right:.2%} right"
        print(line)


if __name__ == "__main__":
    main()
