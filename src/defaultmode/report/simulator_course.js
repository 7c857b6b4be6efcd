"use strict";
// What the page says of one course: its lines, its events, and its state in a sentence.
(() => {
  const { made, shown, simulator } = globalThis.defaultmode;
  const { since, valueAt } = simulator;
  const CONNECTIVITY = [
    ["within_default", "within the default mode"],
    ["default_task_positive", "default mode to task-positive"],
  ];
  const DIGITS = { connectivity: 3, without: 3, variance: 2, acting: 2, plasma: 0, dissociation: 1, mood: 1 };
  const ZERO = { connectivity: [0], without: [0], variance: [1], acting: [0, 1], plasma: [0], dissociation: [0], mood: [0] };

  // A name inside a sentence: small unless it begins with an abbreviation.
  const small = (name) => (name[1] === name[1]?.toUpperCase() ? name : name[0].toLowerCase() + name.slice(1));

  class CourseView {
    constructor({ course, chosen, reasons }) {
      const { brain, treatment, chosenDose: dose } = chosen;
      Object.assign(this, { course, reasons, brain, treatment, dose, frames: [] });
    }

    ofFrames(key) {
      return { times: this.frames.map((f) => f.at_min), values: this.frames.map((f) => f[key]), dots: true };
    }

    ofCourse(...lines) {
      const there = lines.filter(([, values]) => values?.length);
      return there.map(([name, values, look]) => ({ name, look, times: this.course.times_min, values }));
    }

    banded(name, band, look) {
      if (!band) return [];
      return [{ name, look, times: this.course.times_min, values: band.mean, low: band.low, high: band.high }];
    }

    lines(chart) {
      const { course, frames } = this;
      const pair = (suffix) => (frames.length ? [
        { name: "Within default", look: "default", ...this.ofFrames(`within_default${suffix}`) },
        { name: "To task-positive", look: "task-positive", ...this.ofFrames(`default_task_positive${suffix}`) },
      ] : []);
      return {
        connectivity: () => pair(""),
        without: () => pair("_without"),
        variance: () => (frames.length ? [{ name: "Variance", look: "global", ...this.ofFrames("global_variance") }] : []),
        plasma: () => this.ofCourse(
          ["Plasma", course.plasma_ng_ml, "task-positive"],
          ["Effect site", course.effect_site_ng_ml, "effect-site"],
        ),
        acting: () => this.ofCourse(
          ["Treatment", course.level, "task-positive"],
          ["Plasticity", course.plasticity, "effect-site"],
          ["Condition", course.condition_level, "mood"],
        ),
        dissociation: () => this.banded("Dissociation", course.dissociation, "dissociation"),
        mood: () => this.banded("Mood", course.mood, "mood"),
      }[chart]();
    }

    absent(chart) {
      const twin = this.brain.kind === "twin";
      if (chart === "mood" || chart === "dissociation") return twin ? this.reasons.twin_mood : this.reasons[`no_${chart}`];
      if (chart === "plasma") return twin ? this.reasons.twin_plasma : this.reasons.no_plasma;
      return this.reasons.computing;
    }

    events() {
      const therapy = this.course.request.therapy_at_min;
      const given = this.treatment.kind === "none" ? [] : [{ at: 0, name: small(this.treatment.name) }];
      return therapy === null ? given : [...given, { at: therapy, name: "therapy" }];
    }

    // Everything that a chart needs.
    given(chart, { axis, rows }) {
      const [lines, events, absent] = [this.lines(chart), this.events(), this.absent(chart)];
      return { lines, axis, rows, events, absent, zero: ZERO[chart], digits: DIGITS[chart] };
    }

    unit(chart) { return this.course[chart]?.unit; }

    what() {
      if (this.treatment.kind === "none") return "the start, with no treatment";
      return small(this.treatment.name) + (this.dose ? ` (${this.dose.label})` : "");
    }

    sentence(now) {
      if (this.course.refused) return this.course.refused;
      const said = this.frames.length ? CONNECTIVITY.map(([key, label]) => {
        const [at, without] = [key, `${key}_without`].map((k) => this.beside(k, now));
        return `${label} ${at}, without the global signal ${without}`;
      }) : [this.reasons.computing];
      for (const chart of ["dissociation", "mood"]) if (this.course[chart]) said.push(`${chart} ${this.score(chart, now)}`);
      return `${since(now)} ${this.what()}. ${this.brain.name}: ${said.join("; ")}.`;
    }

    beside(key, now) {
      const curve = this.ofFrames(key);
      return `${shown(valueAt(curve, now))} (${shown(curve.values[0])} before)`;
    }

    score(chart, now) {
      const { mean, low, high, unit } = this.course[chart];
      const [at, from, to] = [mean, low, high].map((values) => shown(valueAt({ times: this.course.times_min, values }, now), 0));
      return `${at}, middle 90 % ${from} to ${to}, ${unit}`;
    }

    // What the numbers rest on, by kind, each text once.
    rests(kinds) {
      const marks = [...(this.treatment.marks ?? []), ...(this.course.notes ?? [])];
      const textsOf = (kind) => [...new Set(marks.filter((mark) => mark.kind === kind).map(({ text }) => text))];
      const chip = (kind) => made("span", { className: `kind ${kind.replace(" ", "-")}`, textContent: kind });
      const listed = (texts) => made("ul", {}, ...texts.map((textContent) => made("li", { textContent })));
      return kinds.map((kind) => [kind, textsOf(kind)])
        .filter(([, texts]) => texts.length)
        .map(([kind, texts]) => made("details", {}, made("summary", {}, chip(kind), ` ${texts.length}`), listed(texts)));
    }
  }

  Object.assign(simulator, { CourseView });
})();
