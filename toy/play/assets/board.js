// The game's picture: in the plane D's field, real and generated points and arrows; on the line
// both densities, D's curve and arrows. On it a target can be drawn.
import { axes, colours, inside, line, penOf, places } from "play-canvas";

const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const HALF = 2; // a drawing goes from -HALF to HALF, as in settings.py
const STEPS = DIGITS.length ** 2;
const MOST_DRAWN = 400;
const BARS = 64;
const NEAREST = 0.06; // between two points of one stroke
const LONGEST = 34; // pixels of an arrow

export default {
  template: `
    <div class="board">
      <canvas ref="canvas" role="img" :aria-label="words" :class="{ drawable: sketch }"></canvas>
      <p class="legend" aria-hidden="true">
        <span><i class="dot real"></i>real</span>
        <span><i class="dot fake"></i>generated</span>
        <span><i class="arrow"></i>where G's loss moves a sample</span>
        <span v-if="game && game.dim === 2"><i class="scale"></i>{{ field }}</span>
        <span v-else><i class="stroke"></i>{{ field }}</span>
      </p>
    </div>`,
  data() {
    return { game: null, seen: null, sketch: null, words: "The game starts.", field: "" };
  },
  mounted() {
    this.watcher = new ResizeObserver(() => this.draw());
    this.watcher.observe(this.$refs.canvas);
    this.theme = new MutationObserver(() => this.draw());
    this.theme.observe(document.body, { attributes: true, attributeFilter: ["class"] });
    const canvas = this.$refs.canvas;
    canvas.addEventListener("pointerdown", (event) => this.beginStroke(event));
    canvas.addEventListener("pointermove", (event) => this.goOn(event));
    canvas.addEventListener("pointerup", () => this.endStroke());
    canvas.addEventListener("pointercancel", () => this.endStroke());
  },
  unmounted() {
    this.watcher.disconnect();
    this.theme.disconnect();
  },
  methods: {
    /** What stays the same in this game. */
    opening(game) {
      this.game = game;
      this.seen = null;
      const [low, high] = game.is_probability
        ? ["generated", "real"]
        : ["lowest score", "highest score"];
      this.field =
        game.dim === 2 ? `D: ${low} (dark) to ${high} (light)` : `D: ${low} (0) to ${high} (1)`;
    },

    /** One moment of it; the server sends the next one after "drawn". */
    picture(seen) {
      this.seen = seen;
      this.draw();
      this.words = `Round ${seen.round}: ${seen.samples.length} generated samples over real ones.`;
      this.$emit("drawn");
    },

    /** Let a target be drawn: "drawn", "drawn-line", or "" for none; text is the one so far. */
    pen(kind, text) {
      this.sketch = kind ? { kind, points: [], bars: new Array(BARS).fill(0), down: false } : null;
      if (kind === "drawn") this.sketch.points = pointsOf(text);
      if (kind === "drawn-line" && text) this.sketch.bars = [...text].map((c) => DIGITS.indexOf(c));
      this.draw();
    },

    // ------------------------------------------------------------ drawing the picture

    box(width, height) {
      return { left: 56, right: width - (this.game.dim === 1 ? 44 : 10), top: 10, bottom: height - 40 };
    },

    draw() {
      if (!this.game || !this.$refs.canvas) return;
      const { pen, width, height } = penOf(this.$refs.canvas);
      const box = this.box(width, height);
      if (this.game.dim === 2) this.drawPlane(pen, box);
      else this.drawLine(pen, box);
      if (this.sketch && (this.sketch.down || !this.seen)) this.drawSketch(pen, box);
    },

    drawPlane(pen, box) {
      const theme = colours();
      const place = places(box, this.game.view);
      axes(pen, box, this.game.view, ["x₁", "x₂"]);
      // The field comes after the axes: over it their grid lines would be taken for a part of it.
      if (this.seen) drawField(pen, box, this.seen.field, this.game.side);
      inside(pen, box, () => {
        dots(pen, place, this.game.real, "#0072B2", 3.2); // larger: generated ones lie on them
        if (!this.seen) return;
        dots(pen, place, this.seen.samples, "#D55E00", 2.2);
        arrows(pen, place, this.seen.arrows, "#ffffff", "#000000");
      });
      pen.strokeStyle = theme.muted;
      pen.strokeRect(box.left, box.top, box.right - box.left, box.bottom - box.top);
    },

    drawLine(pen, box) {
      const theme = colours();
      const highest = 1.45 * Math.max(...this.game.density);
      const view = [this.game.view[0], this.game.view[1], 0, highest];
      const place = places(box, view);
      axes(pen, box, view, ["x", "density"]);
      const unit = places(box, [view[0], view[1], 0, 1]);
      const name = this.game.is_probability ? "D(x), probability of real" : "D's score, as a share";
      drawRightAxis(pen, box, unit, name);
      inside(pen, box, () => {
        steps(pen, box, place, view, this.game.density, theme.real);
        if (!this.seen) return;
        steps(pen, box, place, view, this.seen.density, theme.fake);
        const field = this.seen.field;
        const x = (i) => box.left + (i / (field.length - 1)) * (box.right - box.left);
        pen.strokeStyle = theme.d;
        pen.lineWidth = 2;
        line(pen, field.map((value, i) => [x(i), unit.y(value / 1000)]));
        // Samples and arrows in a band above the axis, each at a height of its own.
        const height = (i) => 0.03 + 0.14 * ((i * 0.618034) % 1);
        const rug = this.seen.arrows.map(([sample, push], i) => [sample, height(i), push, 0]);
        dots(pen, unit, rug, theme.fake, 2.6);
        arrows(pen, unit, rug, theme.paper, theme.d);
      });
      pen.strokeStyle = theme.muted;
      pen.lineWidth = 1;
      pen.strokeRect(box.left, box.top, box.right - box.left, box.bottom - box.top);
    },

    // ------------------------------------------------------------ drawing a target

    drawSketch(pen, box) {
      const theme = colours();
      const place = places(box, this.sketchView());
      if (this.sketch.kind === "drawn") {
        inside(pen, box, () => dots(pen, place, this.sketch.points, theme.real, 3));
        return;
      }
      const width = (2 * HALF) / BARS;
      pen.fillStyle = theme.real;
      this.sketch.bars.forEach((bar, i) => {
        const left = place.x(-HALF + i * width);
        const top = place.y(bar / 63);
        pen.fillRect(left, top, place.x(-HALF + (i + 1) * width) - left, box.bottom - top);
      });
    },

    sketchView() {
      const [left, right, bottom, top] = this.game.view;
      return this.sketch.kind === "drawn" ? [left, right, bottom, top] : [left, right, 0, 1.2];
    },

    where(event) {
      const canvas = this.$refs.canvas;
      const box = this.box(canvas.clientWidth, canvas.clientHeight);
      const [left, right, bottom, top] = this.sketchView();
      const x = left + ((event.offsetX - box.left) / (box.right - box.left)) * (right - left);
      const y = bottom + ((box.bottom - event.offsetY) / (box.bottom - box.top)) * (top - bottom);
      return [x, y];
    },

    beginStroke(event) {
      if (!this.sketch || !this.game) return;
      this.$refs.canvas.setPointerCapture(event.pointerId);
      this.sketch.down = true;
      this.sketch.last = null;
      this.goOn(event);
    },

    goOn(event) {
      if (!this.sketch || !this.sketch.down) return;
      const [x, y] = this.where(event);
      if (this.sketch.kind === "drawn") this.addPoint(x, y);
      else this.setBars(x, y);
      this.sketch.last = [x, y];
      this.draw();
    },

    addPoint(x, y) {
      const { points } = this.sketch;
      const before = points[points.length - 1];
      const isFar = !this.sketch.last || Math.hypot(x - before[0], y - before[1]) > NEAREST;
      if (isFar && points.length < MOST_DRAWN) points.push([clip(x), clip(y)]);
    },

    /** The bars from the last place to this one, so that a quick stroke leaves no gaps. */
    setBars(x, y) {
      const bar = (place) => Math.floor(((place + HALF) / (2 * HALF)) * BARS);
      const from = bar(this.sketch.last ? this.sketch.last[0] : x);
      const to = bar(x);
      for (let i = Math.min(from, to); i <= Math.max(from, to); i++) {
        if (i >= 0 && i < BARS) this.sketch.bars[i] = Math.round(63 * Math.min(1, Math.max(0, y)));
      }
    },

    endStroke() {
      if (!this.sketch || !this.sketch.down) return;
      this.sketch.down = false;
      const { kind, points, bars } = this.sketch;
      const text = kind === "drawn" ? textOf(points) : bars.map((bar) => DIGITS[bar]).join("");
      this.$emit("drawing", text);
    },
  },
};

