"use strict";
// Brain, matrix and running traces: what is seen at one moment.
(() => {
  const { defaultmode } = globalThis;
  const { simulator } = defaultmode;
  const { Chart, evenAxis, since } = simulator;
  const WINDOW_S = 90;
  const ROWS_S = 10;
  const FAR_SD = 2.5; // an activity that glows fully
  const SMALLEST = 0.05; // of the colours for a change, in Fisher z
  const TRACES = [["Default mode", "default", "default"], ["Task-positive", "task_positive", "task-positive"]];
  const AVERAGE = ["All regions", "global", "global"];

  // A sample with the average of all regions taken out of everything.
  const without = (sample) => ({
    ...sample,
    activity: sample.activity.map((sd) => sd - sample.global),
    default: sample.default - sample.global,
    task_positive: sample.task_positive - sample.global,
  });

  // Connectivity at a time, straight between the scans around it.
  const edgesAt = (frames, at_min) => {
    const next = frames.findIndex((frame) => frame.at_min >= at_min);
    if (next < 0) return frames.at(-1).edges;
    if (next === 0) return frames[0].edges;
    const [before, after] = [frames[next - 1], frames[next]];
    const share = (at_min - before.at_min) / (after.at_min - before.at_min);
    return before.edges.map((edge, i) => edge + share * (after.edges[i] - edge));
  };

  const minus = (edges, others) => edges.map((edge, i) => edge - others[i]);
  const quantile = (edges, share) => {
    const sizes = edges.filter(Number.isFinite).map(Math.abs).sort();
    return sizes[Math.floor(share * (sizes.length - 1))] ?? 1;
  };

  class Scene {
    static async open({ catalogue, reasons }) {
      const part = (id) => document.getElementById(id);
      const brain = await defaultmode.brain(part("brain"), { mesh: catalogue.mesh, regions: catalogue.regions });
      const matrix = defaultmode.matrix(part("matrix"), catalogue.regions);
      const traces = new Chart(part("running"));
      const [change, apart, begun] = ["change", "apart", "scan-begun"].map(part);
      return Object.assign(new Scene(), { brain, matrix, traces, change, apart, begun, reasons, edges: null, activity: null });
    }

    // Until a scan begins: why nothing runs.
    noScan(absent) {
      this.traces.show({ lines: [], absent });
      this.begun.textContent = "";
      this.activity = null;
    }

    // The colours mean the same at all times of a course; frames come in one by one.
    measure(first, latest) {
      this.usual = quantile(first.edges, 0.98);
      const changed = quantile(minus(latest.edges, first.edges), 0.98);
      this.changed = Math.max(SMALLEST, changed, first === latest ? 0 : this.changed);
    }

    connectivity(frames, at_min) {
      if (!frames.length) return;
      this.edges = edgesAt(frames, at_min);
      if (this.change.checked) this.matrix.show(minus(this.edges, frames[0].edges), { limit: this.changed });
      else this.matrix.show(this.edges, { limit: this.usual });
      this.glow();
    }

    glow() {
      this.brain.show(this.edges, { activity: this.activity, limit: this.usual });
    }

    // samples : of one scan; now_s : how far it has run
    scan(samples, now_s) {
      const inView = samples.filter(({ t_s }) => t_s <= now_s && t_s > now_s - WINDOW_S);
      const seen = this.apart.checked ? inView.map(without) : inView;
      const traces = this.apart.checked ? TRACES : [...TRACES, AVERAGE];
      if (!seen.length) return this.noScan(this.reasons.scan_to_come);
      const from = Math.max(0, now_s - WINDOW_S);
      const times = seen.map(({ t_s }) => t_s);
      this.traces.show({
        lines: traces.map(([name, key, look]) => ({ name, look, times, values: seen.map((sample) => sample[key]) })),
        axis: evenAxis(from, from + WINDOW_S, { every: 15, unit: "s" }),
        rows: times.filter((t) => t % ROWS_S === 0),
        said: (t) => `${t} s`,
        zero: [-2, 2],
        digits: 1,
      });
      this.traces.at(times.at(-1));
      this.begun.textContent = `This scan begins ${since(seen[0].at_min).toLowerCase()} the treatment.`;
      this.activity = seen.at(-1).activity.map((sd) => Math.max(-1, Math.min(1, sd / FAR_SD)));
      if (this.edges) this.glow();
    }
  }

  Object.assign(simulator, { Scene });
})();
