"""Solutions of chapter 2: gradient play."""

from __future__ import annotations

import math

import numpy as np

from toy import ch02_gradient_play as chapter


def exercise_1():
    """Simultaneous: (1, 0) -> (1, -0.1) -> (0.99, -0.2). The squared distances are 1, 1.01 and
    1.0201 = 1.01^2.

    Alternating: D steps to -0.1, then G to 1 - 0.1 * 0.1 = 0.99. Then D steps to -0.199, and G to
    0.99 - 0.0199 = 0.9701. The squared distances are 1, 0.9901 and 0.98069501. (They rise again
    later: the state moves on an ellipse, exercise 3.)

    Returns:
        The states of both games, [3, 2] each.
    """
    simultaneous = chapter.play("wasserstein", "simultaneous", (1.0, 0.0), 2, 0.1)
    alternating = chapter.play("wasserstein", "alternating", (1.0, 0.0), 2, 0.1)
    return simultaneous, alternating


def exercise_2():
    """For h >= 2. With k = 1 the trace is 2 - h^2, which is above -2 for h < 2. For h > 2 the
    eigenvalues are real with the product 1, so one of them has a modulus above 1. Computed, the
    larger modulus is 1 for h = 1.9, 1.88 for h = 2.1 and 6.85 for h = 3.

    Returns:
        The moduli for h = 1.9, 2.1 and 3.
    """
    moduli = []
    for h in (1.9, 2.1, 3.0):
        matrix = chapter.predicted_matrix("alternating", 1.0, h)
        moduli.append(chapter.modulus(matrix))
    return moduli


def exercise_3(h: float = 0.5):
    """c = -h. D steps to psi' = psi - h theta, so psi = psi' + h theta, and the form becomes
    theta^2 + (psi' + h theta)^2 - h theta (psi' + h theta) = theta^2 + psi'^2 + h theta psi'.
    G steps to theta' = theta + h psi', so theta = theta' - h psi', which turns that into
    theta'^2 + psi'^2 - h theta' psi'. The state stays on an ellipse.

    Returns:
        theta^2 + psi^2 - h theta psi in each of 101 states.
    """
    track = chapter.play("wasserstein", "alternating", (1.0, 0.0), 100, h)
    theta = track[:, 0]
    psi = track[:, 1]
    return theta**2 + psi**2 - h * theta * psi


def exercise_4(h: float = 0.3):
    """Write theta = r cos t, psi = r sin t. Then b = theta psi = r^2 sin(2t) / 2, and the mean of
    b^2 over a turn is r^4 / 8. By section 2.4 a round adds 2 h times the inner product, plus the
    squared step, to r^2. On average that is -h r^4 / 8 + h^2 r^2 / 4, and it is zero at
    r = sqrt(2 h).

    The game agrees: for h = 0.3 the radius is 0.772 at the end, and sqrt(0.6) = 0.775.

    Returns:
        The mean radius over the last 100 of 700 rounds, and sqrt(2 h).
    """
    track = chapter.play("non-saturating", "simultaneous", (1.0, 0.0), 700, h)
    radius = np.hypot(track[-100:, 0], track[-100:, 1]).mean()
    return float(radius), math.sqrt(2.0 * h)


def exercise_5(h: float = 0.1):
    """gamma = 2 k = 1. There the two eigenvalues meet (critical damping), and the modulus is
    1 - h / 2. With less R1 the game circles for longer; with more, D hardly moves. For h = 0.1 the
    best of 301 values of gamma is 1.00, and the round that is measured there has the modulus 0.950.

    Returns:
        The best gamma of a fine list, and the measured modulus there.
    """
    gammas = np.linspace(0.0, 3.0, 301)
    moduli = []
    for gamma in gammas:
        matrix = chapter.predicted_matrix("simultaneous", 0.5, h, gamma)
        moduli.append(chapter.modulus(matrix))
    best = float(gammas[np.argmin(moduli)])
    measured = chapter.round_as_matrix("minimax", "simultaneous", h, best)
    return best, chapter.modulus(measured)


def exercise_6(h_g: float = 0.05, h_d: float = 0.2, k: float = 0.5):
    """D: psi_new = psi - h_D k theta. G: theta_new = theta + h_G k psi_new. So the matrix is
    [[1 - h_G h_D k^2, h_G k], [-h_D k, 1]], and its determinant is 1 again. Unequal rates change
    the shape of the closed curve and the speed on it, and nothing else.

    Returns:
        The matrix and the larger modulus of its eigenvalues.
    """
    matrix = np.array([[1.0 - h_g * h_d * k**2, h_g * k], [-h_d * k, 1.0]])
    return matrix, chapter.modulus(matrix)


def exercise_7(h: float = 0.1, rounds: int = 1000):
    """It arrives. The direction turns a little from round to round. 2 g_t - g_(t-1) continues this
    turn by one more round, so it points slightly inwards, where g_t alone is a tangent. In the
    first round there is no earlier gradient; we use the present one. For h = 0.1 the distance from
    the goal falls from 1 to 0.61 after 100 rounds, 0.080 after 500 and 0.006 after 1,000.

    Returns:
        The distance from the goal in each of rounds + 1 states.
    """
    theta = 1.0
    psi = 0.0
    old_theta_gradient = -psi
    old_psi_gradient = theta
    distances = [math.hypot(theta, psi)]
    for _ in range(rounds):
        theta_gradient = -psi
        psi_gradient = theta
        theta = theta - h * (2.0 * theta_gradient - old_theta_gradient)
        psi = psi - h * (2.0 * psi_gradient - old_psi_gradient)
        old_theta_gradient = theta_gradient
        old_psi_gradient = psi_gradient
        distances.append(math.hypot(theta, psi))
    return np.array(distances)
