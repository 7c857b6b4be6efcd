"use strict";
// Where courses come from: the server that sent the page, or the grid that the page holds.
(() => {
  const { unpacked, fisher, simulator } = globalThis.defaultmode;
  const SD_STEPS = 32; // of a stored activity, one standard deviation
  const CHOICES = ["brain", "treatment", "dose", "therapy_at_min"];
  const NOT_HERE = "This file does not hold that course; the page that defaultmode serve opens computes any.";

  const identity = (request) => JSON.stringify(CHOICES.map((name) => request[name] ?? null));

  const decoded = async ({ edges, without_global, ...frame }) => ({
    ...frame,
    within_default_without: without_global?.within_default ?? NaN,
    default_task_positive_without: without_global?.default_task_positive ?? NaN,
    edges: fisher(await unpacked(edges, Int8Array)),
  });

  const mean = (values, members) => members.reduce((sum, i) => sum + values[i], 0) / members.length;

  // Mean activity of default-mode regions, of task-positive ones, and of all; t_s since a scan began.
  const sampled = (regions) => {
    const everywhere = [...regions.keys()];
    const of = (role) => everywhere.filter((i) => regions[i].role === role);
    const [own, rival] = [of("default"), of("task-positive")];
    return (t_s, activity) => ({
      t_s,
      activity,
      default: mean(activity, own),
      task_positive: mean(activity, rival),
      global: mean(activity, everywhere),
    });
  };

  const fromFile = ({ courses, live, edges: shared }, regions) => {
    const keys = new Map(Object.entries(courses).map(([key, { request }]) => [identity(request), key]));
    const sample = sampled(regions);
    const held = (request) => courses[keys.get(identity(request))];
    const whole = (frame) => (typeof frame.edges === "number" ? { ...frame, edges: shared[frame.edges] } : frame);
    return {
      anyTime: false,
      holds: (request) => keys.has(identity(request)),
      course: async (request) => held(request) ?? { refused: NOT_HERE },
      async frames(request, each) {
        for (const frame of held(request)?.frames ?? []) each(await decoded(whole(frame)));
      },
      async live(request, each) {
        const scan = live?.[keys.get(identity(request))];
        if (!scan) return;
        const steps = await unpacked(scan.activity, Int8Array);
        for (let row = 0; row * regions.length < steps.length; row++) {
          const stored = steps.subarray(row * regions.length, (row + 1) * regions.length);
          const activity = Float32Array.from(stored, (s) => s / SD_STEPS);
          each({ ...sample(row * scan.tr_s, activity), at_min: scan.at_min });
        }
      },
    };
  };

  async function* lines(response) {
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (let rest = ""; ; ) {
      const { value, done } = await reader.read();
      const pieces = (rest + (value ?? "")).split("\n");
      rest = done ? "" : pieces.pop();
      for (const piece of pieces) if (piece.trim()) yield checked(JSON.parse(piece));
      if (done) return;
    }
  }

  const checked = (line) => {
    if (line.error) throw new Error(line.error.message);
    return line;
  };

  const problemOf = async (response) => {
    const text = await response.text();
    try {
      return JSON.parse(text).message;
    } catch {
      return `${response.status} ${text.slice(0, 200)}`;
    }
  };

  const fromServer = (token, regions) => {
    const sample = sampled(regions);
    const asked = async (path, request, signal) => {
      const response = await fetch(path, {
        method: "POST",
        headers: { "Content-Type": "application/json", "X-Token": token },
        body: JSON.stringify(request),
        signal,
      });
      if (!response.ok) throw new Error(await problemOf(response));
      return response;
    };
    return {
      anyTime: true,
      holds: () => true,
      course: async (request, signal) => (await asked("/api/course", request, signal)).json(),
      async frames(request, each, signal) {
        for await (const line of lines(await asked("/api/frames", request, signal))) {
          if (line.edges) each(await decoded(line));
        }
      },
      // stretch : {at_min, duration_s}
      async live(request, each, signal, stretch) {
        for await (const line of lines(await asked("/api/live", { ...request, ...stretch }, signal))) {
          if (line.activity) each({ ...sample(line.t_s, Float32Array.from(line.activity)), at_min: stretch.at_min });
        }
      },
    };
  };

  simulator.source = ({ grid, token, catalogue }) =>
    grid ? fromFile(grid, catalogue.regions) : fromServer(token, catalogue.regions);
})();
