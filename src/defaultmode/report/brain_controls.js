"use strict";
// How the brain is turned, by pointer and keys, and what stands around it: legend, networks, slider.
(() => {
  const { ROLES, made, counted } = globalThis.defaultmode;
  const TURN = 8; // degrees for each press of an arrow key
  const CLOSER = 1.15; // times for each press of + or −

  // A drag turns, two fingers zoom; the wheel zooms once the brain has the focus, or with Ctrl.
  const followPointers = (canvas, { turn, zoom, hover }) => {
    const down = new Map();
    const spread = ([a, b]) => Math.hypot(a.x - b.x, a.y - b.y);
    const lift = ({ pointerId }) => down.delete(pointerId);
    canvas.addEventListener("pointerdown", (event) => {
      down.set(event.pointerId, { x: event.offsetX, y: event.offsetY });
      canvas.setPointerCapture(event.pointerId);
    });
    canvas.addEventListener("pointermove", (event) => {
      const [last, now] = [down.get(event.pointerId), { x: event.offsetX, y: event.offsetY }];
      if (!last) return hover(now);
      const before = [...down.values()];
      down.set(event.pointerId, now);
      if (before.length === 1) turn((last.x - now.x) / 2, (now.y - last.y) / 2);
      else zoom(spread([...down.values()]) / spread(before));
    });
    canvas.addEventListener("pointerup", lift);
    canvas.addEventListener("pointercancel", lift);
    canvas.addEventListener("pointerleave", () => hover(null));
    const wheeled = (event) => {
      if (document.activeElement !== canvas && !event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      zoom(Math.exp(-event.deltaY / 700));
    };
    canvas.addEventListener("wheel", wheeled, { passive: false });
  };

  const followKeys = (canvas, { turn, zoom, step, choose, reset }) => {
    const acts = {
      ArrowLeft: () => turn(TURN, 0),
      ArrowRight: () => turn(-TURN, 0),
      ArrowUp: () => turn(0, TURN),
      ArrowDown: () => turn(0, -TURN),
      "+": () => zoom(CLOSER),
      "=": () => zoom(CLOSER),
      "-": () => zoom(1 / CLOSER),
      n: () => step(1),
      p: () => step(-1),
      Escape: () => choose(null),
      Home: reset,
    };
    canvas.addEventListener("keydown", (event) => {
      const act = acts[event.key] ?? acts[event.key.toLowerCase()];
      if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      act();
    });
  };

  const mark = (role) => made("span", { className: `mark ${role}`, attributes: { "aria-hidden": "true" } });

  const legend = (regions) => {
    const list = made("ul", { className: "legend" });
    for (const role of ROLES) {
      const n = regions.filter((region) => region.role === role).length;
      if (n) list.append(made("li", {}, mark(role), `${role === "default" ? "default mode" : role} (${n})`));
    }
    for (const sign of ["positive", "negative"]) {
      list.append(made("li", {}, made("span", { className: `stroke ${sign}` }), `${sign} z`));
    }
    return list;
  };

  // A checkbox for each network; `chosen` is told their names, or null where all are on.
  const networks = (regions, chosen) => {
    const found = new Map(regions.map((region) => [region.network, region.role]));
    const sorted = [...found].sort((a, b) => ROLES.indexOf(a[1]) - ROLES.indexOf(b[1]) || a[0].localeCompare(b[0], "en"));
    const boxes = sorted.map(([name]) => made("input", { type: "checkbox", checked: true, value: name }));
    const all = made("button", { type: "button", textContent: "All" });
    const tell = () => {
      const on = boxes.filter((box) => box.checked).map((box) => box.value);
      chosen(on.length === boxes.length ? null : on);
    };
    const show = (names) => {
      for (const box of boxes) box.checked = !names || names.includes(box.value);
    };
    all.addEventListener("click", () => {
      show(null);
      tell();
    });
    const rows = sorted.map(([name, role], i) => made("label", {}, boxes[i], mark(role), name));
    const group = made("fieldset", {}, made("legend", { textContent: "Networks shown" }), ...rows, all);
    group.addEventListener("change", tell);
    const summary = made("summary", { textContent: `Choose among ${counted(sorted.length, "network")}` });
    return { element: made("details", { className: "networks" }, summary, group), show };
  };

  const edgeSlider = (most, { value, changed }) => {
    const input = made("input", { type: "range", min: 0, max: most, step: 10, value });
    const output = made("output", { textContent: value });
    input.addEventListener("input", () => {
      output.textContent = input.value;
      changed(Number(input.value));
    });
    return made("label", { className: "edges" }, "Strongest connections", input, output);
  };

  Object.assign(globalThis.defaultmode, { followPointers, followKeys, legend, networks, edgeSlider });
})();
