"use strict";
// A scan that runs ten times as fast as life, from the server or from the file.
(() => {
  const { simulator } = globalThis.defaultmode;
  const PACE = 10; // seconds of the scan in one of ours
  const LENGTH_S = 240;

  class Scan {
    constructor({ source, show, failed }) {
      Object.assign(this, { source, show, failed, samples: [], at_s: 0, waiting: false, stopper: new AbortController() });
    }

    stop() {
      this.stopper.abort();
      Object.assign(this, { samples: [], at_s: 0, waiting: false });
    }

    get length_s() { return this.samples.at(-1)?.t_s ?? 0; }

    // The scan that was seen goes on until the first sample of the new one is there.
    async begin(request, at_min) {
      this.stopper.abort();
      this.stopper = new AbortController();
      this.waiting = true;
      const { signal } = this.stopper;
      const found = [];
      const keep = (sample) => {
        if (signal.aborted) return;
        if (!found.length) Object.assign(this, { samples: found, at_s: 0, waiting: false });
        found.push(sample);
      };
      try {
        await this.source.live(request, keep, signal, { at_min, duration_s: LENGTH_S });
      } catch (problem) {
        if (!signal.aborted) this.failed(problem);
      }
    }

    // A scan held in a file begins again when it ends; one that is being computed is waited for.
    advance(seconds) {
      if (!this.samples.length) return;
      this.at_s += seconds * PACE;
      if (this.at_s > this.length_s) this.at_s = this.source.anyTime ? this.length_s : 0;
      this.showAgain();
    }

    showAll() {
      this.at_s = this.length_s;
      this.showAgain();
    }

    showAgain() { if (this.samples.length) this.show(this.samples, this.at_s); }
  }

  Object.assign(simulator, { Scan });
})();
