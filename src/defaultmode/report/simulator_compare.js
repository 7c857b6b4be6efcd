"use strict";
// Treatments side by side: the same brain, one line for each.
(() => {
  const { shown, simulator } = globalThis.defaultmode;
  const { Chart, CourseView, since, table, valueAt } = simulator;
  const ASSUMED = " (effect assumed)";
  const BEGIN_WITH = ["ketamine", "midazolam", "psilocybin"];
  const part = (id) => document.getElementById(id);
  const digitsOf = (name) => (name === "mood" ? 1 : 3);

  const called = ({ name, hypothetical }) => name + (hypothetical ? ASSUMED : "");

  const curveOf = ({ course, frames }, name) => {
    if (name === "mood") return course.mood && { times: course.times_min, values: course.mood.mean };
    if (!frames.length) return null;
    return { times: frames.map((f) => f.at_min), values: frames.map((f) => f[name]), dots: true };
  };

  class Comparison {
    // words : of the charts, by what they show; clock : for its axis and its time
    constructor({ catalogue, source, words, reasons, chosen, clock }) {
      Object.assign(this, { catalogue, source, words, reasons, chosen, clock });
      this.boxes = [...part("compared").querySelectorAll("input")];
      this.charts = Object.keys(words).map((name) => [name, new Chart(part(`compare-${name}`))]);
      this.views = new Map();
      this.stopper = new AbortController();
      for (const box of this.boxes) {
        box.checked = BEGIN_WITH.includes(box.value) || box.value === chosen.treatment.id;
        box.addEventListener("change", () => this.refresh());
      }
    }

    // What was found of the treatments that are ticked: [view, number of its line].
    get entries() {
      return this.boxes.map(({ value, checked }, look) => [checked && this.views.get(value), look]).filter(([view]) => view);
    }

    async refresh() {
      this.stopper.abort();
      this.stopper = new AbortController();
      const { signal } = this.stopper;
      this.views = new Map();
      const said = [];
      for (const { value, checked } of this.boxes) {
        if (!checked) continue;
        const refused = await this.find(value, signal).catch((problem) => problem.message);
        if (signal.aborted) return;
        if (refused) said.push(`${this.chosen.treatmentOf(value).name}: ${refused}`);
        this.draw();
      }
      part("compare-missing").textContent = said.join(" ");
      this.draw();
    }

    // Why a treatment cannot be compared, empty where it can.
    async find(id, signal) {
      const request = this.chosen.usually(id);
      const course = await this.source.course(request, signal);
      if (course.refused) return course.refused;
      const view = new CourseView({ course, chosen: this.chosen, reasons: this.reasons });
      view.treatment = this.chosen.treatmentOf(id);
      await this.source.frames(request, (frame) => view.frames.push(frame), signal);
      this.views.set(id, view);
      return "";
    }

    draw() {
      for (const [name, chart] of this.charts) {
        const line = ([view, look]) => ({ name: view.treatment.name, look, ...curveOf(view, name) });
        const lines = this.entries.map(line).filter(({ values }) => values);
        const absent = this.entries.length ? this.entries[0][0].absent(name) : this.reasons.nothing_compared;
        chart.show({ lines, axis: this.clock.axis, rows: this.catalogue.frames_min, digits: digitsOf(name), absent });
      }
      this.at(this.clock.now);
    }

    at(now) {
      for (const [, chart] of this.charts) chart.at(now);
      const names = Object.keys(this.words);
      const cell = (view, name) => {
        const curve = curveOf(view, name);
        return curve ? shown(valueAt(curve, now), digitsOf(name)) : "n/a";
      };
      part("compare-now").replaceChildren(...table({
        head: [`${since(now)} the treatment`, ...names.map((name) => `${this.words[name].title}, ${this.words[name].unit}`)],
        rows: this.entries.map(([view]) => [called(view.treatment), ...names.map((name) => cell(view, name))]),
      }));
    }
  }

  Object.assign(simulator, { Comparison });
})();
