"use strict";
// The reader's choice of sentences; without this script every sentence is there and opens.
(() => {
  const form = document.getElementById("reader");
  const sentences = [...document.querySelectorAll("details.sentence")];
  const groups = [...document.querySelectorAll(".paragraph, .part")];
  const button = document.getElementById("open-all");
  const output = document.getElementById("how-many");

  const show = () => {
    const by = new FormData(form).get("show");
    for (const sentence of sentences) {
      const names = sentence.dataset.contradicted.split(" ");
      sentence.hidden = by !== "" && !names.includes(by);
    }
    for (const group of groups) {
      group.hidden = !group.querySelector("details.sentence:not([hidden])");
    }
    const left = sentences.filter((sentence) => !sentence.hidden).length;
    output.textContent = `${left} of ${sentences.length} sentences`;
  };

  const openAll = () => {
    const open = sentences.some((sentence) => !sentence.open);
    for (const sentence of sentences) sentence.open = open;
    button.textContent = open ? "Close every sentence" : "Open every sentence";
  };

  // A link to a claim opens the sentence that holds it.
  const openTarget = () => {
    const target = document.getElementById(location.hash.slice(1));
    const around = target?.closest("details.sentence");
    if (!around) return;
    around.open = true;
    target.scrollIntoView();
  };

  form.hidden = false;
  form.addEventListener("change", show);
  button.addEventListener("click", openAll);
  window.addEventListener("hashchange", openTarget);
  show();
  openTarget();
})();
