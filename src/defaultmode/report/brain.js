"use strict";
// The brain that can be turned: regions, and the strongest connections between them.
(() => {
  const { ROLES, unpacked, pairAt, colourOf, made, shown, counted } = globalThis.defaultmode;
  const START = { azimuth: 145, elevation: 24, zoom: 1 };
  const ZOOM = [0.7, 5];
  const SIZES_PX = [15, 13, 16, 8]; // of the marks, by role
  const USUAL_EDGES = 300;
  const MOST_EDGES = 1000;
  const NEAR_PX = 14; // how near a pointer must come to a region
  const KEYS = "Arrow keys turn it, plus and minus zoom, N and P step through regions, Home resets the view.";

  const strongest = (edges, n, { kept, most }) => {
    const pairs = [];
    for (let i = 0; i < n; i++) {
      for (let j = i + 1; kept[i] && j < n; j++) {
        const z = edges[pairAt(n, i, j)];
        if (kept[j] && Number.isFinite(z)) pairs.push({ i, j, z });
      }
    }
    pairs.sort((a, b) => Math.abs(b.z) - Math.abs(a.z));
    return { drawn: pairs.slice(0, most).reverse(), among: pairs.length };
  };

  const points = (regions) => new Float32Array(regions.flatMap(({ x, y, z }) => [x, y, z]));

  const ribbonsOf = (drawn, regions, { colours, limit }) => {
    const strengths = drawn.map(({ z }) => Math.min(1, Math.abs(z) / limit));
    const ink = ({ z }, k) => [...(z < 0 ? colours.negative : colours.positive), 0.15 + 0.65 * strengths[k] ** 2];
    return {
      first: points(drawn.map(({ i }) => regions[i])),
      second: points(drawn.map(({ j }) => regions[j])),
      stroke: new Float32Array(drawn.flatMap(ink)),
      width: Float32Array.from(strengths, (share) => 0.4 + 3.6 * share ** 2),
      dashed: Float32Array.from(drawn, ({ z }) => Number(z < 0)),
    };
  };

  const marksOf = (regions, { kept, colours, activity, chosen }) => {
    const here = [...regions.keys()].filter((i) => kept[i]);
    const role = (i) => ROLES.indexOf(regions[i].role);
    const size = (i) => SIZES_PX[role(i)] * (1 + 0.7 * (activity?.[i] || 0)) * (i === chosen ? 1.5 : 1);
    return {
      place: points(here.map((i) => regions[i])),
      fill: new Float32Array(here.flatMap((i) => colours.roles[role(i)])),
      shape: Float32Array.from(here, (i) => role(i) % 3),
      size: Float32Array.from(here, size),
      chosen: Float32Array.from(here, (i) => Number(i === chosen)),
    };
  };

  const meshOf = async ({ vertices, faces }) => {
    const quarters_mm = await unpacked(vertices, Int16Array);
    const left = await unpacked(faces, Uint16Array);
    const right = left.map((vertex) => vertex + quarters_mm.length / 6);
    return { vertices: Float32Array.from(quarters_mm, (q) => q / 4), faces: Uint16Array.of(...left, ...right) };
  };

  const coloursOf = (element) => {
    const style = getComputedStyle(element);
    const named = (name) => colourOf(style, `--${name}`);
    return {
      roles: ROLES.map(named),
      positive: named("edge-positive"),
      negative: named("edge-negative"),
      tint: [...named("glass"), Number(style.getPropertyValue("--glass-alpha"))],
      rim: named("rim"),
    };
  };

  class Brain {
    constructor(element, regions, mesh) {
      Object.assign(this, { element, regions, mesh, view: { ...START } });
      Object.assign(this, { edges: new Float32Array(0), limit: null, activity: null });
      Object.assign(this, { names: null, most: USUAL_EDGES, chosen: null, waiting: false });
      this.placed = regions.map(({ x }) => x !== null);
      this.build();
    }

    build() {
      const label = `Brain in three dimensions. ${KEYS}`;
      this.canvas = made("canvas", { tabIndex: 0, attributes: { role: "application", "aria-label": label } });
      this.tip = made("span", { className: "tip", hidden: true });
      this.said = made("p", { className: "said", attributes: { "aria-live": "polite" } });
      this.counts = made("p", { className: "said", attributes: { "aria-live": "polite" } });
      const reset = made("button", { type: "button", textContent: "Reset view" });
      reset.addEventListener("click", () => this.reset());
      const changed = (most) => this.set({ most });
      const slider = globalThis.defaultmode.edgeSlider(MOST_EDGES, { value: USUAL_EDGES, changed });
      this.networks = globalThis.defaultmode.networks(this.regions, (names) => this.set({ names }));
      const keys = made("p", { className: "keys", textContent: `Drag to turn it. ${KEYS} The wheel zooms after a click, or with Ctrl.` });
      this.live = made(
        "div",
        { className: "live", hidden: true },
        made("div", { className: "stage" }, this.canvas, this.tip),
        globalThis.defaultmode.legend(this.regions),
        made("div", { className: "controls" }, slider, reset),
        this.networks.element,
        this.counts,
        this.said,
        keys,
      );
      this.still = made("div", { className: "still" }, ...this.element.childNodes);
      this.element.append(this.still, this.live);
    }

    // Whether WebGL2 draws here; where it does not, the picture that stood here stays.
    start() {
      const gl = this.canvas.getContext("webgl2", { antialias: false });
      if (!gl) return false;
      const show = (drawing) => {
        this.live.hidden = !drawing;
        this.still.hidden = drawing;
      };
      const begin = () => {
        this.scene = globalThis.defaultmode.scene(gl, this.mesh);
        show(true);
        this.set({});
      };
      this.canvas.addEventListener("webglcontextlost", (event) => {
        event.preventDefault();
        this.scene = null;
        show(false);
      });
      this.canvas.addEventListener("webglcontextrestored", begin);
      begin();
      this.follow();
      return true;
    }

    follow() {
      const turn = (azimuth, elevation) => this.turn(this.view.azimuth + azimuth, this.view.elevation + elevation);
      const zoom = (times) => {
        this.view.zoom = Math.min(ZOOM[1], Math.max(ZOOM[0], this.view.zoom * times));
        this.soon();
      };
      const acts = { turn, zoom, hover: (at) => this.hover(at), step: (by) => this.step(by) };
      globalThis.defaultmode.followPointers(this.canvas, acts);
      globalThis.defaultmode.followKeys(this.canvas, { ...acts, choose: (i) => this.choose(i), reset: () => this.reset() });
      new ResizeObserver(() => this.soon()).observe(this.canvas);
      matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.set({}));
    }

    // Change what is shown, and draw it.
    set(changes) {
      Object.assign(this, changes);
      if (!this.scene) return;
      const { regions, names } = this;
      this.colours = coloursOf(this.element);
      this.kept = regions.map((region, i) => this.placed[i] && (!names || names.includes(region.network)));
      const { drawn, among } = strongest(this.edges, regions.length, this);
      const limit = this.limit ?? Math.abs(drawn.at(-1)?.z ?? 1);
      this.scene.setEdges(ribbonsOf(drawn, regions, { colours: this.colours, limit }));
      this.scene.setRegions(marksOf(regions, this));
      this.tell(drawn, among);
      this.soon();
    }

    tell(drawn, among) {
      const there = this.kept.filter(Boolean).length;
      const without = this.placed.filter((known) => !known).length;
      const away = without ? `; ${without} more without a known centre` : "";
      const negative = drawn.filter(({ z }) => z < 0).length;
      const range = drawn.length ? `, |z| from ${shown(Math.abs(drawn[0].z))} to ${shown(Math.abs(drawn.at(-1).z))}, ${negative || "none"} of them negative` : "";
      this.counts.textContent = `${counted(there, "region")}${away}. ${counted(drawn.length, "connection")} of ${among.toLocaleString("en")}${range}.`;
    }

    // Drawn once before the next picture, however much has changed.
    soon() {
      if (this.waiting || !this.scene) return;
      this.waiting = true;
      requestAnimationFrame(() => {
        this.waiting = false;
        if (this.scene) this.draw();
      });
    }

    draw() {
      const density = devicePixelRatio || 1;
      const [width, height] = [this.canvas.clientWidth, this.canvas.clientHeight].map((px) => Math.round(px * density));
      if (!width || !height) return;
      if (this.canvas.width !== width || this.canvas.height !== height) Object.assign(this.canvas, { width, height });
      this.camera = globalThis.defaultmode.cameraOf(this.canvas, { ...this.view, density });
      this.scene.draw(this.camera, this.colours);
    }

    turn(azimuth, elevation) {
      this.view.azimuth = azimuth;
      this.view.elevation = Math.max(-90, Math.min(90, elevation));
      this.soon();
    }

    reset() {
      this.view = { ...START };
      this.networks.show(null);
      this.choose(null);
      this.set({ names: null });
    }

    // Where a region is seen, in CSS pixels, and how near it is to the eye.
    seen(i) {
      const { x, y, z } = this.regions[i];
      const [across, down, near] = globalThis.defaultmode.seenAt(this.camera, [x, y, z]);
      return { x: across / this.camera.density, y: down / this.camera.density, near };
    }

    hover(at) {
      let best = null;
      for (let i = 0; at && this.camera && i < this.regions.length; i++) {
        if (!this.kept[i]) continue;
        const there = this.seen(i);
        const far = Math.hypot(there.x - at.x, there.y - at.y);
        if (far < NEAR_PX && (!best || there.near > best.near)) best = { ...there, i };
      }
      this.tip.hidden = !best;
      if (!best) return;
      this.tip.textContent = this.words(best.i);
      this.tip.style.left = `${best.x}px`;
      this.tip.style.top = `${best.y}px`;
      this.tip.classList.toggle("leftwards", best.x > this.canvas.clientWidth / 2);
    }

    step(by) {
      const here = [...this.regions.keys()].filter((i) => this.kept[i]);
      if (!here.length) return;
      const at = here.indexOf(this.chosen);
      this.choose(here[at < 0 ? (by > 0 ? 0 : here.length - 1) : (at + by + here.length) % here.length]);
    }

    choose(i) {
      this.chosen = i;
      this.said.textContent = i === null ? "" : this.words(i);
      this.scene?.setRegions(marksOf(this.regions, this));
      this.soon();
    }

    words(i) {
      const { name, network } = this.regions[i];
      const n = this.regions.length;
      const known = [...this.regions.keys()].filter((j) => j !== i).map((j) => this.edges[pairAt(n, i, j)]).filter(Number.isFinite);
      const mean = known.reduce((sum, z) => sum + z, 0) / known.length;
      return `${name} · ${network} · mean z ${shown(mean)}`;
    }
  }

  // element : a <div class="brain"> that holds a picture, which stays where WebGL2 is not to be had.
  const brain = async (element, payload) => {
    const own = new Brain(element, payload.regions, await meshOf(payload.mesh));
    own.start();
    return {
      show: (edges, { activity = null, limit = null } = {}) => own.set({ edges, activity, limit }),
      only: (names) => {
        own.networks.show(names);
        own.set({ names });
      },
      turn: (azimuth, elevation) => own.turn(azimuth, elevation),
    };
  };

  globalThis.defaultmode.brain = brain;
})();
