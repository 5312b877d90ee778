"""A junction whose free layer moves: the macrospin inside the read and write macro-model.

    I = V (G_P + G_AP(V) + (G_P - G_AP(V)) c) / 2,    c = m.e / r.e

with the easy axis e, on which the fixed layer lies, the direction r where the magnet rests in
its field, and the conductances of the two states. At rest it is the static junction.

The magnet feels the spin-transfer torque of its own current, the spin-orbit torque of the
track's, and the barrier's voltage.
"""

from __future__ import annotations

from circuits.deck_text import comment, number
from circuits.device_fields import AXES
from circuits.llg import Torque, capacitors, equation
from circuits.magnet import Magnet
from circuits.mtj import Device


def magnet_junction_subcircuit(device: Device, temperature: float) -> str:
    """The SPICE text of the junction with its magnet at a temperature [K].

    Terminals `top`, `bottom` and the track's ends `left`, `right` (both ground without a
    track), parameters as those of the static junction; `ap` is the state at the start. Nodes
    mx, my, mz are the magnetization.
    """
    magnet = device.magnet_at(temperature)
    easy = magnet.easy_axis
    along = float(easy @ magnet.rest)
    cosine = "+".join(
        f"({number(share / along, 12)})*v(m{axis})"
        for share, axis in zip(easy, AXES, strict=True)
        if abs(share) > 1e-12
    )
    parallel = device.parallel_current
    start = [f"{{(1-2*ap)*({number(component, 12)})}}" for component in magnet.initial]
    lines = [
        comment(
            f"magnetic tunnel junction, set {device.name}, with its magnet at {temperature:g} K"
        ),
        ".subckt moving_junction top bottom left right ap=0 resistance=1 magnetoresistance=1",
        f"Bap ratio 0 v={{magnetoresistance}}*{device.magnetoresistance_expression}",
        f"B1 top bottom i={parallel}*(2+v(ratio)*(1+{cosine}))/(2*(1+v(ratio)))",
        *equation(magnet, _torques(device, magnet, parallel, cosine), voltage="v(top,bottom)"),
        *capacitors(magnet, start),
        # The operating point keeps the magnet where it starts.
        *(f".ic v(m{axis})={value}" for axis, value in zip(AXES, start, strict=True)),
        ".ends moving_junction",
    ]
    return "\n".join(lines) + "\n"


def _torques(device: Device, magnet: Magnet, parallel: str, cosine: str) -> list[Torque]:
    x, y, z = (float(share) for share in magnet.easy_axis)
    current = f"{parallel}*(2+v(ratio)*(1+{cosine}))/(2*(1+v(ratio)))"
    # A current from top to bottom drives towards the parallel state.
    transfer = Torque(current, device.spin_transfer_field(magnet.temperature), (x, y, z))
    if device.cell == "stt":
        return [transfer]
    track = f"v(right,left)*{number(magnet.polarity / device.track_resistance, 12)}"
    orbit = Torque(
        track, magnet.damping_like_field(1.0), magnet.polarization, magnet.field_like_ratio
    )
    return [orbit, transfer]
