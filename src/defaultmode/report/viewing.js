"use strict";
// What the brain, the matrix and the pages around them share: packed numbers, words and colours.
(() => {
  const defaultmode = (globalThis.defaultmode ??= {});
  const KINDS = { int8: Int8Array, int16: Int16Array, uint16: Uint16Array };
  const STEPS = 127; // of a correlation as int8
  const ABSENT = -128;
  const NEAREST = 126.5; // steps: a correlation that was rounded to 1 is not infinitely strong
  const ROLES = ["default", "task-positive", "salience", "other"];
  // RdBu of ColorBrewer, from −1 to 1: its order survives every common colour vision.
  const DIVERGING = ["053061", "2166ac", "4393c3", "92c5de", "d1e5f0", "f7f7f7", "fddbc7", "f4a582", "d6604d", "b2182b", "67001f"].map(rgb);

  function rgb(hex) {
    return [0, 2, 4].map((at) => parseInt(hex.slice(at, at + 2), 16));
  }

  // kind : a typed array's constructor or its name, such as Int8Array or "int8"
  const unpacked = async (text, kind) => {
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    const Kind = KINDS[kind] ?? kind;
    return new Kind(await new Response(stream).arrayBuffer());
  };

  // Correlations in steps of 1/127 as Fisher z, NaN where missing.
  const fisher = (steps) => Float32Array.from(steps, (s) => (s === ABSENT ? NaN : Math.atanh(Math.max(-NEAREST, Math.min(NEAREST, s)) / STEPS)));

  // Where the pair (i, j) lies in the upper triangle of n regions, row by row.
  const pairAt = (n, i, j) => {
    const [a, b] = i < j ? [i, j] : [j, i];
    return a * n - (a * (a + 1)) / 2 + b - a - 1;
  };

  // Red, green and blue, 0 to 255, of a share from −1 to 1.
  const diverging = (share) => {
    const at = (Math.max(-1, Math.min(1, share)) + 1) * 5;
    const low = Math.min(9, Math.floor(at));
    return DIVERGING[low].map((from, k) => from + (DIVERGING[low + 1][k] - from) * (at - low));
  };

  // A custom property of a style sheet as red, green and blue from 0 to 1.
  const colourOf = (style, name) => rgb(style.getPropertyValue(name).trim().slice(1)).map((value) => value / 255);

  // An element with properties, attributes and children; texts are never read as HTML.
  const made = (kind, { attributes = {}, ...properties } = {}, ...children) => {
    const element = Object.assign(document.createElement(kind), properties);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  };

  const shown = (value, digits = 2) => (Number.isFinite(value) ? value.toFixed(digits).replace("-", "−") : "n/a");
  const counted = (n, word) => `${n.toLocaleString("en")} ${word}${n === 1 ? "" : "s"}`;
  const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

  Object.assign(defaultmode, { ROLES, unpacked, fisher, pairAt, diverging, colourOf, made, shown, counted, still });
})();
