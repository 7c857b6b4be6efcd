"use strict";
// What the page says of one course: its lines, its events, and its state in a sentence.
(() => {
  const { made, shown, simulator } = globalThis.defaultmode;
  const { filled, since, valueAt } = simulator;
  const CONNECTIVITY = [
    ["within_default", "within the default mode"],
    ["default_task_positive", "default mode to task-positive"],
  ];
  const DIGITS = { connectivity: 3, without: 3, variance: 2, acting: 2, plasma: 0, dissociation: 1, mood: 1 };
  const ZERO = { connectivity: [0], without: [0], variance: [1], acting: [0, 1], plasma: [0], dissociation: [0], mood: [0] };

  const SCORES = ["dissociation", "mood"];
  const WITHIN = ["within_default", "within_default_without"];
  const SMALLEST = 0.0005; // of a change that three digits can show

  // A name inside a sentence: small unless it begins with an abbreviation.
  const small = (name) => (name[1] === name[1]?.toUpperCase() ? name : name[0].toLowerCase() + name.slice(1));

  class CourseView {
    constructor({ course, chosen, words }) {
      const { brain, treatment, chosenDose: dose } = chosen;
      Object.assign(this, { course, words, reasons: words.reasons, brain, treatment, dose, frames: [], whole: false });
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

    get twin() { return this.brain.kind === "twin"; }

    // Scores of groups are no part of a twin, so their cards are left out.
    has(chart) { return !(this.twin && SCORES.includes(chart)); }

    get missing() { return this.whole ? this.reasons.unknown : this.reasons.not_yet; }

    absent(chart) {
      if (SCORES.includes(chart)) return this.reasons[`no_${chart}`];
      if (chart === "plasma") return this.twin ? this.reasons.twin_plasma : this.reasons.no_plasma;
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
      return { lines, axis, rows, events, absent, missing: this.missing, zero: ZERO[chart], digits: DIGITS[chart] };
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
      for (const chart of SCORES) if (this.course[chart]) said.push(`${chart} ${this.score(chart, now)}`);
      return `${since(now)} ${this.what()}. ${this.brain.name}: ${said.join("; ")}.`;
    }

    beside(key, now) {
      const curve = this.ofFrames(key);
      return `${this.value(valueAt(curve, now))} (${this.value(curve.values[0])} before)`;
    }

    value(number, digits = 2) { return Number.isFinite(number) ? shown(number, digits) : this.missing; }

    // The change within the default mode with and without the global signal, at the scan where the
    // two disagree most on its direction, or where they agree throughout, at the scan where it is largest.
    signs() {
      const [first] = this.frames;
      if (!this.whole || !first) return `${this.reasons.computing}.`;
      const changes = this.frames.map((frame) => WITHIN.map((key) => frame[key] - first[key]));
      const least = (pair) => Math.min(...pair.map(Math.abs));
      const differ = ([raw, removed]) => raw * removed < 0 && least([raw, removed]) >= SMALLEST;
      const apart = changes.some(differ);
      const size = (pair) => (apart ? Number(differ(pair)) * least(pair) : Math.abs(pair[0]));
      const most = changes.reduce((best, pair, i) => (size(pair) > size(changes[best]) ? i : best), 0);
      const { disagree, agree, still, both } = this.words.signs;
      const [raw, removed] = changes[most].map((by) => this.moved(by));
      const names = { raw, removed, when: `${since(this.frames[most].at_min)} ${this.what()}` };
      return filled(`${most ? (apart ? disagree : agree) : still} ${both}`, names);
    }

    moved(by) {
      const { rises, falls, same } = this.words.signs;
      if (!Number.isFinite(by)) return this.missing;
      if (Math.abs(by) < SMALLEST) return same;
      return filled(by > 0 ? rises : falls, { size: shown(Math.abs(by), 3) });
    }

    // What to know beside the curve of mood: its step, and what the course says of it.
    ofMood() {
      const { mood, notes = [] } = this.course;
      const step = mood && this.dose ? [this.reasons.mood_step] : [];
      const said = notes.filter(({ about }) => about === "mood").map(({ text, kind }) => `${text} (${kind})`);
      return [...step, ...said].map((textContent) => made("li", { textContent }));
    }

    score(chart, now) {
      const { mean, low, high, unit } = this.course[chart];
      const [at, from, to] = [mean, low, high].map((values) => this.value(valueAt({ times: this.course.times_min, values }, now), 0));
      return `${at}, middle 90 % ${from} to ${to}, ${unit}`;
    }

    // What the numbers rest on, by kind, each text once; a kind of which there is nothing says so.
    rests(kinds) {
      const marks = [...(this.treatment.marks ?? []), ...(this.course.notes ?? [])];
      const textsOf = (kind) => [...new Set(marks.filter((mark) => mark.kind === kind).map(({ text }) => text))];
      const chip = (kind) => made("span", { className: `kind ${kind.replace(" ", "-")}`, textContent: kind });
      const listed = (texts) => made("ul", {}, ...texts.map((textContent) => made("li", { textContent })));
      const none = (kind) => made("p", { className: "nothing" }, chip(kind), ` 0: ${this.words.nothing[kind]}`);
      return kinds.map((kind) => [kind, textsOf(kind)]).map(([kind, texts]) => (texts.length
        ? made("details", {}, made("summary", {}, chip(kind), ` ${texts.length}`), listed(texts))
        : none(kind)));
    }
  }

  Object.assign(simulator, { CourseView });
})();
