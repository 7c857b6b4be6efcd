"use strict";
// The clock of the page: it plays, pauses, steps from scan to scan, and follows its slider.
(() => {
  const { made, still, simulator } = globalThis.defaultmode;
  const { since, timeAxis } = simulator;
  const DRAW_EVERY_MS = 80;
  const LONGEST_S = 1; // between two drawings; a page that was hidden does not leap
  const SLIDER = 1000;
  const END = 0.9999;
  const NEAR_MIN = 0.01;
  const GAP_PX = 8; // between two names of times
  const part = (id) => document.getElementById(id);

  // Hides names of times that would touch the next one; the last stays.
  const thin = (ruler) => {
    let free = Infinity;
    for (const tick of [...ruler.children].reverse()) {
      const { left, right } = tick.getBoundingClientRect();
      tick.classList.toggle("crowded", right > free - GAP_PX);
      if (right <= free - GAP_PX) free = left;
    }
  };

  class Clock {
    // stops : minutes at which connectivity is known; moved: to any time; ran: for so many seconds;
    // settled: it stands still; rested: and will stay where it is
    constructor({ stops, moved, ran, settled, rested }) {
      Object.assign(this, { stops, moved, ran, settled, rested, playing: false, slider: part("time"), now: stops[0] });
      this.along(stops[0], stops.at(-1));
      new ResizeObserver(() => thin(part("hours"))).observe(part("hours"));
      part("play").disabled = still();
      part("still").hidden = !still();
      part("play").addEventListener("click", () => (this.playing ? this.pause() : this.play()));
      part("back").addEventListener("click", () => this.step(-1));
      part("forward").addEventListener("click", () => this.step(1));
      this.slider.addEventListener("input", () => { this.pause(); this.goTo(this.axis.minutes(this.slider.value / SLIDER)); });
      this.slider.addEventListener("change", () => this.rested());
    }

    along(first, last) {
      this.axis = timeAxis(first, last);
      part("hours").replaceChildren(...this.axis.ticks.map(([at, name]) => {
        const tick = made("span", { textContent: name });
        tick.style.left = `${100 * this.axis.place(at)}%`;
        return tick;
      }));
      thin(part("hours"));
      this.place(this.now);
    }

    get atEnd() { return this.axis.place(this.now) >= END; }

    // Where the slider stands and what it says, without moving anything else.
    place(minutes) {
      this.now = Math.min(Math.max(minutes, this.axis.first), this.axis.last);
      this.slider.value = Math.round(SLIDER * this.axis.place(this.now));
      this.slider.setAttribute("aria-valuetext", `${since(this.now)} the treatment`);
    }

    set(minutes) {
      this.place(minutes);
      this.moved(this.now);
    }

    goTo(minutes) {
      this.set(minutes);
      this.settled(this.now);
    }

    step(direction) {
      const { stops, now } = this;
      const next = direction > 0 ? stops.find((t) => t > now + NEAR_MIN) : stops.findLast((t) => t < now - NEAR_MIN);
      this.pause();
      this.goTo(next ?? now);
      this.rested();
    }

    pause() {
      if (!this.playing) return;
      this.playing = false;
      part("play").textContent = "Play";
      this.settled(this.now);
    }

    play() {
      if (this.atEnd) this.goTo(this.axis.first);
      this.playing = true;
      part("play").textContent = "Pause";
      this.frame(performance.now());
    }

    frame(then) {
      requestAnimationFrame((at) => {
        if (!this.playing) return;
        if (at - then < DRAW_EVERY_MS) return this.frame(then);
        const seconds = Math.min(LONGEST_S, (at - then) / 1000);
        this.set(this.axis.minutes(Math.min(1, this.axis.place(this.now) + seconds / Number(part("speed").value))));
        this.ran(seconds);
        if (this.atEnd) this.pause();
        else this.frame(at);
      });
    }
  }

  Object.assign(simulator, { Clock });
})();
