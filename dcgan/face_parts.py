"""The parts of an anime face, back to front, as shapes of `dcgan.drawing`.

A part is a function (canvas, p): p holds the faces' numbers, each [N, 1, 1], and colours, each
[3, N, 1, 1]. In the face's own frame the eyes lie near y = 0.17, the chin near 0.74, and x = 0 is the
middle. p["mouth is open"] and the like are 1 where a face has that value and 0 where it has not: every variant
is painted, with that opacity. Hair is in `dcgan.hair_parts`.
"""

import math

import numpy as np

from dcgan.drawing import ellipse, parabola, segment, smooth_union, taper, triangle, union
from dcgan.hair_parts import dome


def face_shape(p, x, y):
    cheeks = ellipse(x, y, 0.0, 0.08, 0.53 * p["face width"], 0.52)
    jaw = taper(x, y, 0.0, 0.18, 0.0, p["chin"] - 0.23, 0.47 * p["face width"], 0.23)
    return smooth_union(cheeks, jaw, 0.06)


def body(canvas, p):
    """Neck and shoulders."""
    canvas = canvas.part(-1.5, 1.5, 0.4, 1.6)
    x, y = canvas.x, canvas.y
    canvas.fill(np.maximum(np.abs(x) - 0.14, 0.4 - y), p["skin shade"])
    shoulders = ellipse(x, y, 0.0, 1.42, 0.85, 0.52)
    canvas.fill(shoulders, p["clothes"])
    canvas.line(shoulders, 0.012, p["clothes"] * 0.6)
    collar = np.maximum(np.abs(np.abs(x) - (y - 0.82) * 0.6) - 0.035, np.maximum(0.84 - y, shoulders))
    canvas.fill(collar, 0.35 * p["clothes"] + 0.65)


def face(canvas, p):
    for side in (-1.0, 1.0):
        near = canvas.part(*sorted((side * 0.4, side * 0.7)), 0.0, 0.4)
        ear = ellipse(near.x, near.y, side * 0.53 * p["face width"], 0.2, 0.09, 0.14)
        near.fill(ear, p["skin"])
        near.line(ear, 0.01, p["skin line"])
    canvas = canvas.part(-0.64, 0.64, -0.5, 0.84)
    x, y = canvas.x, canvas.y
    shape = face_shape(p, x, y)
    canvas.fill(shape, p["skin"])
    canvas.haze(-shape - 0.02, 0.09, p["skin shade"], 0.55, within=np.maximum(shape, -x - 0.1))  # light from the left
    canvas.line(shape, 0.013, p["skin line"])
    for side in (-1.0, 1.0):
        cheek = canvas.part(*sorted((side * 0.12, side * 0.6)), 0.25, 0.6)
        blush = ellipse(cheek.x, cheek.y, side * 0.35, 0.42, 0.13, 0.075)
        cheek.haze(blush, 0.06, p["blush colour"], p["blush strength"], within=face_shape(p, cheek.x, cheek.y))
        along = np.abs(np.abs(cheek.x - side * 0.35 + 0.24 * (cheek.y - 0.425)) - 0.025) - 0.025  # three strokes
        strokes = np.maximum(np.abs(along) - 0.008, np.abs(cheek.y - 0.425) - 0.03)
        cheek.fill(strokes, p["blush colour"] * 0.85, p["blush is strong"] * 0.8)
    nose = canvas.part(-0.06, 0.06, 0.34, 0.46)
    nose.fill(segment(nose.x, nose.y, 0.005, 0.385, -0.012, 0.415) - 0.011, p["skin line"], 0.75)


def eyes(canvas, p):
    for side in (-1.0, 1.0):
        eye = canvas.part(*sorted((side * 0.05, side * 0.52)), -0.16, 0.44)
        _eye(eye, p, side * eye.x - p["eye distance"], eye.y - p["eye height"], side)


def _eye(canvas, p, u, v, side):
    """One eye in its own frame: u points outwards, v down; `side` turns what depends on the light."""
    cosine, sine = p["eye cosine"], p["eye sine"]
    u, v = u * cosine - v * sine, u * sine + v * cosine
    a, b, gaze = p["eye a"], p["eye b"], side * p["gaze"] - 0.01
    lid = v + b * (0.80 - 0.10 * u / a) - 0.30 * b * (u / a) ** 2
    whole = ellipse(u, v, 0.0, 0.0, a, b)
    white = np.maximum(whole, -lid - 0.02)
    canvas.fill(white, p["eye white"])
    iris = ellipse(u, v, gaze, 0.01, 0.70 * a, 0.86 * b)
    light = np.clip(0.5 + 0.5 * v / b, 0.0, 1.0)
    canvas.fill(iris, np.minimum(p["eye"] * (0.40 + 0.75 * light) + 0.16 * light * light, 1.0), within=white)
    canvas.line(iris, 0.012, p["eye"] * 0.30, 0.9, within=white)
    canvas.fill(ellipse(u, v, gaze, -0.01, 0.30 * a, 0.42 * b), p["eye"] * 0.15, within=white)
    canvas.haze(ellipse(u, v, 0.0, 0.62 * b, 0.42 * a, 0.20 * b), 0.03, 0.45 * p["eye"] + 0.55, 0.85,
                within=np.maximum(iris, white))
    canvas.haze(v + 0.62 * b, 0.05, p["eye"] * 0.15, 0.45, within=white)  # the lid's shadow
    canvas.fill(ellipse(side * u, v, -0.32 * a, -0.36 * b, 0.27 * a, 0.25 * b), p["white"])
    canvas.fill(ellipse(side * u, v, 0.30 * a, 0.40 * b, 0.13 * a, 0.12 * b), p["white"], 0.9)
    lash = np.maximum(np.abs(lid) - (0.030 + 0.016 * u / a), np.abs(u + 0.01) - 1.04 * a)
    corner = taper(u, v, 0.93 * a, -0.40 * b, 1.22 * a, -0.40 * b - 0.05, 0.035, 0.008)
    canvas.fill(np.minimum(lash, corner), p["lash"])
    canvas.line(whole, 0.009, p["lash"], 0.7, within=np.maximum(0.75 * b - v, np.abs(u) - 0.6 * a))
    canvas.fill(parabola(u, v, 0.0, -1.02 * b, 0.75 * a, -0.03) - 0.007, p["skin line"], 0.8)  # the crease
    brow = parabola(u, v + p["brow"] * u, 0.01, -0.235 - p["brow height"], 0.13, -0.03) - 0.013
    canvas.fill(brow, p["hair dark"] * 0.8, 0.9)


