"use strict";
// The simulator's page: a course is loaded, a clock runs along it, and everything follows the clock.
(() => {
  const { simulator } = globalThis.defaultmode;
  const { Chart, Clock, Comparison, Controls, CourseView, Scan, Scene } = simulator;
  const part = (id) => document.getElementById(id);

  class Page {
    constructor(data) {
      const { catalogue, words } = data;
      Object.assign(this, { catalogue, words, view: null, scene: null, loading: new AbortController() });
      this.source = simulator.source(data);
      this.chosen = new Controls({ catalogue, source: this.source, words, changed: () => this.load() });
      this.charts = Object.keys(words.charts).map((name) => [name, new Chart(part(name))]);
      this.clock = new Clock({
        stops: catalogue.frames_min,
        moved: (now) => this.follow(now),
        ran: (seconds) => this.run(seconds),
        settled: () => this.say(),
        rested: () => { if (this.source.anyTime) this.beginScan(); },
      });
      this.scan = new Scan({
        source: this.source,
        show: (samples, at_s) => this.scene.scan(samples, at_s),
        failed: (problem) => { part("scan-begun").textContent = `The scan stopped: ${problem.message}`; },
      });
      const { source, chosen, clock } = this;
      this.compared = new Comparison({ catalogue, source, words, chosen, clock });
    }

    async open() {
      part("bench").hidden = false;
      if (part("tables")) part("tables").open = false;
      this.scene = await Scene.open({ catalogue: this.catalogue, reasons: this.words.reasons });
      part("change").addEventListener("change", () => this.follow(this.clock.now));
      part("apart").addEventListener("change", () => this.scan.showAgain());
      await this.load();
    }

    async load() {
      this.loading.abort();
      this.loading = new AbortController();
      const { signal } = this.loading;
      this.scan.stop();
      this.scene.noScan(this.words.reasons.scan_to_come);
      this.compared.wait();
      try {
        const { request } = this.chosen;
        const course = await this.source.course(request, signal);
        if (signal.aborted) return;
        this.begin(course);
        if (course.refused) return;
        await this.source.frames(request, (frame) => { if (!signal.aborted) this.add(frame); }, signal);
        if (signal.aborted) return;
        this.view.whole = true;
        this.draw();
        await Promise.all([this.compared.refresh(), this.beginScan()]);
      } catch (problem) {
        if (!signal.aborted) this.begin({ request: this.chosen.request, refused: problem.message });
      }
    }

    begin(course) {
      const refused = Boolean(course.refused);
      this.view = new CourseView({ course, chosen: this.chosen, words: this.words });
      part("bench").classList.toggle("refused", refused);
      if (refused) this.clock.pause();
      else this.clock.along(course.times_min[0], course.times_min.at(-1));
      part("rests").replaceChildren(...this.view.rests(Object.keys(this.words.kinds)));
      if (refused) this.say();
      else this.draw();
    }

    add(frame) {
      const { frames } = this.view;
      frames.push(frame);
      this.scene.measure(frames[0], frame);
      if (this.drawing) return;
      this.drawing = true;
      requestAnimationFrame(() => this.draw());
    }

    draw() {
      this.drawing = false;
      part("signs").textContent = this.view.signs();
      part("mood-notes").replaceChildren(...this.view.ofMood());
      part("no-scores").hidden = !this.view.twin;
      for (const [name, chart] of this.charts) {
        part(name).hidden = !this.view.has(name);
        chart.show(this.view.given(name, { axis: this.clock.axis, rows: this.catalogue.frames_min }));
        const unit = this.view.unit(name);
        if (unit) part(name).querySelector(".unit").textContent = unit;
      }
      this.follow(this.clock.now);
      this.say();
    }

    follow(now) {
      for (const [, chart] of this.charts) chart.at(now);
      this.compared.at(now);
      this.scene.connectivity(this.view.frames, now);
    }

    // While it plays, the sentence changes and a new scan begins from one time of connectivity to the next.
    run(seconds) {
      const passed = this.catalogue.frames_min.findLast((t) => t <= this.clock.now);
      if (passed !== this.passed) {
        this.passed = passed;
        this.say();
        if (this.source.anyTime && !this.scan.waiting) this.beginScan();
      }
      this.scan.advance(seconds);
    }

    async beginScan() {
      if (this.view.course.refused) return;
      await this.scan.begin(this.view.course.request, this.clock.now);
      if (!this.source.anyTime && !this.scan.length_s) this.scene.noScan(this.words.reasons.no_scan);
      if (!this.clock.playing) this.scan.showAll();
    }

    say() {
      const sentence = this.view.sentence(this.clock.now);
      if (part("state").textContent !== sentence) part("state").textContent = sentence;
    }
  }

  new Page(JSON.parse(part("simulator-data").textContent)).open();
})();
