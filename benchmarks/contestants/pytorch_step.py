"""The round of PyTorch's DCGAN example, and the same round with all that makes PyTorch faster.

https://github.com/pytorch/examples/blob/main/dcgan/main.py: the networks, the order of the three
backward passes, BCELoss on sigmoids, Adam. How it is played, `tuned`:

    example     as in that file
    best        the same arithmetic with images in channels-last memory, logits in place of
                sigmoids, D's parameters without gradients in G's step, fused Adam, nothing read
                back from the device within a round, and one thread for the toy step
    compiled    best, with both networks through torch.compile
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import json
import sys
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn, optim

from benchmarks.measure import harness


def dcgan(
    size: int, width: int, latent_dim: int, last: list[nn.Module]
) -> tuple[nn.Module, nn.Module]:
    """G and D: z [B, latent_dim, 1, 1] -> [B, 3, size, size] -> [B, 1, 1, 1].

    Args:
        size: height and width of a picture in pixels.
        width: channels of both networks at full picture size.
        latent_dim: numbers in z.
        last: the layers that follow D's logits.
    """
    stages = {32: 3, 64: 4, 96: 4, 128: 5}[size]
    start = size // 2**stages
    channels = [width * 2**i for i in range(stages)]

    main: list[nn.Module] = [nn.ConvTranspose2d(latent_dim, channels[-1], start, 1, 0, bias=False)]
    for wide, narrow in zip(reversed(channels), [*reversed(channels[:-1]), 3], strict=True):
        main.append(nn.BatchNorm2d(wide))
        main.append(nn.ReLU(True))
        main.append(nn.ConvTranspose2d(wide, narrow, 4, 2, 1, bias=False))
    generator = nn.Sequential(*main, nn.Tanh())

    main = [nn.Conv2d(3, width, 4, 2, 1, bias=False), nn.LeakyReLU(0.2, inplace=True)]
    for narrow, wide in itertools.pairwise(channels):
        main.append(nn.Conv2d(narrow, wide, 4, 2, 1, bias=False))
        main.append(nn.BatchNorm2d(wide))
        main.append(nn.LeakyReLU(0.2, inplace=True))
    main.append(nn.Conv2d(channels[-1], 1, start, 1, 0, bias=False))
    discriminator = nn.Sequential(*main, *last)
    return generator.apply(weights_init), discriminator.apply(weights_init)


def weights_init(m: nn.Module) -> None:
    """The first weights, as in the example."""
    if isinstance(m, nn.Conv2d | nn.ConvTranspose2d):
        nn.init.normal_(m.weight, 0.0, 0.02)
    elif isinstance(m, nn.BatchNorm2d):
        nn.init.normal_(m.weight, 1.0, 0.02)
        nn.init.zeros_(m.bias)


def toy(hidden: int, hidden_layers: int, last: list[nn.Module]) -> tuple[nn.Module, nn.Module]:
    """Two perceptrons on one number."""

    def mlp(*last: nn.Module) -> nn.Module:
        layers: list[nn.Module] = []
        for i in range(hidden_layers):
            layers.append(nn.Linear(hidden if i else 1, hidden))
            layers.append(nn.LeakyReLU(0.2, inplace=True))
        return nn.Sequential(*layers, nn.Linear(hidden, 1), *last)

    return mlp(), mlp(*last)


class Game:
    """The networks, their optimizers, and a round of either kind.

    Args:
        step: "dcgan" or "toy".
        batch: samples in a batch.
        tuned: "example", "best" or "compiled".
        precision: float32, tf32 or bfloat16, for the convolutions.
        latent_dim: numbers in z.
        sizes: size and width of the DCGAN, or hidden and hidden_layers of the toy.
    """

    def __init__(
        self,
        step: str,
        batch: int,
        tuned: str,
        precision: str = "float32",
        latent_dim: int = 1,
        **sizes: int,
    ):
        self.step = step
        self.batch = batch
        self.tuned = tuned
        self.precision = precision
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        torch.backends.cudnn.benchmark = True
        torch.backends.cudnn.allow_tf32 = precision == "tf32"
        torch.backends.cuda.matmul.allow_tf32 = precision == "tf32"

        last: list[nn.Module] = [nn.Sigmoid()] if tuned == "example" else []
        if step == "dcgan":
            size = sizes["size"]
            self.netG, self.netD = dcgan(latent_dim=latent_dim, last=last, **sizes)
            self.images = torch.rand(batch, 3, size, size, device=self.device) * 2 - 1
            self.z_shape = (batch, latent_dim, 1, 1)
        else:
            self.netG, self.netD = toy(last=last, **sizes)
            self.z_shape = (batch, 1)
        self.netG.to(self.device)
        self.netD.to(self.device)
        if tuned != "example":
            self._tune()

        adam = functools.partial(optim.Adam, lr=2e-4, betas=(0.5, 0.999))
        if tuned != "example":
            adam = functools.partial(adam, fused=True)
        self.optimizerD = adam(self.netD.parameters())
        self.optimizerG = adam(self.netG.parameters())
        self.criterion = nn.BCELoss()
        self.parameters = []
        for network in (self.netG, self.netD):
            self.parameters.append(sum(p.numel() for p in network.parameters()))
        if tuned == "compiled":
            self.netG = torch.compile(self.netG)
            self.netD = torch.compile(self.netD)

    def _tune(self) -> None:
        """Threads and memory order."""
        if self.step == "toy":
            torch.set_num_threads(1)  # two threads spend longer waiting for each other than working
        elif self.device.type == "cpu" or self.precision != "float32":
            # (On a GPU without tensor cores at work, NCHW is as good or better.)
            self.netG.to(memory_format=torch.channels_last)
            self.netD.to(memory_format=torch.channels_last)
            self.images = self.images.contiguous(memory_format=torch.channels_last)

    def _autocast(self) -> contextlib.AbstractContextManager:
        if self.precision == "bfloat16":
            return torch.autocast(self.device.type, torch.bfloat16)
        return contextlib.nullcontext()

    def G(self, z: torch.Tensor) -> torch.Tensor:
        """z -> fake, float32."""
        with self._autocast():
            return self.netG(z).float()

    def D(self, x: torch.Tensor) -> torch.Tensor:
        """Samples -> [B] float32: probabilities in the example, else logits."""
        with self._autocast():
            return self.netD(x).float().view(-1)

    def noise(self) -> torch.Tensor:
        """A batch of z."""
        return torch.randn(self.z_shape, device=self.device)

    def real(self) -> torch.Tensor:
        """A real batch: always the same images, or new numbers from N(4, 1.25^2)."""
        if self.step == "dcgan":
            return self.images
        return 4.0 + 1.25 * torch.randn(self.batch, 1, device=self.device)

    def the_examples_round(
        self, real: torch.Tensor, noise: torch.Tensor
    ) -> tuple[float, float, float]:
        """A round as the example writes it."""
        netG = self.netG
        netD = self.netD
        criterion = self.criterion
        # (1) Update D network: maximize log(D(x)) + log(1 - D(G(z)))
        netD.zero_grad()
        label = torch.full((self.batch,), 1.0, device=self.device)
        output = self.D(real)
        errD_real = criterion(output, label)
        errD_real.backward()
        D_x = output.mean().item()
        fake = self.G(noise)
        label.fill_(0.0)
        output = self.D(fake.detach())
        errD_fake = criterion(output, label)
        errD_fake.backward()
        D_G_z1 = output.mean().item()
        self.optimizerD.step()
        # (2) Update G network: maximize log(D(G(z)))
        netG.zero_grad()
        label.fill_(1.0)
        output = self.D(fake)
        errG = criterion(output, label)
        errG.backward()
        D_G_z2 = output.mean().item()
        self.optimizerG.step()
        return D_x, D_G_z1, D_G_z2

    def the_best_round(self, real: torch.Tensor, noise: torch.Tensor) -> None:
        """The same steps, as fast as PyTorch makes them."""
        fake = self.G(noise)
        errD = F.softplus(-self.D(real)).mean() + F.softplus(self.D(fake.detach())).mean()
        self.optimizerD.zero_grad()
        errD.backward()
        self.optimizerD.step()
        self.netD.requires_grad_(False)
        errG = F.softplus(-self.D(fake)).mean()
        self.optimizerG.zero_grad()
        errG.backward()
        self.optimizerG.step()
        self.netD.requires_grad_(True)

    def play(self, rounds: int) -> None:
        """Play rounds, until the device is done with them."""
        one_round: Callable[[torch.Tensor, torch.Tensor], Any] = self.the_best_round
        if self.tuned == "example":
            one_round = self.the_examples_round
        for _ in range(rounds):
            noise = self.noise()
            one_round(self.real(), noise)
        if self.device.type == "cuda":
            torch.cuda.synchronize()


def main(**options: Any) -> None:
    """Play rounds for the harness.

    Args:
        options: the options of `Game`.
    """
    game = Game(**options)
    on_a_gpu = game.device.type == "cuda"
    facts = {
        "parameters": game.parameters,
        "library": f"PyTorch {torch.__version__}",
        "device": torch.cuda.get_device_name() if on_a_gpu else "cpu",
    }
    harness.serve(game.play, facts)


if __name__ == "__main__":
    main(**json.loads(sys.argv[1]))
