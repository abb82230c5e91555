"""The round of PyTorch's DCGAN example, as it stands, and the same round with all that PyTorch has to speed it up.

https://github.com/pytorch/examples/blob/main/dcgan/main.py: the networks, the order of the three
backward passes, BCELoss on sigmoids, Adam. How it is played, `tuned`:

    example     as in that file
    best        the same arithmetic with images in channels-last memory, logits in place of sigmoids, D's
                parameters without gradients in G's step, fused Adam, nothing read back from the device within
                a round, and one thread for the toy step
    compiled    best, with both networks through torch.compile
"""

import contextlib
import functools
import itertools
import json
import sys

import torch
import torch.nn.functional as F
from torch import nn, optim

from benchmarks.measure import harness


def dcgan(size, width, latent_dim, last):
    """G and D: z [B, latent_dim, 1, 1] -> [B, 3, size, size] -> [B, 1, 1, 1]."""
    stages = {32: 3, 64: 4, 128: 5}[size]
    channels = [width * 2**i for i in range(stages)]

    main = [nn.ConvTranspose2d(latent_dim, channels[-1], 4, 1, 0, bias=False)]
    for wide, narrow in zip(reversed(channels), [*reversed(channels[:-1]), 3], strict=True):
        main += [
            nn.BatchNorm2d(wide),
            nn.ReLU(True),
            nn.ConvTranspose2d(wide, narrow, 4, 2, 1, bias=False),
        ]
    generator = nn.Sequential(*main, nn.Tanh())

    main = [nn.Conv2d(3, width, 4, 2, 1, bias=False), nn.LeakyReLU(0.2, inplace=True)]
    for narrow, wide in itertools.pairwise(channels):
        main += [
            nn.Conv2d(narrow, wide, 4, 2, 1, bias=False),
            nn.BatchNorm2d(wide),
            nn.LeakyReLU(0.2, inplace=True),
        ]
    discriminator = nn.Sequential(*main, nn.Conv2d(channels[-1], 1, 4, 1, 0, bias=False), *last)
    return generator.apply(weights_init), discriminator.apply(weights_init)


def weights_init(m):
    if isinstance(m, nn.Conv2d | nn.ConvTranspose2d):
        nn.init.normal_(m.weight, 0.0, 0.02)
    elif isinstance(m, nn.BatchNorm2d):
        nn.init.normal_(m.weight, 1.0, 0.02)
        nn.init.zeros_(m.bias)


def toy(hidden, last):
    """Two perceptrons on one number, with two hidden layers each."""

    def mlp(*last):
        return nn.Sequential(
            nn.Linear(1, hidden),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Linear(hidden, hidden),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Linear(hidden, 1),
            *last,
        )

    return mlp(), mlp(*last)


def main(  # noqa: C901, PLR0915
    step: str, batch: int, tuned: str, precision: str = "float32", latent_dim: int = 1, **sizes
) -> None:
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.backends.cudnn.benchmark = True
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = precision == "tf32"
    last = [nn.Sigmoid()] if tuned == "example" else []
    if step == "dcgan":
        netG, netD = dcgan(latent_dim=latent_dim, last=last, **sizes)
        real = torch.rand(batch, 3, sizes["size"], sizes["size"], device=device) * 2 - 1
        z_shape = (batch, latent_dim, 1, 1)
    else:
        netG, netD = toy(last=last, **sizes)
        z_shape = (batch, 1)
    netG.to(device)
    netD.to(device)
    faster = {}
    if tuned != "example":
        faster["fused"] = True
        if step == "toy":
            torch.set_num_threads(1)  # two threads spend longer waiting for each other than working
        elif (
            device.type == "cpu" or precision != "float32"
        ):  # without tensor cores NCHW is as good or better
            netG.to(memory_format=torch.channels_last)
            netD.to(memory_format=torch.channels_last)
            real = real.contiguous(memory_format=torch.channels_last)
    optimizerD = optim.Adam(netD.parameters(), lr=2e-4, betas=(0.5, 0.999), **faster)
    optimizerG = optim.Adam(netG.parameters(), lr=2e-4, betas=(0.5, 0.999), **faster)
    criterion = nn.BCELoss()
    autocast = (
        functools.partial(torch.autocast, device.type, torch.bfloat16)
        if precision == "bfloat16"
        else contextlib.nullcontext
    )
    parameters = [sum(p.numel() for p in network.parameters()) for network in (netG, netD)]
    if tuned == "compiled":
        netG, netD = torch.compile(netG), torch.compile(netD)

    def G(z):
        with autocast():
            return netG(z).float()

    def D(x):
        with autocast():
            return netD(x).float().view(-1)

    def the_examples_round(real, noise):
        # (1) Update D network: maximize log(D(x)) + log(1 - D(G(z)))
        netD.zero_grad()
        label = torch.full((batch,), 1.0, device=device)
        output = D(real)
        errD_real = criterion(output, label)
        errD_real.backward()
        D_x = output.mean().item()
        fake = G(noise)
        label.fill_(0.0)
        output = D(fake.detach())
        errD_fake = criterion(output, label)
        errD_fake.backward()
        D_G_z1 = output.mean().item()
        optimizerD.step()
        # (2) Update G network: maximize log(D(G(z)))
        netG.zero_grad()
        label.fill_(1.0)
        output = D(fake)
        errG = criterion(output, label)
        errG.backward()
        D_G_z2 = output.mean().item()
        optimizerG.step()
        return D_x, D_G_z1, D_G_z2

    def the_best_round(real, noise):
        fake = G(noise)
        errD = F.softplus(-D(real)).mean() + F.softplus(D(fake.detach())).mean()
        optimizerD.zero_grad()
        errD.backward()
        optimizerD.step()
        netD.requires_grad_(False)
        errG = F.softplus(-D(fake)).mean()
        optimizerG.zero_grad()
        errG.backward()
        optimizerG.step()
        netD.requires_grad_(True)

    one_round = the_examples_round if tuned == "example" else the_best_round

    def play(rounds):
        for _ in range(rounds):
            noise = torch.randn(z_shape, device=device)
            one_round(
                real if step == "dcgan" else 4.0 + 1.25 * torch.randn(batch, 1, device=device),
                noise,
            )
        if device.type == "cuda":
            torch.cuda.synchronize()

    harness.serve(
        play,
        {
            "parameters": parameters,
            "library": f"PyTorch {torch.__version__}",
            "device": torch.cuda.get_device_name() if device.type == "cuda" else "cpu",
        },
    )


if __name__ == "__main__":
    main(**json.loads(sys.argv[1]))
