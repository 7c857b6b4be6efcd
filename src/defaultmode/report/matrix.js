"use strict";
// A matrix of connections by network, which morphs into the next one and names what is under it.
(() => {
  const { ROLES, pairAt, diverging, made, shown, still } = globalThis.defaultmode;
  const MORPH_MS = 300;
  const STRIP_PX = 7; // the roles, along two sides
  const NAMES_PX = 150; // the names of networks, where there is room for them
  const ROOMY_PX = 430;
  const LINE_PX = 13;
  const MOVES = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
  const KEYS = "Arrow keys step through its cells.";

  // Column numbers by role, then network.
  const ordered = (regions) => {
    const key = (i) => [ROLES.indexOf(regions[i].role), regions[i].network];
    const compare = (a, b) => key(a)[0] - key(b)[0] || key(a)[1].localeCompare(key(b)[1], "en") || a - b;
    return [...regions.keys()].sort(compare);
  };

  // Runs of one network: its name, role, first row and the row after its last.
  const blocks = (regions, order) => {
    const found = [];
    order.forEach((i, row) => {
      const { network, role } = regions[i];
      if (found.at(-1)?.network !== network) found.push({ network, role, first: row });
      found.at(-1).end = row + 1;
    });
    return found;
  };

  // Where in the edges the pairs lie that join a region of one role to a region of another.
  const joining = (regions, first, second) => {
    const having = (role) => [...regions.keys()].filter((i) => regions[i].role === role);
    const pairs = having(first).flatMap((i) => having(second).map((j) => [i, j]));
    const once = first === second ? pairs.filter(([i, j]) => i < j) : pairs;
    return once.map(([i, j]) => pairAt(regions.length, i, j));
  };

  const usualLimit = (edges) => {
    const known = edges.filter(Number.isFinite).map(Math.abs).sort();
    return known.length ? Math.max(0.1, known[Math.floor(0.98 * (known.length - 1))]) : 1;
  };

  class Matrix {
    constructor(canvas, regions) {
      Object.assign(this, { canvas, regions, n: regions.length, cell: null, limit: 1, run: 0 });
      this.order = ordered(regions);
      this.blocks = blocks(regions, this.order);
      this.within = joining(regions, "default", "default");
      this.between = joining(regions, "default", "task-positive");
      this.edges = new Float32Array((this.n * (this.n - 1)) / 2).fill(NaN);
      this.image = made("canvas", { width: this.n, height: this.n });
      this.tip = made("span", { className: "tip", hidden: true });
      this.said = made("p", { className: "said", attributes: { "aria-live": "polite" } });
      this.ends = [0, 1, 2].map(() => made("span"));
      const bar = made("p", { className: "colourbar" }, made("span", { className: "scale" }), ...this.ends);
      Object.assign(canvas, { tabIndex: 0 }).setAttribute("role", "img");
      const box = made("div", { className: "stage" });
      canvas.replaceWith(box);
      box.append(canvas, this.tip);
      box.after(bar, this.said);
      this.follow();
    }

    follow() {
      const { canvas } = this;
      canvas.addEventListener("pointermove", (event) => this.hover(this.cellAt(event.offsetX, event.offsetY)));
      canvas.addEventListener("pointerleave", () => this.hover(null));
      canvas.addEventListener("blur", () => this.choose(null));
      canvas.addEventListener("keydown", (event) => {
        const move = MOVES[event.key];
        if (!move) return;
        event.preventDefault();
        const inside = (at) => Math.max(0, Math.min(this.n - 1, at));
        this.choose(this.cell ? this.cell.map((at, k) => inside(at + move[k])) : [0, 0]);
      });
      new ResizeObserver(() => this.draw()).observe(canvas);
      matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
    }

    show(edges, { limit = usualLimit(edges) } = {}) {
      const [from, start, run] = [this.edges, performance.now(), ++this.run];
      this.limit = limit;
      [-limit, 0, limit].forEach((end, k) => (this.ends[k].textContent = k === 1 ? "0 mean z" : shown(end)));
      const words = `Connectivity of ${this.n} regions by network. ${this.summary(edges)} ${KEYS}`;
      this.canvas.setAttribute("aria-label", words);
      const step = (now) => {
        if (run !== this.run) return;
        const share = still() ? 1 : Math.max(0, Math.min(1, (now - start) / MORPH_MS));
        const part = share * share * (3 - 2 * share);
        const between = (to, k) => (Number.isFinite(from[k]) ? from[k] + (to - from[k]) * part : to);
        this.edges = share < 1 ? edges.map(between) : edges;
        this.paint();
        if (share < 1) requestAnimationFrame(step);
        else if (this.cell) this.choose(this.cell);
      };
      step(start);
    }

    summary(edges) {
      const mean = (places) => {
        const known = places.map((at) => edges[at]).filter(Number.isFinite);
        return shown(known.reduce((sum, z) => sum + z, 0) / known.length, 3);
      };
      return `Mean Fisher z within the default mode ${mean(this.within)}, to task-positive regions ${mean(this.between)}.`;
    }

    // The colours of all cells, one pixel each.
    paint() {
      const context = this.image.getContext("2d");
      const picture = context.createImageData(this.n, this.n);
      for (let row = 0; row < this.n; row++) {
        for (let column = 0; column < this.n; column++) {
          const z = this.at(row, column);
          const colour = Number.isFinite(z) ? [...diverging(z / this.limit), 255] : [0, 0, 0, 0];
          picture.data.set(colour, 4 * (row * this.n + column));
        }
      }
      context.putImageData(picture, 0, 0);
      this.draw();
    }

    at(row, column) {
      return row === column ? NaN : this.edges[pairAt(this.n, this.order[row], this.order[column])];
    }

    // Where the cells begin, and how large they are, in CSS pixels.
    get frame() {
      const width = this.canvas.clientWidth;
      const left = STRIP_PX + 3 + (width >= ROOMY_PX ? NAMES_PX : 0);
      const size = width - left - 1;
      return { left, top: STRIP_PX + 3, size, each: size / this.n };
    }

    draw() {
      const density = devicePixelRatio || 1;
      const { left, top, size, each } = this.frame;
      if (size <= 0) return;
      const height = top + size + 1;
      Object.assign(this.canvas, { width: Math.round(this.canvas.clientWidth * density), height: Math.round(height * density) });
      const [context, style] = [this.canvas.getContext("2d"), getComputedStyle(this.canvas)];
      context.scale(density, density);
      context.imageSmoothingEnabled = each * density < 1;
      context.drawImage(this.image, left, top, size, size);
      context.strokeStyle = style.getPropertyValue("--matrix-line");
      context.lineWidth = 0.75;
      for (const { first } of this.blocks.slice(1)) {
        context.strokeRect(left, top, size, first * each);
        context.strokeRect(left, top, first * each, size);
      }
      for (const { role, first, end } of this.blocks) {
        context.fillStyle = style.getPropertyValue(`--${role}`);
        context.fillRect(left + first * each, 0, (end - first) * each - 1, STRIP_PX);
        context.fillRect(left - STRIP_PX - 3, top + first * each, STRIP_PX, (end - first) * each - 1);
      }
      this.outline(context, { left, top, each });
      if (left > NAMES_PX) this.write(context, { left, top, each });
    }

    // A thick line around the default mode, and around the cell that was chosen.
    outline(context, { left, top, each }) {
      const own = each * this.regions.filter(({ role }) => role === "default").length;
      context.lineWidth = 2;
      context.strokeRect(left + 1, top + 1, own - 1, own - 1);
      if (!this.cell) return;
      const [row, column] = this.cell;
      context.strokeRect(left + column * each - 2, top + row * each - 2, each + 4, each + 4);
    }

    write(context, { left, top, each }) {
      context.fillStyle = getComputedStyle(this.canvas).color;
      context.font = "12px system-ui, sans-serif";
      context.textAlign = "right";
      context.textBaseline = "middle";
      let free = 0;
      for (const { network, first, end } of this.blocks) {
        const middle = top + ((first + end) / 2) * each;
        if (middle - LINE_PX / 2 < free) continue;
        context.fillText(network, left - STRIP_PX - 8, middle, NAMES_PX - 10);
        free = middle + LINE_PX / 2;
      }
    }

    cellAt(x, y) {
      const { left, top, each } = this.frame;
      const cell = [Math.floor((y - top) / each), Math.floor((x - left) / each)];
      return cell.every((at) => at >= 0 && at < this.n) ? cell : null;
    }

    words([row, column]) {
      const [first, second] = [row, column].map((at) => this.regions[this.order[at]]);
      if (row === column) return `${first.name} · ${first.network}: itself`;
      return `${first.name} – ${second.name}: z ${shown(this.at(row, column))}`;
    }

    hover(cell) {
      this.tip.hidden = !cell;
      if (!cell) return;
      const { left, top, each } = this.frame;
      const [y, x] = cell.map((at) => (at + 0.5) * each);
      this.tip.textContent = this.words(cell);
      this.tip.style.left = `${left + x}px`;
      this.tip.style.top = `${top + y}px`;
      this.tip.classList.toggle("leftwards", left + x > this.canvas.clientWidth / 2);
    }

    choose(cell) {
      this.cell = cell;
      this.said.textContent = cell ? this.words(cell) : "";
      this.draw();
    }
  }

  // regions : in the order of the edges, the upper triangle row by row
  globalThis.defaultmode.matrix = (canvas, regions) => {
    const own = new Matrix(canvas, regions);
    return { show: (edges, options) => own.show(edges, options) };
  };
})();
