"use strict";
// The session slider of a report: one mean matrix at a time, as a brain, as a matrix, in numbers.
(() => {
  const block = document.getElementById("views-data");
  const place = document.getElementById("views-controls");
  if (!block || !place) return;
  const { brain, matrix, unpacked, fisher, pairAt, made, shown } = globalThis.defaultmode;
  const { mesh, regions, limits, strongest, means } = JSON.parse(block.textContent);
  const FACTORS = ["atlas", "preset", "group"];
  const WORDS = { atlas: "Atlas", preset: "Denoising preset", group: "Group" };
  const BOTH = ["default", "task-positive"];
  const boxes = [...document.querySelectorAll(".atlas")];
  const distinct = (name, among = means) => [...new Set(among.map((mean) => mean[name]))];

  const chosen = Object.fromEntries(FACTORS.map((name) => [name, means[0][name]]));
  const slider = made("input", { type: "range", min: 0, step: 1, value: 0, attributes: { "aria-label": "Session" } });
  const session = made("output");
  const words = made("p", { className: "said", attributes: { "aria-live": "polite" } });
  const save = made("button", { type: "button", textContent: "This matrix as TSV" });
  const selects = FACTORS.filter((name) => distinct(name).length > 1).map(select);
  const along = made("label", { className: "session" }, "Session", slider, session);
  const views = {}; // atlas → the promise of what shows it
  let run = 0;

  function select(name) {
    const options = distinct(name).map((value) => made("option", { value, textContent: value }));
    const element = made("select", {}, ...options);
    element.addEventListener("change", () => {
      chosen[name] = element.value;
      show();
    });
    return made("label", {}, WORDS[name], element);
  }

  // The means of the chosen atlas, preset and group, by session.
  const series = () => means.filter((mean) => FACTORS.every((name) => mean[name] === chosen[name]));

  const edgesOf = async (mean) => (mean.z ??= fisher(await unpacked(mean.edges, Int8Array)));

  // The edges among some regions, in their order.
  const among = (edges, kept, n) => Float32Array.from(kept.flatMap((i, at) => kept.slice(at + 1).map((j) => edges[pairAt(n, i, j)])));

  const viewOf = async (atlas) => {
    const own = regions[atlas];
    const kept = [...own.keys()].filter((i) => BOTH.includes(own[i].role));
    const box = boxes.find((one) => one.dataset.atlas === atlas);
    const canvases = [0, 1, 2].map(() => made("canvas", { attributes: { "aria-label": "Mean connectivity, being drawn" } }));
    const titles = ["Mean connectivity by network", "", ""].map((textContent) => made("p", { className: "title", textContent }));
    const figures = canvases.map((canvas, k) => made("div", { className: "morph" }, titles[k], canvas));
    const heading = made("p", { className: "title", textContent: "Default mode and task-positive regions" });
    const pair = made("div", { className: "pair morph" }, heading, figures[1], figures[2]);
    const side = made("div", { className: "side" }, figures[0], pair);
    const held = box.querySelector(".brain");
    const both = made("div", { className: "together" });
    box.prepend(both);
    both.append(...(held ? [held, side] : [side]));
    box.querySelector("details").open = false;
    const small = kept.map((i) => own[i]);
    return {
      kept,
      titles,
      pair,
      n: own.length,
      turned: held && (await brain(held, { mesh, regions: own })),
      whole: matrix(canvases[0], own),
      before: matrix(canvases[1], small),
      now: matrix(canvases[2], small),
    };
  };

  const change = (now, before) => {
    if (now === null || before === null || now === before) return "";
    return ` (${shown(now - before, 3).replace(/^(?=\d)/, "+")} from the first session)`;
  };

  const numbers = (mean, first) => {
    const who = [mean.group, mean.session].filter(Boolean).join(", ");
    const said = [["within the default mode", "within"], ["from it to task-positive regions", "between"]].map(
      ([where, name]) => `${where} ${shown(mean[name] ?? NaN, 3)}${change(mean[name], first[name])}`,
    );
    return `${who || "All recordings"}, ${mean.people} ${mean.people === 1 ? "person" : "people"}. Mean Fisher z ${said.join("; ")}.`;
  };

  async function show() {
    const [line, own] = [series(), ++run];
    slider.max = line.length - 1;
    along.hidden = line.length < 2;
    along.hidden = line.length < 2;
    const [mean, first] = [line[slider.value], line[0]];
    session.textContent = mean.session;
    slider.setAttribute("aria-valuetext", mean.session || "the only session");
    words.textContent = numbers(mean, first);
    for (const box of boxes) box.hidden = box.dataset.atlas !== mean.atlas;
    const view = await (views[mean.atlas] ??= viewOf(mean.atlas));
    const [edges, start] = [await edgesOf(mean), await edgesOf(first)];
    if (own !== run) return;
    const limit = limits[mean.atlas];
    view.turned?.show(edges, { limit: strongest[mean.atlas] });
    view.whole.show(edges, { limit });
    view.before.show(among(start, view.kept, view.n), { limit });
    view.now.show(among(edges, view.kept, view.n), { limit });
    view.pair.hidden = line.length < 2;
    view.titles[1].textContent = `First: ${first.session}`;
    view.titles[2].textContent = `Shown: ${mean.session}`;
    save.onclick = () => download(mean, edges);
  }

  // Tabs and line ends inside a name would break the table.
  const plain = (name) => name.replace(/\s+/g, " ");

  function download(mean, edges) {
    const names = regions[mean.atlas].map(({ name }) => plain(name));
    const cell = (i, j) => (i === j || Number.isNaN(edges[pairAt(names.length, i, j)]) ? "n/a" : edges[pairAt(names.length, i, j)].toFixed(3));
    const rows = names.map((name, i) => [name, ...names.map((_, j) => cell(i, j))]);
    const text = [["mean Fisher z", ...names], ...rows].map((row) => `${row.join("\t")}\n`).join("");
    const link = made("a", { href: URL.createObjectURL(new Blob([text], { type: "text/tab-separated-values" })) });
    link.download = `${[mean.atlas, mean.preset, mean.group, mean.session].filter(Boolean).join("_").replace(/[^\w+-]+/g, "-")}.tsv`;
    link.click();
    URL.revokeObjectURL(link.href);
  }

  place.append(made("div", { className: "controls" }, ...selects, along, save), words);
  place.hidden = false;
  slider.addEventListener("input", show);
  show();
})();
