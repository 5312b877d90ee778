"""A library whose models are another die in every run is refused, with parameter and place.

The small libraries below have the properties of public ones: switches of zero, spreads that
depend on an instance's size, functions of functions. What ngspice makes of each was seen by
running it twice; the last test does so again.
"""

import os
import re
import subprocess
from pathlib import Path

import pytest

from circuits import DesignError
from circuits.modelfiles import inline_cards, text_of
from circuits.random_models import refuse_random_models

MODEL = ".model rm r(rsh='1k+x')\n"
DEVICE = ".subckt fet a w=1 l=1\nr1 a 0 r='1k+x'\n.ends\n"

# Accepted: nothing that reaches a device or a model is random.
NOMINAL = {
    "no random function": ".param x=1\n",
    "spread of zero": ".param x=agauss(1,0,3)\n",
    "relative spread of zero": ".param x='gauss(0,0.1,3)+unif(2,0)'\n",
    "spread by a switch": ".param sw=0 s='sw*0.1'\n.param x='gauss(1,s,3)'\n",
    "times a switch": ".param sw=0\n.param x='2+agauss(0,1,1)*sw'\n",
    "times a switch behind": ".param x='2+agauss(0,1,1)*sw'\n.param sw=0\n",
    "times a product with a switch": ".param sw=0 k=3\n.param x='k*sw*exp(agauss(0,1,1))'\n",
    "by a choice": ".param sw=0\n.param x='(sw==1) ? agauss(1,1,1) : 2'\n",
    "by a function": ".func f(a,b) {a*agauss(0,b,1)}\n.param sw=0\n.param x='1+f(sw,2)'\n",
    "function of its own": ".func gauss(a,b,c) {a+b}\n.param x='gauss(1,2,3)'\n",
    "last of two": ".param sw=1\n.param sw=0\n.param x='agauss(0,1,1)*sw'\n",
    "not used": ".param y=agauss(0,1,1)\n.param x=1\n",
    "in braces": ".param sw={1-1}\n.param x={1} + 5*sw*AGAUSS(0,.1,1)\n",
    "suffixes": ".param sw=0k\n.param x='1meg*sw*agauss(0,1m,1)'\n",
    "power of zero": ".param sw=0\n.param x='(2+agauss(0,1,1))^sw'\n",
    "a parameter of the name": ".param limit=2 gauss=1\n.param x='limit*gauss'\n",
}

# Refused: the parameter that is told, and the line of the text that it stands in.
RANDOM = {
    "agauss": (".param x=agauss(1,0.1,3)\n", "x", 1, "agauss"),
    "gauss": (".param x='gauss(1,0.1,3)'\n", "x", 1, "gauss"),
    "unif": (".param x={unif(1,0.1)}\n", "x", 1, "unif"),
    "aunif": (".param\n+ y=1\n+ x = aunif(1,0.1)\n", "x", 3, "aunif"),
    "limit": (".param x='limit(1,0.1)'\n", "x", 1, "limit"),
    "limit of three": (".param x='limit(5,0,2)'\n", "x", 1, "limit"),
    "capitals and blanks": (".PARAM X = ' AGAUSS (1, 0.1, 3) '\n", "x", 1, "agauss"),
    "through parameters": (".param z=unif(1,1)\n.param y='2*z'\n.param x='y+1'\n", "z", 1, "unif"),
    "through a function": (".func f(a) {agauss(0,a,1)}\n.param x='f(2)'\n", "f", 1, "agauss"),
    "through two": (
        ".func f(a) {aunif(0,a)}\n.func g(a)='f(a)+1'\n.param x='g(2)'\n",
        "f",
        1,
        "aunif",
    ),
    "function by .param": (".param f(a)='agauss(0,a,1)'\n.param x='f(2)'\n", "f", 1, "agauss"),
    "a switch that is on": (".param sw=1\n.param x='agauss(0,1,1)*sw'\n", "x", 2, "agauss"),
    "a switch of the last value": (
        ".param sw=0\n.param sw=1\n.param x='agauss(0,1,1)*sw'\n",
        "x",
        3,
        "agauss",
    ),
    "a switch that is not there": (".param x='agauss(0,1,1)*sw'\n", "x", 1, "agauss"),
    "random however often it is set": (".param x=agauss(1,1,1)\n.param x=3\n", "x", 1, "agauss"),
    # ngspice does not choose among parameters by .if.
    "a branch not taken": (
        ".param sw=0\n.if (sw==1)\n.param x=agauss(1,1,1)\n.else\n.param x=3\n.endif\n",
        "x",
        3,
        "agauss",
    ),
    "difference with itself": (".param y=agauss(0,1,1)\n.param x='y-y'\n", "y", 1, "agauss"),
    "a condition": (".param s=aunif(0,1)\n.param x='(s>0)?1:2'\n", "s", 1, "aunif"),
    "cut off": (".param x='max(1,agauss(1,1,1))'\n", "x", 1, "agauss"),
    "no such function": (".param x='sgauss(0)'\n", "x", 1, "sgauss"),
    "none, though times zero": (".param x='1+0*random(1)'\n", "x", 1, "random"),
    "poisson": (".param x=poisson(3)\n", "x", 1, "poisson"),
    "exponential": (".param x=exponential(3)\n", "x", 1, "exponential"),
    "sunif": (".param x=sunif(3)\n", "x", 1, "sunif"),
    "cannot be read": (".param x='1 + agauss(1,0.1,3) )'\n", "x", 1, "agauss"),
    "too few arguments": (".param x='agauss(1,0.1)'\n", "x", 1, "agauss"),
    "sigma of zero": (".param x='agauss(1,0,0)'\n", "x", 1, "agauss"),
}

