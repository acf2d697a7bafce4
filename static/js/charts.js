// Line charts as SVG: <figure class="line-chart" data-points="id of a JSON script">. Values stay text; a
// number is made of them only to find a pixel. A value of null is unknown: the line has a gap there.
// The script holds {unit, points: [{at, value}]} and, where wanted:
//   name, others: [{name, points}]   further lines, drawn thin and dashed
//   marks: [{at, text}]              instants with a word
//   limits: [{value, text, tone}]    levels across the chart; tone is "warn" or "bad"
//   band: {name, points: [{at, low, high}]}   a range around the line
//   bars: {name, points: [{at, value}]}       amounts of a day, from zero, on the same axis
//   from, till                       the instants that the axis begins and ends at
//   smooth: true                     straight between points, where a value does not hold until the next
"use strict";

(() => {
  const SVG = "http://www.w3.org/2000/svg";
  const PAD = { top: 12, right: 12, bottom: 22, left: 62 };
  const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });
  const hour = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
  const full = new Intl.DateTimeFormat("en-GB", {
    day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", timeZoneName: "short",
  });

  function node(name, attributes, text) {
    const element = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    if (text !== undefined) element.textContent = text;
    return element;
  }

  // Round steps (1, 2, 5 × 10^n) that cover the range with about `count` lines.
  function ticks(low, high, count) {
    const raw = (high - low) / count;
    const power = 10 ** Math.floor(Math.log10(raw));
    const step = [1, 2, 5, 10].map((n) => n * power).find((n) => n >= raw);
    const first = Math.ceil(low / step - 1e-9);
    const last = Math.floor(high / step + 1e-9);
    if (last - first < 1 && count < 32) return ticks(low, high, 2 * count);
    const millions = Math.max(Math.abs(low), Math.abs(high)) >= 1e6;
    const unit = millions ? 1e6 : 1;
    const digits = Math.max(0, -Math.floor(Math.log10(step / unit) + 1e-9));
    const shown = new Intl.NumberFormat("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
    return Array.from({ length: last - first + 1 }, (_, i) => {
      const value = (first + i) * step;
      return { value, text: value === 0 ? "0" : shown.format(value / unit) + (millions ? " M" : "") };
    });
  }

  // Points with a value; the first one after an unknown one begins a new run.
  function known(points) {
    let gap = false;
    return points.flatMap((p) => {
      const begins = gap;
      gap = p.value === null;
      return gap ? [] : [{ x: Date.parse(p.at), y: Number(p.value), text: p.value, begins }];
    });
  }

  function runs(points) {
    const found = [];
    for (const p of points) {
      if (p.begins || !found.length) found.push([p]);
      else found.at(-1).push(p);
    }
    return found;
  }

  // A value holds until the next one, so the line goes in steps.
  function steps(run, s) {
    return run.map((p, i) => {
      const x = s.x(p.x).toFixed(1);
      const y = s.y(p.y).toFixed(1);
      return i ? `H${x}V${y}` : `M${x} ${y}`;
    }).join("");
  }

  function straight(run, s) {
    return run.map((p, i) => `${i ? "L" : "M"}${s.x(p.x).toFixed(1)} ${s.y(p.y).toFixed(1)}`).join("");
  }

  // The edge of a band there and back.
  function ring(points, s) {
    const edge = (name) => points.map((p) => `${s.x(p.x).toFixed(1)} ${s.y(p[name]).toFixed(1)}`);
    return `M${edge("high").join("L")}L${edge("low").reverse().join("L")}Z`;
  }

  class LineChart {
    constructor(figure) {
      this.figure = figure;
      this.plot = figure.querySelector(".plot");
      const source = JSON.parse(document.getElementById(figure.dataset.points).textContent);
      this.unit = source.unit;
      this.name = source.name || "";
      this.path = source.smooth ? straight : steps;
      this.ends = [source.from, source.till].filter(Boolean).map((at) => Date.parse(at));
      this.limits = (source.limits || []).map((one) => ({ ...one, y: Number(one.value) }));
      this.bandName = source.band?.name || "";
      this.band = (source.band?.points || []).map((p) => ({
        x: Date.parse(p.at), low: Number(p.low), high: Number(p.high), text: `${p.low} to ${p.high}`,
      }));
      this.barsName = source.bars?.name || "";
      this.bars = known(source.bars?.points || []);
      this.marks = (source.marks || []).map((m) => ({ x: Date.parse(m.at), text: m.text }));
      this.points = known(source.points);
      this.others = (source.others || []).map((one) => ({ name: one.name, points: known(one.points) }));
      this.plot.tabIndex = 0;
      this.plot.addEventListener("pointermove", (event) => this.hover(event));
      this.plot.addEventListener("pointerleave", () => this.leave());
      this.plot.addEventListener("blur", () => this.leave());
      this.plot.addEventListener("keydown", (event) => this.step(event));
      new ResizeObserver(() => this.draw()).observe(this.plot);
    }

    add(at, value) {
      this.points.push({ x: Date.parse(at), y: Number(value), text: value });
      this.draw();
    }

    scale() {
      const { width, height } = this.plot.getBoundingClientRect();
      const all = [...this.points, ...this.bars, ...this.others.flatMap((one) => one.points)];
      const xs = [...all, ...this.band].map((p) => p.x).concat(this.ends);
      const edges = this.band.flatMap((p) => [p.low, p.high]);
      const ys = [...all, ...this.limits].map((p) => p.y).concat(edges, this.bars.length ? [0] : []);
      let low = Math.min(...ys);
      let high = Math.max(...ys);
      const room = (high - low) * 0.12 || Math.abs(high) * 0.001 || 1;
      low -= room;
      high += room;
      const from = Math.min(...xs);
      const till = Math.max(...xs, from + 1);
      const inner = { width: width - PAD.left - PAD.right, height: height - PAD.top - PAD.bottom };
      return {
        width, height, low, high, from, till,
        x: (value) => PAD.left + ((value - from) / (till - from)) * inner.width,
        y: (value) => PAD.top + (1 - (value - low) / (high - low)) * inner.height,
      };
    }

    draw() {
      const s = this.scale();
      this.s = s;
      if (s.width < 50 || !Number.isFinite(s.low)) return;
      const svg = node("svg", { viewBox: `0 0 ${s.width} ${s.height}`, "aria-hidden": "true" });
      for (const tick of ticks(s.low, s.high, 4)) {
        const y = Math.round(s.y(tick.value)) + 0.5;
        svg.append(node("line", { class: "grid", x1: PAD.left, x2: s.width - PAD.right, y1: y, y2: y }));
        svg.append(node("text", { class: "tick", x: PAD.left - 8, y: y + 4, "text-anchor": "end" }, tick.text));
      }
      this.drawTimes(svg, s);
      for (const mark of this.marks.filter((m) => m.x >= s.from && m.x <= s.till)) {
        const x = s.x(mark.x);
        const line = node("line", { class: "mark", x1: x, x2: x, y1: PAD.top, y2: s.height - PAD.bottom });
        const head = node("circle", { class: "mark-head", cx: x, cy: PAD.top, r: 3 });
        head.append(node("title", {}, mark.text));
        svg.append(line, head);
      }
      const floor = s.height - PAD.bottom;
      this.drawBars(svg, s);
      if (this.band.length > 1) svg.append(node("path", { class: "band", d: ring(this.band, s) }));
      for (const run of runs(this.points)) {
        const path = this.path(run, s);
        if (!this.band.length && !this.bars.length && !this.limits.length) {
          svg.append(node("path", { class: "area", d: `${path}V${floor}H${s.x(run[0].x).toFixed(1)}Z` }));
        }
        svg.append(node("path", { class: "line", d: path }));
        if (run.length === 1) svg.append(node("circle", { class: "lone", cx: s.x(run[0].x), cy: s.y(run[0].y), r: 2.5 }));
      }
      for (const run of this.others.flatMap((one) => runs(one.points))) {
        svg.append(node("path", { class: "line other", d: this.path(run, s) }));
      }
      this.drawLimits(svg, s);
      this.cursor = node("line", { class: "cursor", y1: PAD.top, y2: floor, visibility: "hidden" });
      this.dot = node("circle", { class: "point", r: 4, visibility: "hidden" });
      svg.append(this.cursor, this.dot);
      this.plot.replaceChildren(svg);
    }

    drawBars(svg, s) {
      const width = Math.max(2, Math.min(14, (s.width - PAD.left - PAD.right) / (this.bars.length * 3 || 1)));
      for (const bar of this.bars) {
        const top = Math.min(s.y(0), s.y(bar.y));
        svg.append(node("rect", {
          class: "bar", x: s.x(bar.x) - width / 2, width, y: top, height: Math.abs(s.y(bar.y) - s.y(0)),
        }));
      }
    }

    // Words stand on their line, and give way to each other where two lines nearly meet.
    drawLimits(svg, s) {
      let last = -Infinity;
      for (const limit of [...this.limits].sort((a, b) => s.y(a.y) - s.y(b.y))) {
        const y = s.y(limit.y);
        svg.append(node("line", { class: `limit ${limit.tone}`, x1: PAD.left, x2: s.width - PAD.right, y1: y, y2: y }));
        const words = Math.max(y - 4, last + 12);
        svg.append(node("text", { class: `limit-word ${limit.tone}`, x: s.width - PAD.right, y: words, "text-anchor": "end" }, limit.text));
        last = words;
      }
    }

    drawTimes(svg, s) {
      const count = Math.max(2, Math.floor(s.width / 130));
      const format = s.till - s.from > 2 * 86_400_000 ? day : hour;
      let last = "";
      for (let i = 0; i <= count; i += 1) {
        const at = s.from + ((s.till - s.from) * i) / count;
        const anchor = i === 0 ? "start" : i === count ? "end" : "middle";
        const text = format.format(at);
        if (text !== last) svg.append(node("text", { class: "tick", x: s.x(at), y: s.height - 4, "text-anchor": anchor }, text));
        last = text;
      }
    }

    hover(event) {
      if (!this.points.length) return;
      const x = event.clientX - this.plot.getBoundingClientRect().left;
      let best = 0;
      this.points.forEach((p, i) => {
        if (Math.abs(this.s.x(p.x) - x) < Math.abs(this.s.x(this.points[best].x) - x)) best = i;
      });
      this.show(best);
    }

    step(event) {
      const move = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (!move || !this.points.length) return;
      event.preventDefault();
      const last = this.points.length - 1;
      this.show(Math.min(last, Math.max(0, (this.shown ?? last + (move < 0 ? 1 : 0)) + move)));
    }

    show(index) {
      this.shown = index;
      const point = this.points[index];
      const x = this.s.x(point.x);
      this.cursor.setAttribute("x1", x);
      this.cursor.setAttribute("x2", x);
      this.dot.setAttribute("cx", x);
      this.dot.setAttribute("cy", this.s.y(point.y));
      for (const element of [this.cursor, this.dot]) element.setAttribute("visibility", "visible");
      if (!this.tip) {
        this.tip = document.createElement("div");
        this.tip.className = "tip";
        this.tip.setAttribute("role", "status");
        this.figure.append(this.tip);
      }
      const value = document.createElement("b");
      value.textContent = `${this.name ? `${this.name} ` : ""}${point.text} ${this.unit}`;
      const beside = [[this.bandName, this.band], [this.barsName, this.bars]].flatMap(([name, found]) => {
        const there = found.find((p) => p.x === point.x);
        const line = document.createElement("div");
        line.textContent = there ? `${name} ${there.text}` : "";
        return there ? [line] : [];
      });
      const others = this.others.flatMap((one) => {
        const there = one.points.findLast((p) => p.x <= point.x);
        const line = document.createElement("div");
        line.textContent = there ? `${one.name} ${there.text}` : "";
        return there ? [line] : [];
      });
      this.tip.replaceChildren(value, ...beside, ...others, full.format(point.x));
      this.tip.hidden = false;
      const room = this.figure.clientWidth - this.tip.offsetWidth - 8;
      this.tip.style.left = `${Math.max(4, Math.min(room, x + 14))}px`;
    }

    leave() {
      this.shown = undefined;
      if (this.tip) this.tip.hidden = true;
      for (const element of [this.cursor, this.dot]) element?.setAttribute("visibility", "hidden");
    }
  }

  function drawIn(root) {
    for (const figure of root.querySelectorAll("figure.line-chart[data-points]")) {
      figure.lineChart = new LineChart(figure);
    }
  }

  document.addEventListener("DOMContentLoaded", () => drawIn(document));
  document.addEventListener("paimon:refreshed", (event) => drawIn(event.target));

  document.addEventListener("paimon:message", (event) => {
    const { channel, data } = event.detail;
    if (channel !== "fund:nav" || !data.nav) return;
    for (const figure of document.querySelectorAll("figure.line-chart[data-live-series=nav]")) figure.lineChart?.add(data.at, data.nav);
  });
})();
