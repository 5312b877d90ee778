"""`mramcim switch DEVICE`: simulate a magnet or a domain wall under a current pulse in ngspice."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from mramcim.arguments import add_json, finite, positive_count
from mramcim.errors import CommandError
from mramcim.outputs import STANDARD_OUTPUT, check_outputs, write_json

if TYPE_CHECKING:
    from circuits.drive import Drive

SUMMARY = "switch a magnet or a domain wall by a current pulse, simulated in ngspice"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the verb takes."""
    parser.add_argument(
        "device", metavar="DEVICE|FILE.toml", help="a device's name, or the path of its file"
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
        "--voltage",
        type=finite,
        metavar="VOLTS",
        default=0.0,
        help="voltage over the barrier during the pulse, which changes the anisotropy (default: 0)",
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
    """Simulate and print when the bit's boundary is crossed, and the end.

    That is the easy-axis component's zero, or the wall's passage of the junction's middle.
    """
    check_outputs({"--json": arguments.json}, inputs=[arguments.device])

    from circuits.wall_parameters import is_wall

    if is_wall(arguments.device):
        content, lines = _wall(arguments)
    else:
        content, lines = _magnet(arguments)
    if arguments.json is not None:
        write_json(arguments.json, content)
    if arguments.json != STANDARD_OUTPUT:
        for name, text in lines.items():
            print(f"{name:<17} {text}")
    return 0


def _drive(arguments: argparse.Namespace, pulse: float, duration: float) -> Drive:
    from circuits.drive import Drive

    return Drive(
        current=arguments.current,
        pulse=pulse if arguments.pulse is None else arguments.pulse,
        duration=duration if arguments.duration is None else arguments.duration,
        thermal_seed=arguments.seed if arguments.temperature_noise == "on" else None,
        voltage=arguments.voltage,
    )


def _common(name: str, drive: Drive, temperature: float) -> dict[str, Any]:
    return {
        "format": "mramcim-switch/1",
        "device": name,
        "current_A": drive.current,
        "pulse_s": drive.pulse,
        "duration_s": drive.duration,
        "voltage_V": drive.voltage,
        "temperature_K": temperature,
        "temperature_noise_seed": drive.thermal_seed,
    }


def _magnet(arguments: argparse.Namespace) -> tuple[dict[str, Any], dict[str, str]]:
    from characterize.switching import switch
    from circuits.magnet_parameters import load_magnet

    magnet = load_magnet(arguments.device, _settings(arguments.set))
    drive = _drive(arguments, magnet.pulse_duration, magnet.run_duration)
    result = switch(magnet, drive)
    content = {
        **_common(magnet.name, drive, magnet.temperature),
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
    given, computed = (
        " ".join(f"{factor:.4f}" for factor in factors)
        for factors in (magnet.demagnetization, magnet.demagnetization_computed)
    )
    lines = {
        "device": f"{magnet.name}, {magnet.kind}, {magnet.temperature:g} K",
        "demagnetization": f"{given} (of the dimensions: {computed})",
        "stability": f"{magnet.stability:.1f} kT (of the dimensions: "
        f"{magnet.stability_computed:.1f})",
        "crossing_time_s": _seconds(result.crossing_time),
        "switched": "yes" if result.switched else "no",
        "final_m": " ".join(f"{component:.6f}" for component in result.final),
    }
    return content, lines


def _wall(arguments: argparse.Namespace) -> tuple[dict[str, Any], dict[str, str]]:
    from characterize.wall_motion import move
    from circuits.wall_parameters import load_wall

    wall = load_wall(arguments.device, _settings(arguments.set))
    drive = _drive(arguments, wall.pulse_duration, wall.run_duration)
    result = move(wall, drive)
    position, angle = float(result.position[-1]), float(result.angle[-1])
    content = {
        **_common(wall.name, drive, wall.temperature),
        "crossing_time_s": result.crossing_time,
        "switched": result.switched,
        "final_position_m": position,
        "final_angle_rad": angle,
        "initial_position_m": wall.initial[0],
        "saturation_magnetization_A_per_m": wall.magnetization,
        "wall_width_m": wall.width,
        "dmi_field_A_per_m": wall.dmi_field,
        "wall_anisotropy_field_A_per_m": wall.wall_anisotropy_field,
        "spin_hall_field_A_per_m": wall.spin_hall_field(drive.current),
        "free_velocity_m_per_s": wall.spin_hall_velocity(drive.current),
        "depinning_current_A": wall.depinning_current,
        "thermal_stability": wall.stability,
    }
    lines = {
        "device": f"{wall.name}, domain wall, {wall.temperature:g} K",
        "wall_width_m": f"{wall.width:.4e}",
        "depinning_A": f"{wall.depinning_current:.4e}",
        "stability": f"{wall.stability:.1f} kT",
        "crossing_time_s": _seconds(result.crossing_time),
        "switched": "yes" if result.switched else "no",
        "final_position_m": f"{position:.6e}",
        "final_angle_rad": f"{angle:.6f}",
    }
    return content, lines


def _seconds(time: float | None) -> str:
    return "null" if time is None else f"{time:.6e}"


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
