"use strict";
// Shows only some sessions, presets or networks, on the whole page; the choice is kept in the hash.
(() => {
  const KINDS = { session: "Sessions", preset: "Denoising presets", network: "Networks" };
  const side = document.querySelector(".side");
  const marked = [...document.querySelectorAll("[data-session],[data-preset],[data-network]")];
  if (side === null) return;
  const names = (element, kind) => element.dataset[kind]?.split("|") ?? [];
  const levels = (kind) => [...new Set(marked.flatMap((element) => names(element, kind)))];
  const boxes = { session: [], preset: [], network: [] };

  const anchor = () => decodeURIComponent(location.hash.slice(1).split("?")[0]);
  const asked = () => new URLSearchParams(location.hash.split("?")[1] ?? "");
  const left = (kind) => boxes[kind].filter((box) => box.checked).map((box) => box.value);
  const whole = (kind) => boxes[kind].every((box) => box.checked);

  const remember = () => {
    const chosen = new URLSearchParams();
    for (const kind of Object.keys(KINDS)) {
      if (!whole(kind)) for (const name of left(kind)) chosen.append(kind, name);
    }
    const text = chosen.toString();
    const hash = text ? `#${encodeURIComponent(anchor())}?${text}` : `#${anchor()}`;
    history.replaceState(null, "", hash === "#" ? location.href.split("#")[0] : hash);
  };

  const say = document.createElement("output");
  const show = () => {
    const kept = Object.fromEntries(Object.keys(KINDS).map((kind) => [kind, new Set(left(kind))]));
    const seen = (element, kind) => {
      const own = names(element, kind);
      return !boxes[kind].length || !own.length || own.some((name) => kept[kind].has(name));
    };
    const hidden = { figures: 0, rows: 0 };
    for (const element of marked) {
      const away = !Object.keys(KINDS).every((kind) => seen(element, kind));
      element.classList.toggle("filtered", away);
      if (away) hidden[element.matches("tr") ? "rows" : "figures"] += 1;
    }
    const some = hidden.figures + hidden.rows > 0;
    say.textContent = some ? `${hidden.figures} figures and ${hidden.rows} rows are hidden.` : "";
  };

  const field = (kind) => {
    const found = levels(kind);
    if (found.length < 2) return [];
    const set = document.createElement("fieldset");
    const legend = document.createElement("legend");
    legend.textContent = KINDS[kind];
    set.append(legend);
    for (const name of found) {
      const label = document.createElement("label");
      const box = document.createElement("input");
      box.type = "checkbox";
      box.value = name;
      label.append(box, ` ${name}`);
      set.append(label);
      boxes[kind].push(box);
    }
    return [set];
  };

  const restore = () => {
    for (const kind of Object.keys(KINDS)) {
      const chosen = asked().getAll(kind);
      const known = chosen.some((name) => boxes[kind].some((box) => box.value === name));
      for (const box of boxes[kind]) box.checked = !known || chosen.includes(box.value);
    }
  };

  const fields = Object.keys(KINDS).flatMap(field);
  if (!fields.length) return;
  const form = document.createElement("form");
  const title = document.createElement("summary");
  const fold = document.createElement("details");
  form.className = "filters";
  form.setAttribute("aria-label", "Show only some sessions, presets or networks");
  title.textContent = "Show only …";
  fold.append(title, ...fields);
  form.append(fold, say);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("change", () => {
    show();
    remember();
  });
  side.append(form);

  restore();
  fold.open = !Object.keys(KINDS).every(whole);
  show();
  if (location.hash.includes("?")) document.getElementById(anchor())?.scrollIntoView();
  addEventListener("hashchange", () => {
    if (location.hash.includes("?")) restore();
    show();
    remember();
  });
})();
