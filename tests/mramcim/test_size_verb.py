"""`mramcim size`: what it refuses before anything runs."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.usefixtures("own_store")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["and2"], "--error-rate"),
        (["write", "--error-rate", "1e-6"], "'write' decides nothing"),
        (["adder", "--error-rate", "1e-6"], "'adder' decides nothing"),
        (["and2", "--error-rate", "0"], "--error-rate must be from"),
        (["and2", "--error-rate", "0.9"], "--error-rate must be from"),
        (["and2", "--error-rate", "nan"], "--error-rate"),
        (["and2", "--error-rate", "1e-6", "--read-disturb", "2"], "--read-disturb must be"),
        (["and2", "--error-rate", "1e-6", "--pitch-aspect", "0"], "--pitch-aspect must be"),
        (["and2", "--error-rate", "1e-6", "--cycle-time", "3.4"], "--cycle-time must be"),
        (["and2", "--error-rate", "1e-6", "--cycle-time", "nan"], "--cycle-time"),
        (["and2", "--error-rate", "1e-6", "--evaluations", "9999"], "--evaluations"),
        (["and2", "--error-rate", "1e-6", "--rows", "0"], "--rows"),
        (["and2", "--error-rate", "1e-6", "--corner", "xx"], "no corner 'xx'"),
        (["and2", "--error-rate", "1e-6", "--variation", "none.toml"], "none.toml"),
        (["and2", "--error-rate", "1e-6", "--design", "absent"], "unknown design 'absent'"),
        (["and2", "--error-rate", "1e-6", "--save", "no/such.toml"], "does not exist"),
        (["and2", "--error-rate", "1e-6", "--plot", "picture.txt"], "--plot"),
    ],
)
def test_bad_words_are_refused(refused, words, said):
    refused("size", *words, said)