const clip = (value) => Math.min(HALF, Math.max(-HALF, value));

/** Two digits of base 64 for each coordinate, as settings.py reads them. */
function textOf(points) {
  const digits = (value) => {
    const step = Math.round(((value / HALF + 1) / 2) * (STEPS - 1));
    return DIGITS[Math.floor(step / 64)] + DIGITS[step % 64];
  };
  return points.map(([x, y]) => digits(x) + digits(y)).join("");
}

function pointsOf(text) {
  const number = (a, b) => {
    const step = DIGITS.indexOf(a) * 64 + DIGITS.indexOf(b);
    return HALF * ((2 * step) / (STEPS - 1) - 1);
  };
  return (text.match(/.{4}/g) || []).map(([a, b, c, d]) => [number(a, b), number(c, d)]);
}

/** D's field: dark where it says "generated", light where it says "real". */
function drawField(pen, box, field, side) {
  const small = document.createElement("canvas");
  small.width = side;
  small.height = side;
  const pixels = new ImageData(side, side);
  field.forEach((value, i) => {
    const row = side - 1 - Math.floor(i / side);
    const grey = 90 + (165 * value) / 1000;
    pixels.data.set([grey, grey, grey, 255], 4 * (row * side + (i % side)));
  });
  small.getContext("2d").putImageData(pixels, 0, 0);
  pen.imageSmoothingEnabled = true;
  pen.drawImage(small, box.left, box.top, box.right - box.left, box.bottom - box.top);
}