def mouth(canvas, p):
    canvas = canvas.part(-0.16, 0.16, 0.40, 0.70)
    x, y, line = canvas.x, canvas.y - p["mouth height"], p["mouth line"]
    if (share := p["mouth is smile"]).any():
        canvas.fill(parabola(x, y, 0.0, -0.015, 0.10, 0.038) - 0.010, line, share)
    if (share := p["mouth is small"]).any():
        canvas.fill(parabola(x, y, 0.0, 0.0, 0.035, 0.004) - 0.011, line, share)
    if (share := p["mouth is frown"]).any():
        canvas.fill(parabola(x, y, 0.0, 0.015, 0.075, -0.034) - 0.010, line, share)
    if (share := p["mouth is cat"]).any():
        canvas.fill(parabola(np.abs(x), y, 0.045, -0.005, 0.045, 0.030) - 0.009, line, share)
    if (share := p["mouth is open"]).any():
        hollow = np.maximum(ellipse(x, y, 0.0, -0.035, 0.10, 0.105), -0.035 - y)
        canvas.fill(hollow, p["mouth inside"], share)
        canvas.fill(ellipse(x, y, 0.0, 0.065, 0.065, 0.05), p["tongue"], share, within=hollow)
        canvas.line(hollow, 0.010, line, share)


def cat_ears(canvas, p):
    """What stands behind the hair."""
    if not p["ornament is cat ears"].any():
        return
    for side in (-1.0, 1.0):
        ear = canvas.part(*sorted((side * 0.1, side * 0.72)), -1.1, -0.4)
        u, v = side * ear.x, ear.y
        shape = triangle(u, v, 0.16, -0.72, 0.55, -1.02, 0.62, -0.45)
        ear.fill(shape, p["hair"], p["ornament is cat ears"])
        ear.line(shape, 0.014, p["hair dark"], p["ornament is cat ears"])
        ear.fill(triangle(u, v, 0.30, -0.72, 0.51, -0.92, 0.55, -0.58), p["ear inside"], p["ornament is cat ears"])


def ornaments(canvas, p):
    """What is worn on top of all: the one of each face."""
    for name, paint in (("glasses", _glasses), ("ribbon", _ribbon), ("hairband", _hairband), ("flower", _flower)):
        if (worn := p[f"ornament is {name}"]).any():
            paint(canvas, p, worn, p["accent"], p["accent"] * 0.55)


def _glasses(canvas, p, worn, accent, dark):
    near = canvas.part(-0.54, 0.54, -0.12, 0.46)
    x, y = near.x, near.y
    rims = ellipse(np.abs(x), y, p["eye distance"], p["eye height"] + 0.02, 0.215, 0.20)
    near.fill(rims, p["white"], 0.14 * worn)
    near.line(rims, 0.016, p["glasses"], worn)
    near.fill(parabola(x, y, 0.0, p["eye height"] + 0.01, 0.06, -0.02) - 0.014, p["glasses"], worn)


def _ribbon(canvas, p, worn, accent, dark):
    near = canvas.part(-0.80, -0.10, -0.75, -0.30)  # at the left of the crown
    u, v = near.x + 0.44, near.y + 0.52
    for side in (-1.0, 1.0):
        bow = np.maximum(ellipse(side * (u + v * 0.3), v, 0.15, 0.0, 0.16, 0.12), -side * u - 0.02)
        near.fill(bow, accent, worn)
        near.line(bow, 0.012, dark, worn)
    near.fill(ellipse(u, v, 0.0, 0.0, 0.05, 0.06), dark, worn)


def _hairband(canvas, p, worn, accent, dark):
    near = canvas.part(-0.80, 0.80, -0.85, -0.15)
    x, y = near.x, near.y
    around = np.sqrt(x * x + (y - 0.10) ** 2)
    band = np.maximum(np.abs(around - 0.72) - 0.045, np.maximum(y + 0.22, dome(p, x, y) - 0.02))
    near.fill(band, accent, worn)
    near.line(band, 0.010, dark, worn)


def _flower(canvas, p, worn, accent, dark):
    near = canvas.part(0.28, 0.62, -0.52, -0.16)  # at the right temple
    x, y = near.x, near.y
    turns = [2.0 * math.pi * k / 5 for k in range(5)]
    petals = union(*(ellipse(x, y, 0.45 + 0.07 * math.cos(turn), -0.34 + 0.07 * math.sin(turn), 0.055, 0.055)
                     for turn in turns))
    near.fill(petals, accent, worn)
    near.line(petals, 0.008, dark, worn)
    near.fill(ellipse(x, y, 0.45, -0.34, 0.035, 0.035), p["flower heart"], worn)
