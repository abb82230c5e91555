// Curves over the rounds, one small chart under the other. Each keeps all rounds: when there are
// many points every second one is dropped.
import { axes, colours, inside, line, penOf, places, short } from "play-canvas";

const MOST = 600; // points of a curve
const PAUSE = 250; // milliseconds between two drawings of the curves

export default {
  template: `
    <div class="charts">
      <figure v-for="chart in specs" :key="chart.title">
        <figcaption>
          <b>{{ chart.title }}</b>
          <span v-for="one in chart.series" :style="{ color: shade(one.colour) }">
            {{ one.name }} <output>{{ last(one) }}</output>
          </span>
        </figcaption>
        <canvas :data-chart="chart.title" role="img"
          :aria-label="chart.title + ' over the rounds'"></canvas>
      </figure>
    </div>`,
  data() {
    return { specs: [], latest: {}, isDark: 0 };
  },
  created() {
    Object.assign(this, { rows: [], every: 1, count: 0, waiting: null }); // Vue need not watch these
  },
  mounted() {
    this.watcher = new ResizeObserver(() => this.draw());
    this.watcher.observe(this.$el);
    this.theme = new MutationObserver(() => {
      this.isDark += 1;
      this.draw();
    });
    this.theme.observe(document.body, { attributes: true, attributeFilter: ["class"] });
  },
  unmounted() {
    clearTimeout(this.waiting);
    this.watcher.disconnect();
    this.theme.disconnect();
  },
  methods: {
    /** Start anew with these charts: {title, unit, log, low, high, mark, series}. */
    begin(specs) {
      Object.assign(this, { specs, rows: [], every: 1, count: 0, latest: {} });
      this.$nextTick(() => this.draw());
    },

    /** Further rows, each {round, name: value}. */
    add(rows) {
      for (const row of rows) {
        for (const [name, value] of Object.entries(row)) {
          if (value !== null && value !== undefined) this.latest[name] = value;
        }
        // What is measured seldom is kept until it is measured again.
        if (this.count++ % this.every === 0) this.rows.push({ ...this.latest });
      }
      if (this.rows.length > MOST) {
        this.rows = this.rows.filter((_, i) => i % 2 === 0);
        this.every *= 2;
      }
      this.drawSoon();
    },

    /** The curves change slowly: they are drawn less often than the picture. */
    drawSoon() {
      if (this.waiting) return;
      this.waiting = setTimeout(() => {
        this.waiting = null;
        this.draw();
      }, PAUSE);
    },

    shade(name) {
      return this.isDark >= 0 ? colours()[name] : "";
    },

    last(one) {
      const value = this.latest[one.key];
      return one.of ? `${short(value)} of ${one.of}` : short(value);
    },

    /** Each canvas is found by its chart's name: Vue's list of them has another order, once charts
     *  come and go. */
    draw() {
      for (const canvas of this.$el.querySelectorAll("canvas")) {
        const chart = this.specs.find((one) => one.title === canvas.dataset.chart);
        if (chart) this.drawChart(canvas, chart);
      }
    },

    drawChart(canvas, chart) {
      const { pen, width, height } = penOf(canvas);
      const box = { left: 58, right: width - 8, top: 6, bottom: height - 36 };
      const scaled = chart.log ? (value) => Math.log10(Math.max(value, 1e-6)) : (value) => value;
      const [low, high] = this.range(chart, scaled);
      const first = this.rows.length ? this.rows[0].round : 0;
      const end = this.rows.length ? this.rows[this.rows.length - 1].round : 10;
      const view = [first, Math.max(end, first + 1), low, high];
      const place = places(box, view);
      axes(pen, box, view, ["round", chart.unit], [4, 3], chart.log);
      canvas.dataset.axis = chart.unit; // what a test can read of the picture
      inside(pen, box, () => {
        if (chart.mark !== undefined) {
          pen.strokeStyle = colours().muted;
          pen.setLineDash([2, 3]);
          const y = place.y(scaled(chart.mark));
          line(pen, [[box.left, y], [box.right, y]]);
          pen.setLineDash([]);
        }
        pen.lineWidth = 1.6;
        for (const one of chart.series) {
          pen.strokeStyle = colours()[one.colour];
          const known = this.rows.filter((row) => row[one.key] !== undefined);
          const share = one.of || 1;
          line(pen, known.map((row) => [place.x(row.round), place.y(scaled(row[one.key] / share))]));
        }
      });
    },

    /** From the lowest to the highest value, or what the chart asks for. */
    range(chart, scaled) {
      const values = chart.series.flatMap((one) =>
        this.rows.map((row) => row[one.key]).filter((value) => value !== undefined)
          .map((value) => scaled(value / (one.of || 1))),
      );
      if (chart.mark !== undefined) values.push(scaled(chart.mark));
      if (chart.low !== undefined) values.push(scaled(chart.low));
      if (chart.high !== undefined) values.push(scaled(chart.high));
      const low = Math.min(...values);
      const high = Math.max(...values);
      if (!Number.isFinite(low)) return [0, 1];
      const margin = 0.06 * (high - low) || 0.5;
      return [low - margin, high + margin];
    },
  },
};
