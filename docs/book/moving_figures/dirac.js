"use strict";
// The Dirac-GAN under the reader's hand. `play` is that of toy/ch02_gradient_play.py.

const dirac = (() => {
  const sigmoid = (b) => 0.5 + 0.5 * Math.tanh(0.5 * b);

  // The derivative of D's loss with respect to the generated sample's logit.
  const slopeOfD = (loss, b) => (loss === "wasserstein" ? 1 : sigmoid(b));

  // Minus the derivative of G's loss with respect to the same logit.
  function slopeOfG(loss, b) {
    if (loss === "wasserstein") return 1;
    return loss === "minimax" ? sigmoid(b) : sigmoid(-b);
  }

  // [theta, psi] at the start and after each round
  function play(loss, update, start, rounds, h, gamma) {
    let [theta, psi] = start;
    const track = [[theta, psi]];
    for (let i = 0; i < rounds; i++) {
      const dGradient = slopeOfD(loss, psi * theta) * theta + gamma * psi;
      const newPsi = psi - h * dGradient;
      const psiThatGSees = update === "alternating" ? newPsi : psi;
      const gGradient = -slopeOfG(loss, psiThatGSees * theta) * psiThatGSees;
      theta -= h * gGradient;
      psi = newPsi;
      track.push([theta, psi]);
    }
    return track;
  }

  return { play };
})();

document.addEventListener("DOMContentLoaded", () => {
  const ROUNDS = 300;
  const SPAN = 3; // the picture shows -SPAN to SPAN
  const RADIUS = 145; // of a panel, in the picture's units
  const PANELS = { simultaneous: 160, alternating: 480 }; // their middles
  const MIDDLE = 185;
  const figure = document.getElementById("moving-dirac");
  const svg = figure.querySelector("svg");
  const inputs = Object.fromEntries(
    [...figure.querySelectorAll("input, select")].map((one) => [one.name, one]),
  );
  const output = figure.querySelector("output");
  const scale = RADIUS / SPAN;
  const clip = (value) => Math.max(-50, Math.min(50, value));

  function panel(update, start) {
    const middle = PANELS[update];
    const toX = (theta) => middle + clip(theta) * scale;
    const toY = (psi) => MIDDLE - clip(psi) * scale;
    const track = dirac.play(
      inputs.loss.value, update, start, ROUNDS, +inputs.h.value, +inputs.gamma.value,
    );
    const end = track[ROUNDS];
    const points = track.map(([theta, psi]) => `${toX(theta).toFixed(1)},${toY(psi).toFixed(1)}`);
    const left = middle - RADIUS, top = MIDDLE - RADIUS, size = 2 * RADIUS;
    const box = `x="${left}" y="${top}" width="${size}" height="${size}"`;
    const drawing = `
      <clipPath id="clip-${update}"><rect ${box}/></clipPath>
      <rect ${box} fill="none" stroke="currentColor" opacity=".4"/>
      <text x="${middle}" y="${top - 12}" text-anchor="middle">${update}</text>
      <text x="${middle}" y="${top + size - 6}" text-anchor="middle">θ, where the sample is</text>
      <text x="${left + 6}" y="${top + 16}">ψ, the slope of D</text>
      <g clip-path="url(#clip-${update})">
        <circle cx="${middle}" cy="${MIDDLE}" r="${Math.hypot(...start) * scale}" fill="none" stroke="currentColor" opacity=".6" stroke-dasharray="2 4"/>
        <polyline points="${points.join(" ")}" fill="none" stroke="#D55E00" stroke-width="1.5"/>
        <text x="${middle}" y="${MIDDLE + 7}" text-anchor="middle" font-size="20" fill="#0072B2">★</text>
        <rect x="${toX(end[0]) - 5}" y="${toY(end[1]) - 5}" width="10" height="10" fill="#D55E00"/>
        <circle class="start" data-panel="${update}" cx="${toX(start[0])}" cy="${toY(start[1])}" r="9" fill="white" stroke="black"/>
      </g>`;
    return { drawing, distance: Math.hypot(...end) };
  }

  function draw() {
    const start = [+inputs.theta.value, +inputs.psi.value];
    const simultaneous = panel("simultaneous", start);
    const alternating = panel("alternating", start);
    svg.innerHTML = simultaneous.drawing + alternating.drawing;
    figure.dataset.simultaneous = simultaneous.distance;
    figure.dataset.alternating = alternating.distance;
    output.textContent =
      `h = ${(+inputs.h.value).toFixed(2)}    γ = ${(+inputs.gamma.value).toFixed(2)}    ` +
      `distance from the goal: ${Math.hypot(...start).toFixed(4)} at the start; after ${ROUNDS} ` +
      `rounds ${simultaneous.distance.toPrecision(4)} simultaneous, ` +
      `${alternating.distance.toPrecision(4)} alternating`;
  }

  let dragged = null;
  svg.addEventListener("pointerdown", (event) => {
    dragged = event.target.dataset.panel || null;
    if (dragged) event.preventDefault();
  });
  window.addEventListener("pointermove", (event) => {
    if (!dragged) return;
    const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(
      svg.getScreenCTM().inverse(),
    );
    inputs.theta.value = (point.x - PANELS[dragged]) / scale;
    inputs.psi.value = (MIDDLE - point.y) / scale;
    draw();
  });
  window.addEventListener("pointerup", () => (dragged = null));
  window.addEventListener("pointercancel", () => (dragged = null));
  figure.addEventListener("input", draw);
  draw();
});
