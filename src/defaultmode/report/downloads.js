"use strict";
// Saves the numbers of a figure or table, which the page holds packed, as a file.
(() => {
  const block = document.getElementById("numbers");
  if (block === null || !("DecompressionStream" in globalThis)) return;
  let tables = null;
  const unpacked = async () => {
    const bytes = Uint8Array.from(atob(JSON.parse(block.textContent)), (c) => c.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return JSON.parse(await new Response(stream).text());
  };
  const save = async (name) => {
    tables ??= unpacked();
    const text = (await tables)[name];
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type: "text/tab-separated-values" }));
    link.download = `${name}.tsv`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  };
  for (const button of document.querySelectorAll("button[data-numbers]")) {
    button.hidden = false;
    button.addEventListener("click", () => save(button.dataset.numbers));
  }
})();
