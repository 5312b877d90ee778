"""`mramcim switch DEVICE`: simulate a magnet under a current pulse in ngspice."""

from __future__ import annotations

import argparse

from mramcim.arguments import add_json, finite, positive_count
from mramcim.errors import CommandError
from mramcim.outputs import STANDARD_OUTPUT, check_outputs, write_json

SUMMARY = "switch a magnet by a current pulse, simulated in ngspice"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the verb takes."""
    parser.add_argument(
        "device", metavar="DEVICE|FILE.toml", help="a magnet's name, or the path of its file"
    )
    parser.add_argument(
        "--current",
        type=finite,
        metavar="AMPERES",
        required=True,
        help="write current; a positive one drives away from the polarization direction",
    )
    parser.add_argument(
        "--pulse", type=finite, metavar="SECONDS", help="length of the pulse (default: the file's)"
    )
    parser.add_argument(
        "--duration", type=finite, metavar="SECONDS", help="simulated time (default: the file's)"
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help='replace an entry of the file: a number in SI, or with its unit as in "0.9 nm"',
    )
    parser.add_argument(
        "--temperature-noise",
        choices=("off", "on"),
        default="off",
        help="thermal field at the file's temperature (default: off)",
    )
    parser.add_argument(
        "--seed",
        type=positive_count,
        default=1,
        metavar="N",
        help="seed of the thermal field (default: 1)",
    )
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Simulate and print when the easy-axis component crosses zero and where m ends."""
    check_outputs({"--json": arguments.json}, inputs=[arguments.device])

    from circuits.macrospin import Drive
    from circuits.magnet_parameters import load_magnet

    magnet = load_magnet(arguments.device, _settings(arguments.set))
    drive = Drive(
        current=arguments.current,
        pulse=magnet.pulse_duration if arguments.pulse is None else arguments.pulse,
        duration=magnet.run_duration if arguments.duration is None else arguments.duration,
        thermal_seed=arguments.seed if arguments.temperature_noise == "on" else None,
    )

    from characterize.switching import switch

    result = switch(magnet, drive)
    content = {
        "format": "mramcim-switch/1",
        "device": magnet.name,
        "current_A": drive.current,
        "pulse_s": drive.pulse,
        "duration_s": drive.duration,
        "temperature_K": magnet.temperature,
        "temperature_noise_seed": drive.thermal_seed,
        "crossing_time_s": result.crossing_time,
        "switched": result.switched,
        "final_m": result.final,
        "easy_axis": magnet.easy_axis,
        "saturation_magnetization_A_per_m": magnet.magnetization,
        "demagnetization": magnet.demagnetization,
        "demagnetization_computed": magnet.demagnetization_computed,
        "thermal_stability": magnet.stability,
        "thermal_stability_computed": magnet.stability_computed,
        "damping_like_field_A_per_m": magnet.damping_like_field(drive.current),
    }
    if arguments.json is not None:
        write_json(arguments.json, content)
    if arguments.json != STANDARD_OUTPUT:
        crossing = result.crossing_time
        given, computed = (
            " ".join(f"{factor:.4f}" for factor in factors)
            for factors in (magnet.demagnetization, magnet.demagnetization_computed)
        )
        print(f"device            {magnet.name}, {magnet.kind}, {magnet.temperature:g} K")
        print(f"demagnetization   {given} (of the dimensions: {computed})")
        print(
            f"stability         {magnet.stability:.1f} kT (of the dimensions: "
            f"{magnet.stability_computed:.1f})"
        )
        print(f"crossing_time_s   {'null' if crossing is None else f'{crossing:.6e}'}")
        print(f"switched          {'yes' if result.switched else 'no'}")
        print("final_m           " + " ".join(f"{component:.6f}" for component in result.final))
    return 0


def _settings(texts: list[str]) -> dict[str, str]:
    settings: dict[str, str] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals or not key.strip() or not value.strip():
            raise CommandError(
                f"--set '{text}' is not KEY=VALUE; write it as in --set damping=0.03"
            )
        if key.strip() in settings:
            raise CommandError(f"--set gives '{key.strip()}' twice; leave one out")
        settings[key.strip()] = value.strip()
    return settings
