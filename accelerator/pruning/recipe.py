"""What is trained for the ablation, and how; nothing here needs PyTorch."""

from __future__ import annotations

from dataclasses import dataclass

from accelerator.errors import EstimateError


@dataclass(frozen=True)
class Arm:
    """One way to make a network smaller: which of the three steps it takes."""

    name: str
    told: str
    ternary: bool = False
    pruned: bool = False
    clipped: bool = False


ARMS = (
    Arm("dense", "dense, 8 bits"),
    Arm("pruned", "pruned, 8 bits", pruned=True),
    Arm("ternary", "ternary", ternary=True),
    Arm("both", "pruned and ternary", ternary=True, pruned=True),
    Arm("clipped", "pruned with clipping and ternary", ternary=True, pruned=True, clipped=True),
)


@dataclass(frozen=True)
class PruningRecipe:
    """How the networks of the ablation are trained.

    blocks, channels: of the residual network; 3 and 16 make ResNet-20.
    rows, columns: of the sub-arrays whose tiles are the groups.
    activation_bits, whole_bits: of activations, and of weights that are not ternary.
    ends_like_others: the first and the last layer are ternary too where the others are.
    rounds: times that a share of the groups is pruned.
    warm_epochs, penalty_epochs, fine_epochs: of the dense network, with the penalty before each
        pruning, after the last.
    rate, penalty_rate, fine_rate: Adam's at the start of each phase; it falls along half a cosine.
    penalty: lambda; clip: a, of the clipped arm; share: of the groups, those of least norm over
        their layer's mean, that are pruned in a round.
    """

    blocks: int = 1
    channels: int = 16
    rows: int = 64
    columns: int = 64
    activation_bits: int = 4
    whole_bits: int = 8
    ends_like_others: bool = True
    rounds: int = 2
    warm_epochs: int = 10
    penalty_epochs: int = 6
    fine_epochs: int = 12
    rate: float = 6e-3
    penalty_rate: float = 6e-3
    fine_rate: float = 4e-3
    batch: int = 64
    shift: int = 1
    penalty: float = 0.3
    clip: float = 1.0
    share: float = 0.5

    def __post_init__(self) -> None:
        if self.rounds < 1:
            raise EstimateError(f"{self.rounds} rounds of pruning are none: give 1 or more")
        if self.penalty < 0 or self.clip <= 0 or not 0 <= self.share < 1:
            raise EstimateError(
                f"a penalty of {self.penalty:g}, clipping at {self.clip:g} and a share of "
                f"{self.share:g} do not prune: give a penalty of 0 or more, a clipping above 0 "
                "and a share from 0 to below 1"
            )