# What a sub-circuit makes of it: the whole text, and the parameter and line or None.
SCOPES = {
    "size of the instance": (
        ".param sw=0\n.subckt fet d w=1 l=1\n.param v='0.1/sqrt(w*l)'\n.param m1=agauss(0,v,1)\n"
        "r1 d 0 r='1k+m1*sw'\n.ends\n",
        None,
    ),
    "its switch on": (
        ".param sw=1\n.subckt fet d w=1 l=1\n.param v='0.1/sqrt(w*l)'\n.param m1=agauss(0,v,1)\n"
        "r1 d 0 r='1k+m1*sw'\n.ends\n",
        ("m1", 4),
    ),
    "times the width": (".subckt fet d w=0\nr1 d 0 r='1k+w*agauss(0,1,1)'\n.ends\n", ("r", 2)),
    "default of a parameter": (
        ".subckt fet d sw=0\nr1 d 0 r='1k+sw*agauss(0,1,1)'\n.ends\n",
        None,
    ),
    "set by a call": (
        ".subckt fet d\nx1 d inner sw=1\n.ends\n"
        ".subckt inner d sw=0\nr1 d 0 r='1k+sw*agauss(0,1,1)'\n.ends\n",
        ("r", 5),
    ),
    "an inner one set by a call": (
        ".subckt fet d\nx1 d inner sw=1\n.ends\n"
        ".subckt inner d\n.param sw=0\nr1 d 0 r='1k+sw*agauss(0,1,1)'\n.ends\n",
        ("r", 6),
    ),
    "seen from the caller": (
        ".param sw=0\n.subckt fet d\n.param sw=1\nx1 d inner\n.ends\n"
        ".subckt inner d\nr1 d 0 r='1k+sw*agauss(0,1,1)'\n.ends\n",
        ("r", 7),
    ),
    "given by a call": (
        ".subckt fet d\nx1 d inner v='agauss(0,1,1)'\n.ends\n"
        ".subckt inner d v=0\nr1 d 0 r='1k+v'\n.ends\n",
        ("v", 2),
    ),
    "default that is random": (".subckt fet d v=aunif(0,1)\nr1 d 0 r='1k+v'\n.ends\n", ("v", 1)),
    "of another sub-circuit": (
        ".param v=0\n.subckt fet d\nr1 d 0 r='1k+v'\n.ends\n"
        ".subckt other d\n.param v=agauss(0,1,1)\n.ends\n",
        None,
    ),
    "a model in it": (
        ".subckt fet d\n.model rm r(rsh='1+unif(1,1)' tc1=0)\nr1 d 0 rm l=1 w=1\n.ends\n",
        ("rsh", 2),
    ),
    "a branch of devices": (
        ".param sw=0\n.subckt fet d\n.if (sw==1)\nr1 d 0 r='agauss(1k,1,1)'\n.elseif (sw==2)\n"
        "r1 d 0 r='aunif(1k,1)'\n.else\nr1 d 0 r=1k\n.endif\n.ends\n",
        None,
    ),
    "the branch that is taken": (
        ".param sw=2\n.subckt fet d\n.if (sw==1)\nr1 d 0 r='agauss(1k,1,1)'\n.elseif (sw==2)\n"
        "r1 d 0 r='aunif(1k,1)'\n.else\nr1 d 0 r=1k\n.endif\n.ends\n",
        ("r", 6),
    ),
    "a branch by chance": (
        ".param s=agauss(0,1,1)\n.subckt fet d\n.if (s>0)\nr1 d 0 r=1\n.endif\n.ends\n",
        ("s", 1),
    ),
    "a random source": (".subckt fet d\nv1 d 0 trrandom(2 1n 0 1)\n.ends\n", ("trrandom", 2)),
    "noise": (".subckt fet d\nv1 d 0 dc 0 TRNOISE 1 1n 0 0\n.ends\n", ("TRNOISE", 2)),
    "limits of a behavioural source": (
        ".subckt fet d\nb1 d 0 v=limit(v(d),0,2)\n.ends\n",
        None,
    ),
    "chance in a behavioural source": (".subckt fet d\nb1 d 0 v=limit(1,2)\n.ends\n", ("v", 2)),
    "a node of the name": (
        ".param s=agauss(0,1,1)\n.subckt fet s\nr1 s 0 1k\nm1 s s 0 0 nch w=1u l=1u\n.ends\n",
        None,
    ),
}


