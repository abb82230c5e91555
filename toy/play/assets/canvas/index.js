// What all pictures of the page share: colours, sharp canvases, axes with ticks and labels.

const LIGHT = {
  real: "#0072B2",
  fake: "#D55E00",
  d: "#000000",
  green: "#009E73",
  purple: "#CC79A7",
  orange: "#E69F00",
  text: "#1b1b1f",
  muted: "#5b5b66",
  grid: "#e3e3e8",
  paper: "#ffffff",
};
const DARK = {
  real: "#56B4E9",
  fake: "#FF8A3D",
  d: "#ffffff",
  green: "#2fd0a5",
  purple: "#e6a3c8",
  orange: "#f2bd4a",
  text: "#ececf1",
  muted: "#a9a9b5",
  grid: "#34343c",
  paper: "#1d1d22",
};

/** The colours that fit the page as it is now. */
export function colours() {
  return document.body.classList.contains("body--dark") ? DARK : LIGHT;
}

/** A pen for the canvas at the screen's own resolution; its size is in CSS pixels. */
export function penOf(canvas) {
  const ratio = window.devicePixelRatio || 1;
  const width = canvas.clientWidth;
  const height = canvas.clientHeight;
  if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
  }
  const pen = canvas.getContext("2d");
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, width, height);
  return { pen, width, height };
}

/** Round numbers from low to high, about `count` of them. */
export function ticks(low, high, count) {
  const rough = (high - low) / count;
  if (!(rough > 0)) return [low];
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((k) => k * power).find((size) => size >= rough);
  const found = [];
  for (let tick = Math.ceil(low / step) * step; tick <= high + step / 1e6; tick += step) {
    found.push(Math.abs(tick) < step / 1e6 ? 0 : tick);
  }
  return found;
}

/** Such numbers for an axis of logarithms: powers of ten, with 2 and 5 between where there is room. */
export function logTicks(low, high, count) {
  const found = [];
  const digits = high - low > count ? [1] : [1, 2, 5];
  for (let power = Math.floor(low); power <= high; power++) {
    for (const digit of digits) {
      const tick = power + Math.log10(digit);
      if (tick >= low && tick <= high) found.push(tick);
    }
  }
  const step = Math.ceil(found.length / (count + 1));
  return found.filter((_, i) => i % step === 0);
}

/** A number as short as it can be read. */
export function short(value) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  if (size >= 1e6) return value.toExponential(0).replace("e+", "e");
  if (size >= 1000) return Math.round(value).toLocaleString("en");
  if (size > 0 && size < 0.001) return value.toExponential(0);
  return String(Number(value.toPrecision(3)));
}

/**
 * Draw the frame of a picture: grid lines, ticks and the names of both axes.
 * With isLog the view's heights are logarithms to base ten.
 * box {left, right, top, bottom} in pixels; view [left, right, bottom, top] in the data's units.
 */
export function axes(pen, box, view, names, counts = [5, 5], isLog = false) {
  const theme = colours();
  const place = places(box, view);
  pen.font = "11px system-ui, sans-serif";
  pen.lineWidth = 1;
  pen.textBaseline = "top";
  pen.textAlign = "center";
  for (const tick of ticks(view[0], view[1], counts[0])) {
    const x = place.x(tick);
    pen.strokeStyle = theme.grid;
    line(pen, [[x, box.top], [x, box.bottom]]);
    pen.fillStyle = theme.muted;
    pen.fillText(short(tick), x, box.bottom + 4);
  }
  pen.textBaseline = "middle";
  pen.textAlign = "right";
  for (const tick of (isLog ? logTicks : ticks)(view[2], view[3], counts[1])) {
    const y = place.y(tick);
    pen.strokeStyle = theme.grid;
    line(pen, [[box.left, y], [box.right, y]]);
    pen.fillStyle = theme.muted;
    pen.fillText(short(isLog ? 10 ** tick : tick), box.left - 5, y);
  }
  label(pen, box, names);
}

/** The names of the axes, below and, turned, on the left. */
export function label(pen, box, [below, left]) {
  pen.fillStyle = colours().text;
  pen.font = "12px system-ui, sans-serif";
  pen.textAlign = "center";
  pen.textBaseline = "bottom";
  pen.fillText(below, (box.left + box.right) / 2, box.bottom + 33);
  pen.save();
  pen.translate(box.left - 42, (box.top + box.bottom) / 2);
  pen.rotate(-Math.PI / 2);
  pen.textBaseline = "middle";
  pen.fillText(left, 0, 0);
  pen.restore();
}

/** From the data's units to pixels. */
export function places(box, [left, right, bottom, top]) {
  return {
    x: (value) => box.left + ((value - left) / (right - left)) * (box.right - box.left),
    y: (value) => box.bottom - ((value - bottom) / (top - bottom)) * (box.bottom - box.top),
  };
}

/** A line through points in pixels. */
export function line(pen, points) {
  pen.beginPath();
  points.forEach(([x, y], i) => (i ? pen.lineTo(x, y) : pen.moveTo(x, y)));
  pen.stroke();
}

/** Only what lies inside the box is drawn. */
export function inside(pen, box, draw) {
  pen.save();
  pen.beginPath();
  pen.rect(box.left, box.top, box.right - box.left, box.bottom - box.top);
  pen.clip();
  draw();
  pen.restore();
}