function dots(pen, place, points, colour, radius) {
  pen.fillStyle = colour;
  for (const [x, y] of points) {
    pen.beginPath();
    pen.arc(place.x(x), place.y(y), radius, 0, 2 * Math.PI);
    pen.fill();
  }
}

/** Arrows of a length that grows with the push m as m / (1 + m), at most LONGEST pixels. */
function arrows(pen, place, list, edge, colour) {
  for (const [x, y, dx, dy] of list) {
    const size = Math.hypot(dx, dy);
    const length = (LONGEST * size) / (1 + size);
    if (!(length > 1)) continue;
    const from = [place.x(x), place.y(y)];
    const way = [dx / size, -dy / size];
    const to = [from[0] + length * way[0], from[1] + length * way[1]];
    const head = Math.min(6, length / 2);
    const wing = (turn) => [
      to[0] - head * (way[0] - turn * 0.6 * way[1]),
      to[1] - head * (way[1] + turn * 0.6 * way[0]),
    ];
    for (const [width, shade] of [[3, edge], [1.3, colour]]) {
      pen.lineWidth = width;
      pen.strokeStyle = shade;
      line(pen, [from, to]);
      line(pen, [wing(1), to, wing(-1)]);
    }
  }
}

/** A density as steps, filled. */
function steps(pen, box, place, view, density, colour) {
  const width = (view[1] - view[0]) / density.length;
  pen.beginPath();
  pen.moveTo(box.left, box.bottom);
  density.forEach((height, i) => {
    pen.lineTo(place.x(view[0] + i * width), place.y(height));
    pen.lineTo(place.x(view[0] + (i + 1) * width), place.y(height));
  });
  pen.lineTo(box.right, box.bottom);
  pen.globalAlpha = 0.3;
  pen.fillStyle = colour;
  pen.fill();
  pen.globalAlpha = 1;
  pen.strokeStyle = colour;
  pen.lineWidth = 1.5;
  pen.stroke();
}

/** D's own axis, from 0 to 1. */
function drawRightAxis(pen, box, unit, name) {
  const theme = colours();
  pen.font = "11px system-ui, sans-serif";
  pen.fillStyle = theme.muted;
  pen.textAlign = "left";
  pen.textBaseline = "middle";
  for (const tick of [0, 0.5, 1]) pen.fillText(String(tick), box.right + 5, unit.y(tick));
  pen.save();
  pen.translate(box.right + 34, (box.top + box.bottom) / 2);
  pen.rotate(-Math.PI / 2);
  pen.textAlign = "center";
  pen.font = "12px system-ui, sans-serif";
  pen.fillStyle = theme.text;
  pen.fillText(name, 0, 0);
  pen.restore();
}
