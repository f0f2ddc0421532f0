"""Write a trained model in half precision, as docTR and sigfix read it.

python half_precision.py TRAINED.pt [MORE.pt ...] OUT.safetensors

Of several states of a training their mean is written.
"""

from __future__ import annotations

import sys
from pathlib import Path

import safetensors.torch
import torch
from states import weights_of


def main() -> None:
    """Counters of batches, which only training reads, are left out."""
    *trained, out = map(Path, sys.argv[1:])
    states = [weights_of(file) for file in trained]
    halves = {
        name: (sum(state[name] for state in states) / len(states)).to(torch.float16).contiguous()
        for name, value in states[0].items()
        if value.is_floating_point()
    }
    safetensors.torch.save_file(halves, out)
    print(f"{out}: {out.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
