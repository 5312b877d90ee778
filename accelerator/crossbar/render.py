"""The comparison as text."""

from __future__ import annotations

from accelerator.crossbar.beside import Beside


def render_beside(found: Beside) -> str:
    """Totals of both, their ratios, and what the crossbar's energy consists of."""
    ours, theirs, ratios = found.ours, found.crossbar, found.ratios
    rows = [
        ("energy", "uJ", 1e6, ours.energy, theirs.energy),
        ("latency", "ms", 1e3, ours.latency, theirs.latency),
        ("area", "mm2", 1e6, ours.area, theirs.area),
    ]
    lines = [
        f"{ours.network} at {ours.widths}, one image",
        f"{'':10}{'MRAM bit-wise':>18}{'RRAM crossbar':>18}{'ours / theirs':>16}",
    ]
    for name, unit, factor, mine, other in rows:
        lines.append(
            f"{name:10}{mine * factor:>14.4g} {unit:3}{other * factor:>14.4g} {unit:3}"
            f"{ratios[name]:>16.3g}"
        )
    parts = sorted(theirs.components.items(), key=lambda item: -item[1])
    lines += ["", "the crossbar's energy:"]
    lines += [
        f"  {name:13}{energy * 1e6:>10.4g} uJ {energy / theirs.energy:>7.1%}"
        for name, energy in parts
    ]
    sums = "tells all sums apart" if theirs.exact else "does not tell all sums apart"
    lines += [
        "",
        f"{theirs.arrays} arrays of 128 x 128 cells, a converter of {theirs.adc_bits} bits each, "
        f"which {sums}; {theirs.technology * 1e9:.0f} nm, ours 45 nm",
        "Of the crossbar: parts at their published powers while they work, idle ones nothing,",
        "weights loaded for ever, currents without errors. Of ours: leakage, buffers, wires and",
        "an image's share of loading the weights.",
    ]
    return "\n".join(lines) + "\n"
