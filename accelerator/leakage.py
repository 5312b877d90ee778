"""Idle power over time, shared out to the layers."""

from __future__ import annotations

from dataclasses import dataclass

from accelerator.costs import Pricing
from accelerator.counts import Counts
from accelerator.elementwise import smaller
from accelerator.timing import Clock
from accelerator.traffic import Traffic


@dataclass(frozen=True, slots=True)
class IdlePower:
    """Power at rest (W): of all layers' sub-arrays, of the buffer, of what is always on.

    `rest` is the share that is left in what is switched off.
    """

    installed: float
    buffer: float
    always_on: float
    rest: float

    @classmethod
    def of(cls, pricing: Pricing, installed: float, buffer: float, always_on: float) -> IdlePower:
        """With the share that the options and assumptions leave in idle sub-arrays."""
        gated = pricing.options.gate_idle_subarrays
        rest = pricing.assumptions.idle_leakage_fraction.value if gated else 1.0
        return cls(installed, buffer, always_on, rest)

    def during(self, own: float, latency: float, buffer_time: float) -> float:
        """Energy while a layer whose sub-arrays leak `own` runs for `latency` (J).

        The buffer is on while it is read or written, for `buffer_time` in all.
        """
        others = (self.installed - own) * self.rest
        return (own + others) * latency + self._shared(latency, buffer_time)

    def pipelined(
        self, own: float, latency: float, buffer_time: float, interval: float, share: float
    ) -> float:
        """Energy of a layer whose sub-arrays run for `latency` of every `interval` (J).

        It bears a `share` of what all layers have in common.
        """
        alone = own * (latency + self.rest * (interval - latency))
        return alone + self._shared(share * interval, buffer_time)

    def _shared(self, time: float, buffer_time: float) -> float:
        on = smaller(buffer_time, time)
        return self.always_on * time + self.buffer * (on + self.rest * (time - on))


def buffer_time(clock: Clock, traffic: Traffic) -> float:
    """Time in which all of the buffer would do a layer's reads and writes (s)."""
    return clock.buffer_read(traffic.buffer_reads) + clock.buffer_write(traffic.buffer_writes)


def busy_leakage(pricing: Pricing, counts: Counts) -> float:
    """Leakage that the table's energies of senses and writes already contain (J)."""
    prices = pricing.prices
    ands = (counts.ands + counts.and_unused) * prices.and2.cycle_time
    reads = (counts.reads + counts.read_unused) * prices.read.cycle_time
    writes = counts.kernel_cells
    writes += counts.input_cells if pricing.options.count_input_writes else 0
    return (
        ands * prices.and2.leakage_power
        + reads * prices.read.leakage_power
        + writes * prices.write.cycle_time * prices.write.leakage_power
    )
