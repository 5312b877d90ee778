"""What stands beside a sub-array, and the longest path in it.

A group of lanes shares the state machine and the down counter, as all of them multiply by the same
weight at a time; each lane has a register for its activation, the multiplexer that shows a bit of
it, a flip-flop for that bit and an up-down counter that holds the exact sum. Activations for the
lanes are sensed in `phases` of one row, each as many whole ones as there are amplifiers for.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from accelerator.ageing.delays import aged_delay, aged_energy, aged_leakage_power
from accelerator.array import Array
from accelerator.errors import EstimateError
from accelerator.hardware import Hardware
from accelerator.prices import BlockPrice, Conditions, Prices, read_prices

if TYPE_CHECKING:
    from lut import Table


@dataclass(frozen=True, slots=True)
class LaneGroup:
    """`lanes` of `bits` of magnitude, their sums in `sum_bits` with the sign.

    phases: sense cycles in which the lanes get their activations.
    """

    bits: int
    sum_bits: int
    lanes: int
    phases: int

    @classmethod
    def beside(cls, array: Array, bits: int, patch_length: int, phases: int) -> LaneGroup:
        """Beside a sub-array, for sums of up to `patch_length` products and a bias.

        A product is at most the activation, 2^bits - 1; the bias counts as one product more, and
        the sign comes on top.
        """
        at_once = array.amplifiers // bits
        if at_once < 1:
            raise EstimateError(
                f"{array.amplifiers} amplifiers do not sense an activation of {bits} bits at "
                "once: give more columns"
            )
        if not 1 <= phases <= array.columns_per_amplifier:
            raise EstimateError(
                f"a row is sensed in 1 to {array.columns_per_amplifier} phases, not {phases}"
            )
        sum_bits = ((patch_length + 1) * ((1 << bits) - 1)).bit_length() + 1
        return cls(bits, sum_bits, phases * at_once, phases)

    @property
    def hardware(self) -> Hardware:
        """Blocks of the group (1).

        A counter is a flip-flop and an adder for each bit. The state's lowest one is found by a
        chain of a gate for each bit; a multiplexer is two gates for each bit, the sign's
        exclusive or three.
        """
        return Hardware(
            full_adders=2 * self.bits + self.lanes * self.sum_bits,
            flip_flops=2 * self.bits + self.lanes * (self.bits + 2 + self.sum_bits),
            decoder_gates=self.bits + self.lanes * (2 * self.bits + 3),
        )

    def paths(self, prices: Prices) -> dict[str, float]:
        """Times from one register to the next (s): the longest one is the clock's period.

        The up-down counter's carry goes through all bits of the sum. The down counter's and the
        state machine's go through fewer. The shown bit passes the chain that finds the lowest one
        and a tree of gates, and waits for the next cycle in a flip-flop.
        """
        adder, gate = prices.full_adder.delay, prices.decoder_gate.delay
        register = prices.flip_flop.delay
        depth = 1 + (self.bits - 1).bit_length()
        return {
            "sum": register + self.sum_bits * adder,
            "state": register + self.bits * adder,
            "shown bit": register + (self.bits + depth) * gate,
        }

    def period(self, prices: Prices) -> float:
        """The clock's shortest period (s)."""
        return max(self.paths(prices).values())


def aged_prices(table: Table, conditions: Conditions, age: float) -> Prices:
    """Prices with the blocks that lanes are made of as they are after `age` s, the rest as new.

    Raises lut.TableError where the table has not aged them.
    """
    fresh = read_prices(table, conditions)

    def block(name: str, area: float) -> BlockPrice:
        energy, delay, leakage = (
            value(
                table,
                name,
                age=age,
                temperature=conditions.temperature,
                vdd=conditions.vdd,
                corner=conditions.corner,
            )
            for value in (aged_energy, aged_delay, aged_leakage_power)
        )
        return BlockPrice(energy, delay, leakage, area)

    return replace(
        fresh,
        full_adder=block("full_adder", fresh.full_adder.area),
        flip_flop=block("flip_flop", fresh.flip_flop.area),
        decoder_gate=block("decoder_gate", fresh.decoder_gate.area),
    )
