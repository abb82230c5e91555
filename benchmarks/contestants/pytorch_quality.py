"""PyTorch's DCGAN example, trained for a given time with its own settings.

https://github.com/pytorch/examples/blob/main/dcgan/main.py: width 64, batches of 64, Adam with
2e-4 and beta_1 0.5, no mirroring. Faces are made with batch norm in training mode, as the example
makes the pictures that it saves.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from benchmarks.contestants.pytorch_step import Game
from benchmarks.measure import budget

BATCH = 64
WIDTH = 64
LATENT_DIM = 100


def main(options: dict[str, Any]) -> None:
    """Train the example."""
    torch.manual_seed(options["seed"])
    images = np.load(options["faces"])
    size = images.shape[1]
    game = Game("dcgan", BATCH, "example", latent_dim=LATENT_DIM, size=size, width=WIDTH)
    next_batch = budget.epochs_of_batches(images, BATCH, options["seed"])

    def play(rounds: int) -> None:
        for _ in range(rounds):
            game.images = as_tensor(next_batch()).to(game.device)
            game.play(1)

    def sample(count: int) -> np.ndarray:
        made = 0
        parts = []
        with torch.no_grad():
            while made < count:
                parts.append(as_uint8(game.G(game.noise())))
                made += BATCH
        return np.concatenate(parts)[:count]

    options["batch"] = BATCH
    budget.train(play, sample, options, {"library": f"PyTorch {torch.__version__}"})


def as_tensor(images: np.ndarray) -> torch.Tensor:
    """uint8 [n, S, S, 3] to float32 [n, 3, S, S] from -1 to 1."""
    return torch.from_numpy(images).permute(0, 3, 1, 2).float() / 127.5 - 1.0


def as_uint8(pictures: torch.Tensor) -> np.ndarray:
    """float32 [n, 3, S, S] from -1 to 1 to uint8 [n, S, S, 3]."""
    levels = torch.round((pictures + 1.0) * 127.5).clamp(0.0, 255.0)
    return levels.permute(0, 2, 3, 1).to(torch.uint8).cpu().numpy()


if __name__ == "__main__":
    main(budget.of_the_command_line())
