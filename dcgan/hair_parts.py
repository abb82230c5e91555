"""The hair of a drawn face: behind the head, above the forehead, and its colour. See `dcgan.face_parts`."""

import numpy as np

from dcgan.drawing import ellipse, segment, smooth_union, taper, union, wave, zigzag


def dome(p, x, y):
    return ellipse(x, y, 0.0, -0.13, 0.68 * p["volume"], 0.73 * p["volume"])


def colour(p, x, y):
    """[3, N, h, w]: darker downwards, in strands from the crown, with a band of gloss."""
    turn = x / np.maximum(y + 1.15, 0.25)
    strands = 0.5 * wave(5.4 * turn + p["phase"]) + 0.5 * wave(9.7 * turn - 2.0 * p["phase"])
    lightness = 1.06 - 0.20 * np.clip(0.5 + 0.5 * y, 0.0, 1.0) + 0.07 * strands
    around = np.sqrt(x * x + (y - 0.12) ** 2)
    off = (around - 0.62 - 0.03 * zigzag(5.0 * turn + p["phase"])) * (1.0 / 0.09)
    gloss = np.square(np.maximum(1.0 - off * off, 0.0))
    gloss *= np.clip(-2.0 * (y + 0.12), 0.0, 1.0) * np.clip(1.2 - 1.6 * np.abs(x + 0.1), 0.0, 0.55)
    rgb = p["hair"] * lightness
    return np.clip(rgb + gloss * (p["hair light"] - rgb), 0.0, 1.0)


def back(canvas, p, rgb):
    """What falls behind the head, by hair_style."""
    x, y = canvas.x, canvas.y
    sway = 0.025 * wave(1.4 * y + p["phase"])
    shape, below = ellipse(x, y, 0.0, 0.0, 0.70 * p["volume"], 0.66), -0.1 - y
    if (share := p["hair_style is bob"]).any():
        tips = y - 0.66 - 0.03 * zigzag(4.0 * x)
        bob = np.maximum(0.9 * np.maximum(np.abs(x) - 0.70 * p["volume"] - 0.5 * sway, tips), below)
        shape = np.where(share, np.minimum(shape, bob), shape)
    if (share := p["hair_style is long"]).any():
        flow = np.maximum(np.abs(x) - 0.70 - 0.10 * np.clip(y, 0.0, 1.0) - sway, below)
        shape = np.where(share, np.minimum(shape, flow), shape)
    if (share := p["hair_style is twin tails"]).any():
        tails = taper(np.abs(x), y, 0.70, -0.38, 0.96, 0.80, 0.21, 0.10) + 0.3 * sway
        shape = np.where(share, np.minimum(shape, tails), shape)
    if (share := p["hair_style is ponytail"]).any():
        tail = smooth_union(taper(x, y, 0.52, -0.68, 0.92, -0.30, 0.18, 0.22),
                            taper(x, y, 0.92, -0.30, 0.90, 0.75, 0.22, 0.05), 0.05)
        shape = np.where(share, np.minimum(shape, tail), shape)
    canvas.fill(shape, rgb * 0.80)
    canvas.line(shape, 0.013, p["hair dark"])
    ties = canvas.part(-0.85, 0.85, -0.80, -0.28)
    ties.fill(ellipse(np.abs(ties.x), ties.y, 0.69, -0.42, 0.07, 0.09), p["accent"], p["hair_style is twin tails"])
    ties.fill(ellipse(ties.x, ties.y, 0.53, -0.68, 0.09, 0.07), p["accent"], p["hair_style is ponytail"])


def fringe_edge(p, x):
    """y of the fringe's lower edge over x, by fringe."""
    edge, teeth = np.zeros_like(x), zigzag(3.6 * x + p["phase"])
    if (share := p["fringe is straight"]).any():
        edge += share * (0.035 * zigzag(4.5 * x + p["phase"]) - 0.10 * x * x)
    if (share := p["fringe is parted"]).any():
        edge += share * (-0.50 + 0.95 * np.sqrt((x - p["parting"]) ** 2 + 0.006) + 0.03 * teeth)
    if (share := p["fringe is swept"]).any():
        edge += share * (-0.16 - 0.42 * (x * p["sweep"]) + 0.05 * teeth + 0.25 * x * x)
    if (share := p["fringe is spiky"]).any():
        edge += share * (-0.10 + 0.17 * zigzag(2.7 * x + 0.25 + 0.1 * p["phase"]) + 0.10 * np.abs(x))
    return edge


def front_shape(p, x, y):
    """The hair before the face: the dome above the fringe's edge and beside the cheeks, and a lock each side."""
    edge, step = fringe_edge(p, x), 0.01
    slope = (fringe_edge(p, x + step) - edge) * (1.0 / step)
    above = (y - edge) / np.sqrt(1.0 + slope * slope)
    beside = 0.50 * p["face width"] - 0.05 * y - np.abs(x)
    cap = np.maximum(dome(p, x, y), np.minimum(above, np.maximum(beside, y - 0.34)))
    end = p["lock length"]
    lock = taper(np.abs(x), y, 0.57, -0.15, 0.50, 0.5 * end, 0.10, 0.085)
    tip = taper(np.abs(x), y, 0.50, 0.5 * end, 0.45, end, 0.085, 0.005)
    return union(cap, lock, tip)


def front(canvas, p, rgb):
    x, y = canvas.x, canvas.y
    shape = front_shape(p, x, y)
    canvas.fill(shape, rgb)
    above = canvas.part(-0.6, 0.6, -0.8, -0.1)
    strands = union(*(segment(above.x, above.y, 0.35 * k, -0.72, 1.15 * k + 0.02 * p["sweep"], -0.16)
                      for k in (-0.34, -0.12, 0.14, 0.36)))
    above.fill(strands - 0.006, p["hair dark"], 0.35, within=front_shape(p, above.x, above.y))
    canvas.line(shape, 0.014, p["hair dark"])
    tuft = canvas.part(-0.3, 0.3, -1.1, -0.7)
    tuft.fill(taper(tuft.x, tuft.y, 0.0, -0.80, p["tuft"], -0.97, 0.045, 0.005), p["hair"], p["has tuft"])
