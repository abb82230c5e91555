"use strict";
// Two normal densities that the reader drags: the best discriminator, V and 2 JS follow.
// The integrals are those of toy/measures/quadrature.py: the midpoint rule, 4,000 cells a density.

const densities = (() => {
  const SMALLEST = 1e-300; // mass below it is taken for none
  const CELLS = 4000;
  const SDS = 10; // half the width of what is integrated, in standard deviations

  function logDensity(normal, x) {
    const t = (x - normal.mean) / normal.sd;
    return -0.5 * t * t - Math.log(normal.sd) - 0.5 * Math.log(2 * Math.PI);
  }

  const density = (normal, x) => Math.exp(logDensity(normal, x));

  // log(1 + e^t), without overflow
  const softplus = (t) => Math.max(t, 0) + Math.log1p(Math.exp(-Math.abs(t)));

  const sigmoid = (t) => 0.5 + 0.5 * Math.tanh(0.5 * t);

  const bestLogit = (p, q, x) => logDensity(p, x) - logDensity(q, x);

  const bestDiscriminator = (p, q, x) => sigmoid(bestLogit(p, q, x));

  // The borders of all cells, in order.
  function edges(p, q) {
    const found = [];
    for (const normal of [p, q]) {
      const low = normal.mean - SDS * normal.sd;
      const width = (2 * SDS * normal.sd) / CELLS;
      for (let i = 0; i <= CELLS; i++) found.push(low + i * width);
    }
    return found.sort((a, b) => a - b);
  }

  function integrate(p, q, integrand) {
    const borders = edges(p, q);
    let sum = 0;
    for (let i = 0; i + 1 < borders.length; i++) {
      const x = 0.5 * (borders[i] + borders[i + 1]);
      sum += integrand(x) * (borders[i + 1] - borders[i]);
    }
    return sum;
  }

  // The loss of D*, which is -V: the integral of p s(-a*) + q s(a*).
  function loss(p, q) {
    return integrate(p, q, (x) => {
      const a = bestLogit(p, q, x);
      return density(p, x) * softplus(-a) + density(q, x) * softplus(a);
    });
  }

  function jensenShannon(p, q) {
    return integrate(p, q, (x) => {
      const pAtX = Math.max(density(p, x), SMALLEST);
      const qAtX = Math.max(density(q, x), SMALLEST);
      const middle = 0.5 * (pAtX + qAtX);
      return 0.5 * (pAtX * Math.log(pAtX / middle) + qAtX * Math.log(qAtX / middle));
    });
  }

  return { density, bestDiscriminator, loss, jensenShannon };
})();

document.addEventListener("DOMContentLoaded", () => {
  const LOW = -2, HIGH = 22; // of x
  const WIDTH = 640, TOP = 220, BOTTOM = 350, GAP = 20; // of the picture
  const TALLEST = 1.0; // density at the upper border
  const figure = document.getElementById("moving-densities");
  const svg = figure.querySelector("svg");
  const inputs = Object.fromEntries([...figure.querySelectorAll("input")].map((i) => [i.name, i]));
  const output = figure.querySelector("output");
  const COLOURS = { real: "#0072B2", fake: "#D55E00" };

  const toX = (x) => ((x - LOW) / (HIGH - LOW)) * WIDTH;
  const toDensity = (y) => TOP - (y / TALLEST) * (TOP - GAP);
  const toProbability = (d) => BOTTOM - d * (BOTTOM - TOP - 2 * GAP);
  const normal = (who) => ({ mean: +inputs[who + "Mean"].value, sd: +inputs[who + "Sd"].value });

  function path(f, toY) {
    const points = [];
    for (let i = 0; i <= 480; i++) {
      const x = LOW + ((HIGH - LOW) * i) / 480;
      points.push(`${toX(x).toFixed(1)},${toY(f(x)).toFixed(1)}`);
    }
    return "M" + points.join("L");
  }

  function draw() {
    const p = normal("real"), q = normal("fake");
    const half = toProbability(0.5);
    const parts = [
      `<line x1="0" x2="${WIDTH}" y1="${TOP}" y2="${TOP}" stroke="currentColor" opacity=".4"/>`,
      `<line x1="0" x2="${WIDTH}" y1="${half}" y2="${half}" stroke="currentColor" opacity=".5" stroke-dasharray="2 4"/>`,
      `<text x="4" y="${half - 4}">D = ½</text>`,
      `<path d="${path((x) => densities.bestDiscriminator(p, q, x), toProbability)}" fill="none" stroke="currentColor" stroke-width="2" stroke-dasharray="6 3"/>`,
    ];
    for (let x = 0; x <= 20; x += 5) {
      parts.push(`<text x="${toX(x)}" y="${BOTTOM + 20}" text-anchor="middle">${x}</text>`);
    }
    for (const [who, one, name] of [["real", p, "p"], ["fake", q, "q"]]) {
      const top = toDensity(densities.density(one, one.mean));
      parts.push(
        `<path d="${path((x) => densities.density(one, x), toDensity)}" fill="none" stroke="${COLOURS[who]}" stroke-width="2"/>`,
        `<circle data-who="${who}" cx="${toX(one.mean)}" cy="${top}" r="9" fill="${COLOURS[who]}"/>`,
        `<text x="${toX(one.mean) + 13}" y="${top + 4}">${name}</text>`,
      );
    }
    svg.innerHTML = parts.join("");
    const loss = densities.loss(p, q), js = densities.jensenShannon(p, q);
    figure.dataset.loss = loss;
    figure.dataset.js = js;
    output.textContent =
      `V = ${(-loss).toFixed(4)}    2·JS = ${(2 * js).toFixed(4)}    ` +
      `loss of D* = ${loss.toFixed(4)} = log 4 − 2·JS`;
  }

  function place(event) {
    const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(
      svg.getScreenCTM().inverse(),
    );
    const mean = LOW + (point.x / WIDTH) * (HIGH - LOW);
    const height = Math.max(0.05, ((TOP - point.y) / (TOP - GAP)) * TALLEST);
    return { mean, sd: 1 / (height * Math.sqrt(2 * Math.PI)) };
  }

  let dragged = null;
  svg.addEventListener("pointerdown", (event) => {
    dragged = event.target.dataset.who || null;
    if (dragged) event.preventDefault();
  });
  window.addEventListener("pointermove", (event) => {
    if (!dragged) return;
    const { mean, sd } = place(event);
    inputs[dragged + "Mean"].value = mean;
    inputs[dragged + "Sd"].value = sd;
    draw();
  });
  window.addEventListener("pointerup", () => (dragged = null));
  window.addEventListener("pointercancel", () => (dragged = null));
  figure.addEventListener("input", draw);
  draw();
});