def check(folder: Path, text: str) -> str | None:
    """The refusal of a library, or None; the text, not its time, tells one from another."""
    path = folder / f"library{abs(hash(text))}.spice"
    path.write_text(text)
    cards = inline_cards(path, None, folder)
    try:
        refuse_random_models(cards)
        return None
    except DesignError as refusal:
        told = str(refusal)
    assert "\n" not in told
    assert told.startswith(f"{path}, line "), told
    return told.removeprefix(f"{path}, line ")


@pytest.mark.parametrize("sink", [MODEL, DEVICE])
@pytest.mark.parametrize("what", NOMINAL)
def test_a_spread_that_is_certainly_zero_is_let_by(tmp_path: Path, what: str, sink: str) -> None:
    assert check(tmp_path, NOMINAL[what] + sink) is None


@pytest.mark.parametrize("sink", [MODEL, DEVICE])
@pytest.mark.parametrize("what", RANDOM)
def test_anything_else_is_refused_with_parameter_file_and_line(
    tmp_path: Path, what: str, sink: str
) -> None:
    text, parameter, line, function = RANDOM[what]
    told = check(tmp_path, text + sink)
    assert told is not None
    assert told.startswith(f"{line}: the parameter '{parameter}' ")
    assert function in told
    assert "nominal value in its place" in told


@pytest.mark.parametrize("what", SCOPES)
def test_scopes_are_those_of_ngspice(tmp_path: Path, what: str) -> None:
    text, refused = SCOPES[what]
    told = check(tmp_path, text)
    if refused is None:
        assert told is None
    else:
        name, line = refused
        assert told is not None
        assert told.startswith(f"{line}: ")
        assert name in told


def test_the_switch_is_told(tmp_path: Path) -> None:
    told = check(
        tmp_path,
        ".param mc=1 corner=2\n.subckt fet d w=1\n.param v='w*corner*mc*agauss(0,1,1)'\n"
        "r1 d 0 r='1k+v'\n.ends\n",
    )
    assert told is not None
    assert "and reaches 'r' of the device r1" in told
    assert "set corner or mc to 0" in told


def test_a_switch_may_stand_in_another_file_of_the_corner(tmp_path: Path) -> None:
    library = tmp_path / "library.spice"
    library.write_text(".param x='1+sw*agauss(0,1,1)'\n" + MODEL)
    off, on = (tmp_path / name for name in ("off.spice", "on.spice"))
    off.write_text(".param sw=0\n")
    on.write_text(".param sw=1\n")
    cards = {path: inline_cards(path, None, tmp_path) for path in (library, off, on)}
    refuse_random_models(cards[on] + cards[library] + cards[off])
    with pytest.raises(DesignError, match="set sw to 0"):
        refuse_random_models(cards[off] + cards[library] + cards[on])


def test_deep_nesting_and_circles_are_refused_in_one_sentence(tmp_path: Path) -> None:
    chain = "".join(f".param a{n}='a{n - 1}+1'\n" for n in range(1, 5000))
    for text in (
        ".param a0=agauss(0,1,1)\n" + chain + ".param x='a4999'\n",
        ".func f(a) {f(a)+agauss(0,1,1)}\n.param x='f(1)'\n",
        ".param x='y+agauss(0,1,1)'\n.param y='x'\n",
        f".param x='{'(' * 5000}agauss(0,1,1){')' * 5000}'\n",
    ):
        assert check(tmp_path, text + MODEL) is not None


def resistance(folder: Path, text: str) -> float:
    deck = folder / "deck.spice"
    deck.write_text(
        f"a resistor\n{text}\ni1 0 a 1u\nx1 a fet\n.op\n.control\nop\nprint v(a)\n.endc\n.end\n"
    )
    done = subprocess.run(
        ["ngspice", "-n", "-b", deck.name],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), "OMP_THREAD_LIMIT": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    found = re.search(r"v\(a\) = (\S+)", done.stdout)
    assert found is not None, done.stderr
    return float(found.group(1))


SEEN = [
    *((NOMINAL[what] + DEVICE, False) for what in NOMINAL if what != "a parameter of the name"),
    *(
        (RANDOM[what][0] + DEVICE, True)
        for what in (
            "agauss", "unif", "limit of three", "through two", "random however often it is set",
            "a branch not taken", "a switch of the last value", "difference with itself",
        )
    ),
    *(
        (SCOPES[what][0], SCOPES[what][1] is not None)
        for what in (
            "set by a call", "an inner one set by a call", "seen from the caller",
            "given by a call", "default that is random", "of another sub-circuit",
            "a branch of devices", "the branch that is taken",
        )
    ),
]  # fmt: skip


@pytest.mark.parametrize(("text", "random"), SEEN)
def test_ngspice_itself_draws_another_value_where_it_is_refused(
    tmp_path: Path, text: str, random: bool
) -> None:
    assert (check(tmp_path, text) is not None) == random
    cards = inline_cards(next(tmp_path.glob("library*")), None, tmp_path)
    # limit draws one of two values: twelve times the same happens once in 2048.
    found = {resistance(tmp_path, text_of(cards)) for _ in range(12 if random else 2)}
    assert (len(found) > 1) == random
