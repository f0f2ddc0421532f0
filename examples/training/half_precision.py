"""Write a trained model in half precision, as docTR and sigfix read it.

python half_precision.py TRAINED.pt OUT.safetensors
"""

from __future__ import annotations

import sys
from pathlib import Path

import safetensors.torch
import torch
from states import weights_of


def main() -> None:
    """Counters of batches, which only training reads, are left out."""
    trained, out = map(Path, sys.argv[1:])
    halves = {
        name: value.to(torch.float16).contiguous()
        for name, value in weights_of(trained).items()
        if value.is_floating_point()
    }
    safetensors.torch.save_file(halves, out)
    print(f"{out}: {out.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
