"use strict";
// What is chosen: brain, treatment, dose and therapy; what cannot be chosen is greyed, with the reason.
(() => {
  const { made, simulator } = globalThis.defaultmode;
  const THERAPY_MIN = [60, 120, 240, 480, 1440, 2880, 4320, 7200, 10080];
  const SEED = 0;
  const part = (id) => document.getElementById(id);

  // A sentence of the page with names filled in.
  const filled = (sentence, names) => sentence.replace(/\{(\w+)\}/g, (_, name) => names[name]);

  const isStudied = ({ studied }, { value }) => !studied || (value >= studied[0] && value <= studied[1]);

  // Where the usual dose stands among doses.
  const usualOf = (doses) => {
    const found = doses.findIndex(({ usual }) => usual);
    return found >= 0 ? found : Math.floor((doses.length - 1) / 2);
  };

  const nearest = (allowed, wanted) => {
    const far = (i) => Math.abs(i - wanted);
    return allowed.reduce((best, i) => (far(i) < far(best) ? i : best));
  };

  class Controls {
    constructor({ catalogue, source, words, changed }) {
      Object.assign(this, { catalogue, source, words, reasons: words.reasons, changed, times: [] });
      Object.assign(this, { dose: part("dose"), therapy: part("therapy"), therapyAt: part("therapy-at") });
      this.newTreatment();
      part("choices").addEventListener("input", ({ target }) => {
        if (target.matches("select")) this.newTreatment();
        this.say();
        this.changed();
      });
      part("choices").addEventListener("submit", (event) => event.preventDefault());
    }

    get brain() { return this.catalogue.brains.find(({ id }) => id === part("brain-choice").value); }
    get treatment() { return this.treatmentOf(part("treatment-choice").value); }
    get twin() { return this.brain.kind === "twin"; }

    treatmentOf(wanted) { return this.catalogue.treatments.find(({ id }) => id === wanted); }

    // Doses of a treatment in the chosen brain; a twin is given shares of the highest studied level.
    dosesOf(treatment) {
      const doses = (this.twin ? treatment.twin_doses : treatment.doses) ?? [];
      return doses.filter(({ value }) => this.source.holds(this.ask(treatment, { dose: value, therapy_at_min: null })));
    }

    ask(treatment, given) {
      return { brain: this.brain.id, treatment: treatment.id, seed: SEED, ...given };
    }

    get request() {
      return this.ask(this.treatment, {
        dose: this.chosenDose?.value ?? null,
        therapy_at_min: this.therapy.checked ? this.times[this.therapyAt.value] : null,
      });
    }

    get chosenDose() { return this.doses[this.dose.value]; }

    // The request for another treatment at its usual dose, in the same brain, without therapy.
    usually(id) {
      const treatment = this.treatmentOf(id);
      if (treatment === this.treatment) return this.request;
      const doses = this.dosesOf(treatment);
      return this.ask(treatment, { dose: doses[usualOf(doses)]?.value ?? null, therapy_at_min: null });
    }

    newTreatment() {
      this.greyEvents();
      this.doses = this.dosesOf(this.treatment);
      this.dose.max = Math.max(0, this.doses.length - 1);
      this.dose.value = usualOf(this.doses);
      const stop = (dose) => made("span", { className: this.reaches(dose) ? "" : "unstudied", textContent: String(dose.value) });
      part("dose-stops").replaceChildren(...this.doses.map(stop));
      this.say();
    }

    reaches(dose) { return this.twin || isStudied(this.treatment, dose); }

    // Events are not given to twins: choose a drug instead where one was chosen.
    greyEvents() {
      const kindOf = (option) => this.treatmentOf(option.value).kind;
      const options = [...part("treatment-choice").options];
      for (const option of options) option.disabled = this.twin && kindOf(option) === "event";
      const chosen = part("treatment-choice").selectedOptions[0];
      if (chosen.disabled) part("treatment-choice").value = options.find((option) => kindOf(option) === "drug").value;
    }

    say() {
      const { sentence } = this.treatment;
      part("brain-about").textContent = this.brain.sentence;
      part("treatment-about").textContent = this.twin ? `${sentence} ${this.reasons.twin_events}` : sentence;
      const { amount, compared } = this.words.given[this.brain.kind];
      part("dose-name").textContent = amount;
      part("compare-how").textContent = compared;
      this.sayDose();
      this.sayTherapy();
    }

    sayDose() {
      const { name, studied, unit } = this.treatment;
      const studiedOnes = [...this.doses.keys()].filter((i) => this.reaches(this.doses[i]));
      if (studiedOnes.length) this.dose.value = nearest(studiedOnes, Number(this.dose.value));
      const outside = this.doses.filter((dose) => !this.reaches(dose)).map(({ label }) => label).join(", ");
      const { no_dose, no_exposure, one_dose: one } = this.reasons;
      const none = this.twin ? no_exposure : no_dose;
      const why = !this.doses.length ? filled(none, { treatment: name }) : this.doses.length < 2 ? one : "";
      const said = [
        grey(this.dose, why),
        outside && filled(this.reasons.unstudied, { doses: outside, low: studied[0], high: studied[1], unit }),
        this.twin && this.doses.length ? this.reasons.twin_dose : "",
      ];
      const label = this.chosenDose?.label ?? "none";
      part("dose-said").textContent = label;
      this.dose.setAttribute("aria-valuetext", label);
      part("dose-about").textContent = said.filter(Boolean).join(" ");
      const stops = [...part("dose-stops").children];
      stops.forEach((stop, i) => stop.classList.toggle("chosen", i === Number(this.dose.value)));
    }

    sayTherapy() {
      const itself = this.treatment.id === this.catalogue.therapy;
      const dose = this.chosenDose?.value ?? null;
      const held = (at) => this.source.holds(this.ask(this.treatment, { dose, therapy_at_min: at }));
      this.times = this.twin || itself ? [] : THERAPY_MIN.filter(held);
      const why = this.twin ? this.reasons.twin_therapy : itself ? this.reasons.therapy_itself : this.reasons.no_therapy_here;
      const reason = grey(this.therapy, this.times.length ? "" : why);
      if (reason) this.therapy.checked = false;
      this.therapyAt.max = Math.max(0, this.times.length - 1);
      this.therapyAt.disabled = !this.therapy.checked || this.times.length < 2;
      const label = this.therapy.checked ? `${simulator.span(this.times[this.therapyAt.value])} after` : "none";
      part("therapy-said").textContent = label;
      this.therapyAt.setAttribute("aria-valuetext", label);
      part("therapy-about").textContent = reason;
    }
  }

  const grey = (input, reason) => {
    input.disabled = Boolean(reason);
    input.closest(".field").classList.toggle("greyed", input.disabled);
    return reason;
  };

  Object.assign(simulator, { Controls, filled });
})();
