"use strict";
// Small charts over time: lines with bands, told apart by dash and label, and their numbers in a table.
(() => {
  const { made, shown, simulator } = globalThis.defaultmode;
  const { span, valueAt } = simulator;
  const SVG = "http://www.w3.org/2000/svg";
  const HEIGHT_PX = 190;
  const ROOMY_PX = 360; // a width at which names beside the lines leave room for the lines
  const MARGIN_PX = { top: 14, right: 10, bottom: 24, left: 44 };
  const FLAT = 0.05; // how far an axis reaches around a line that does not change
  const LETTER_PX = 7.4; // of a label, on average
  const ROW_PX = 15;

  const shape = (kind, attributes, textContent = "") => {
    const element = Object.assign(document.createElementNS(SVG, kind), { textContent });
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    return element;
  };

  const drawn = (parent, ...given) => parent.appendChild(shape(...given));

  // Four or so round numbers that cover a range.
  const roundTicks = (low, high) => {
    const rough = (high - low) / 4 || 1;
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].find((times) => times * power >= rough) * power;
    const first = Math.floor(low / step);
    const count = Math.ceil(high / step - 1e-9) - first + 1;
    return Array.from({ length: Math.max(2, count) }, (_, i) => (first + i) * step);
  };

  const digitsOf = (ticks) => Math.max(0, Math.min(3, Math.ceil(-Math.log10(ticks[1] - ticks[0]) - 1e-9)));

  const rangeOf = (lines, zero) => {
    const values = lines.flatMap(({ values, low, high }) => [...values, ...(low ?? []), ...(high ?? [])]);
    const finite = values.filter(Number.isFinite).concat(zero);
    if (!finite.length) return [0, 1];
    const [low, high] = [Math.min(...finite), Math.max(...finite)];
    return high > low ? [low, high] : [low - FLAT, high + FLAT];
  };

  const path = (points) => {
    let pen = "M";
    return points.map(([x, y]) => {
      if (!Number.isFinite(y)) { pen = "M"; return ""; }
      const step = `${pen}${x.toFixed(1)} ${y.toFixed(1)}`;
      pen = "L";
      return step;
    }).join("");
  };

  const drawGrid = (svg, { x, y, axis, ticks, box }) => {
    const digits = digitsOf(ticks);
    for (const tick of ticks) {
      drawn(svg, "path", { class: tick === 0 ? "grid-line zero" : "grid-line", d: `M${box.left} ${y(tick)}H${box.right}` });
      drawn(svg, "text", { class: "tick-text", x: box.left - 6, y: y(tick) + 4, "text-anchor": "end" }, shown(tick, digits));
    }
    let free = -Infinity;
    for (const [at, name] of axis.ticks) {
      const half = (name.length * LETTER_PX) / 2;
      const middle = Math.min(Math.max(x(at), box.left), box.right - half + MARGIN_PX.right);
      if (middle - half < free) continue;
      free = middle + half + 8;
      drawn(svg, "path", { class: "tick", d: `M${x(at)} ${box.bottom}v4` });
      drawn(svg, "text", { class: "tick-text", x: middle, y: box.bottom + 17, "text-anchor": "middle" }, name);
    }
  };

  // Labels at the ends of the lines, pushed apart so that none covers another.
  const drawLabels = (svg, lines, { y, box }) => {
    const ends = lines.map(({ name, look, values }) => ({ name, look, y: y(values.findLast(Number.isFinite) ?? NaN) }));
    const placed = ends.filter((end) => Number.isFinite(end.y)).sort((a, b) => a.y - b.y);
    placed.forEach((end, i) => { if (i) end.y = Math.max(end.y, placed[i - 1].y + ROW_PX); });
    const over = placed.length ? Math.max(0, placed.at(-1).y - box.bottom) : 0;
    for (const end of placed) {
      drawn(svg, "text", { class: `label look-${end.look}`, x: box.right + 8, y: end.y - over + 4 }, end.name);
    }
  };

  const drawLine = (svg, { times, values, low, high, look, dots }, { x, y }) => {
    if (low) {
      const there = times.map((t, i) => [x(t), y(high[i])]);
      const back = times.map((t, i) => [x(t), y(low[i])]).reverse();
      drawn(svg, "path", { class: `band look-${look}`, d: `${path([...there, ...back])}Z` });
    }
    drawn(svg, "path", { class: `line look-${look}`, d: path(times.map((t, i) => [x(t), y(values[i])])) });
    if (!dots) return;
    times.forEach((t, i) => {
      if (Number.isFinite(values[i])) drawn(svg, "circle", { class: `dot look-${look}`, cx: x(t), cy: y(values[i]), r: 2.6 });
    });
  };

  // The whole drawing in an element; returns a function that moves its cursor to a time.
  const plot = (holder, { lines, axis, zero = [], events = [], name }) => {
    const width = Math.max(260, holder.clientWidth);
    const labelled = lines.length > 1 && width >= ROOMY_PX;
    const longest = Math.max(...lines.map((line) => line.name.length));
    const right = labelled ? Math.min(width * 0.36, longest * LETTER_PX + 16) : MARGIN_PX.right;
    const box = { left: MARGIN_PX.left, right: width - right, top: MARGIN_PX.top, bottom: HEIGHT_PX - MARGIN_PX.bottom };
    const ticks = roundTicks(...rangeOf(lines, zero));
    const x = (t) => box.left + axis.place(t) * (box.right - box.left);
    const y = (v) => box.bottom - ((v - ticks[0]) / (ticks.at(-1) - ticks[0])) * (box.bottom - box.top);
    const svg = shape("svg", { viewBox: `0 0 ${width} ${HEIGHT_PX}`, role: "img", "aria-label": name });
    drawGrid(svg, { x, y, axis, ticks, box });
    for (const event of events) {
      drawn(svg, "path", { class: "event", d: `M${x(event.at)} ${box.top}V${box.bottom}` });
      drawn(svg, "text", { class: "event-text", x: x(event.at) + 3, y: box.top - 3 }, event.name);
    }
    const cursor = drawn(svg, "path", { class: "cursor", d: "" });
    for (const line of lines) drawLine(svg, line, { x, y });
    if (labelled) drawLabels(svg, lines, { y, box });
    const beads = lines.map(({ look }) => drawn(svg, "circle", { class: `bead look-${look}`, r: 4.5 }));
    holder.replaceChildren(svg);
    return (at) => {
      cursor.setAttribute("d", `M${x(at)} ${box.top}V${box.bottom}`);
      lines.forEach(({ times, values }, i) => {
        const value = valueAt({ times, values }, at);
        beads[i].setAttribute("visibility", Number.isFinite(value) ? "visible" : "hidden");
        if (!Number.isFinite(value)) return;
        beads[i].setAttribute("cx", x(at));
        beads[i].setAttribute("cy", y(value));
      });
    };
  };

  const table = ({ head, rows }) => {
    const heading = (scope) => (text) => made("th", { scope, textContent: text });
    const figure = (text) => made("td", { className: "number", textContent: text });
    return [
      made("thead", {}, made("tr", {}, ...head.map(heading("col")))),
      made("tbody", {}, ...rows.map(([name, ...figures]) => made("tr", {}, heading("row")(name), ...figures.map(figure)))),
    ];
  };

  const spanOrBefore = (minutes) => (minutes < 0 ? `${span(-minutes)} before` : span(minutes));

  // A value in words; one that is missing says why.
  const sayer = ({ digits, missing = "not known" }) => (value) => (Number.isFinite(value) ? shown(value, digits) : missing);

  const numbers = ({ lines, rows, said = spanOrBefore, ...given }) => ({
    head: ["Time", ...lines.flatMap(({ name, low }) => (low ? [name, "low", "high"] : [name]))],
    rows: rows.map((t) => [
      said(t),
      ...lines.flatMap(({ times, values, low, high }) => (low ? [values, low, high] : [values])
        .map((column) => sayer(given)(valueAt({ times, values: column }, t)))),
    ]),
  });

  // The values on the clock, each behind a piece of its line.
  const reading = ({ lines, ...given }, now) => lines.map((line) => {
    const sample = shape("svg", { class: "sample", viewBox: "0 0 22 8", "aria-hidden": "true" });
    drawn(sample, "path", { class: `line look-${line.look}`, d: "M0 4H22" });
    const value = sayer(given)(valueAt(line, now));
    return made("span", {}, sample, ` ${line.name} `, made("strong", { textContent: value }));
  });

  // A figure of the page that shows lines over time, or says why there are none.
  class Chart {
    constructor(figure) {
      const part = (selector) => figure.querySelector(selector);
      Object.assign(this, { given: null, width: 0, move: () => {} });
      Object.assign(this, { plot: part(".plot"), reading: part("output"), absent: part(".absent") });
      Object.assign(this, { numbers: part("details"), title: part("strong").textContent });
      new ResizeObserver(([{ contentRect }]) => {
        if (Math.abs(contentRect.width - this.width) >= 1) this.draw();
      }).observe(this.plot);
      this.numbers.addEventListener("toggle", () => this.fill());
    }

    draw() {
      this.width = this.plot.clientWidth;
      if (!this.given || !this.width) return;
      this.move = plot(this.plot, { name: this.title, ...this.given });
      this.move(this.now);
    }

    fill() {
      if (!this.given || !this.numbers.open) return;
      this.numbers.querySelector(".scroll").replaceChildren(made("table", {}, ...table(numbers(this.given))));
    }

    // given : {lines, axis, events, zero, digits, rows and how they are said, absent, missing}
    show(given) {
      this.given = given.lines.length ? given : null;
      this.now ??= given.axis?.first;
      this.absent.textContent = given.absent ?? "";
      this.absent.hidden = Boolean(this.given);
      for (const part of [this.plot, this.numbers, this.reading]) part.hidden = !this.given;
      if (!this.given) this.plot.replaceChildren();
      this.draw();
      this.fill();
    }

    at(now) {
      this.now = now;
      if (!this.given) return;
      this.move(now);
      this.reading.replaceChildren(...reading(this.given, now));
    }
  }

  Object.assign(simulator, { Chart, table });
})();
