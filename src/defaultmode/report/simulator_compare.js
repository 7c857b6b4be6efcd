"use strict";
// Treatments side by side: the same brain, one line for each.
(() => {
  const { simulator } = globalThis.defaultmode;
  const { Chart, CourseView, filled, since, table, valueAt } = simulator;
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
    // words : of the page; clock : for its axis and its time
    constructor({ catalogue, source, words, chosen, clock }) {
      Object.assign(this, { catalogue, source, words, reasons: words.reasons, chosen, clock });
      this.boxes = [...part("compared").querySelectorAll("input")];
      this.charts = Object.keys(words.comparisons).map((name) => [name, new Chart(part(`compare-${name}`))]);
      this.wait();
      for (const box of this.boxes) {
        box.checked = BEGIN_WITH.includes(box.value) || box.value === chosen.treatment.id;
        box.addEventListener("change", () => this.refresh());
      }
    }

    // What was found of the treatments that are ticked: [view, number of its line].
    get entries() {
      return this.boxes.map(({ value, checked }, look) => [checked && this.views.get(value), look]).filter(([view]) => view);
    }

    get ticked() { return this.boxes.filter(({ checked }) => checked).map(({ value }) => value); }

    // What was found holds no longer, and is asked for when the chosen course is there.
    wait() {
      this.stopper?.abort();
      this.stopper = new AbortController();
      Object.assign(this, { views: new Map(), refused: new Map() });
      this.say();
      this.draw();
    }

    async refresh() {
      this.wait();
      const { signal } = this.stopper;
      for (const id of this.ticked) {
        const refused = await this.find(id, signal).catch((problem) => problem.message);
        if (signal.aborted) return;
        if (refused) this.refused.set(id, refused);
        this.say();
        this.draw();
      }
      this.draw();
    }

    // Which treatments are still being computed, and which cannot be.
    say() {
      const nameOf = (id) => this.chosen.treatmentOf(id).name;
      this.pending = this.ticked.filter((id) => !this.views.has(id) && !this.refused.has(id));
      const waiting = filled(this.reasons.still_computed, { treatments: this.pending.map(nameOf).join(", ") });
      const refused = [...this.refused].map(([id, why]) => `${nameOf(id)}: ${why}`);
      part("compare-missing").textContent = [...(this.pending.length ? [waiting] : []), ...refused].join(" ");
    }

    // Why a treatment cannot be compared, empty where it can.
    async find(id, signal) {
      const request = this.chosen.usually(id);
      const course = await this.source.course(request, signal);
      if (course.refused) return course.refused;
      const view = new CourseView({ course, chosen: this.chosen, words: this.words });
      view.treatment = this.chosen.treatmentOf(id);
      await this.source.frames(request, (frame) => view.frames.push(frame), signal);
      view.whole = true;
      if (!signal.aborted) this.views.set(id, view);
      return "";
    }

    draw() {
      for (const [name, chart] of this.charts) {
        const line = ([view, look]) => ({ name: view.treatment.name, look, ...curveOf(view, name) });
        const lines = this.entries.map(line).filter(({ values }) => values);
        const { axis } = this.clock;
        part(`compare-${name}`).hidden = !this.shows(name);
        chart.show({ lines, axis, rows: this.catalogue.frames_min, digits: digitsOf(name), absent: this.absent(name), missing: this.reasons.unknown });
      }
      this.at(this.clock.now);
    }

    shows(name) { return name !== "mood" || !this.chosen.twin; }

    absent(name) {
      if (this.entries.length) return this.entries[0][0].absent(name);
      return this.pending.length ? part("compare-missing").textContent : this.reasons.nothing_compared;
    }

    at(now) {
      for (const [, chart] of this.charts) chart.at(now);
      const { comparisons } = this.words;
      const names = Object.keys(comparisons).filter((name) => this.shows(name));
      const cell = (view, name) => {
        const curve = curveOf(view, name);
        return curve ? view.value(valueAt(curve, now), digitsOf(name)) : this.reasons.not_fitted;
      };
      part("compare-now").replaceChildren(...table({
        head: [`${since(now)} the treatment`, ...names.map((name) => `${comparisons[name].title}, ${comparisons[name].unit}`)],
        rows: this.entries.map(([view]) => [called(view.treatment), ...names.map((name) => cell(view, name))]),
      }));
    }
  }

  Object.assign(simulator, { Comparison });
})();
