"use strict";
// A time axis on which minutes, hours and days all have room, and how a time is said.
(() => {
  const simulator = (globalThis.defaultmode.simulator ??= {});
  const HOUR_MIN = 60;
  const DAY_MIN = 1440;
  const EVEN_MIN = 20; // below this the axis is even, above it logarithmic
  const TICKS_MIN = [0, 20, 60, 180, 480, DAY_MIN, 3 * DAY_MIN, 7 * DAY_MIN, 14 * DAY_MIN, 28 * DAY_MIN];

  const amount = (number, unit) => `${Number(number.toPrecision(3))} ${unit}`;

  const span = (minutes) => {
    if (minutes >= 2 * DAY_MIN || minutes === DAY_MIN) return amount(minutes / DAY_MIN, "d");
    if (minutes >= 2 * HOUR_MIN) return amount(minutes / HOUR_MIN, "h");
    return amount(Math.round(minutes), "min");
  };

  const since = (minutes) => {
    if (Math.abs(minutes) < 0.5) return "At the start of";
    return minutes < 0 ? `${span(-minutes)} before` : `${span(minutes)} after`;
  };

  // place: where a time lies on the axis, 0 to 1; minutes: which time lies at a place.
  const timeAxis = (first, last) => {
    const stretched = (minutes) => Math.asinh(minutes / EVEN_MIN);
    const low = stretched(first);
    const reach = stretched(last) - low || 1;
    return {
      first,
      last,
      place: (minutes) => (stretched(minutes) - low) / reach,
      minutes: (place) => EVEN_MIN * Math.sinh(low + place * reach),
      ticks: TICKS_MIN.filter((t) => t >= first && t <= last).map((t) => [t, t ? span(t) : "0"]),
    };
  };

  const evenAxis = (first, last, { every, unit }) => {
    const ticks = [];
    for (let t = Math.ceil(first / every) * every; t <= last; t += every) ticks.push([t, `${t} ${unit}`]);
    return { first, last, place: (t) => (t - first) / (last - first), ticks };
  };

  // The value of a curve at a time, straight between its points, NaN outside them.
  const valueAt = ({ times, values }, at) => {
    const next = times.findIndex((t) => t >= at);
    if (next < 0 || at < times[0]) return NaN;
    if (times[next] === at) return values[next];
    const share = (at - times[next - 1]) / (times[next] - times[next - 1]);
    return values[next - 1] + share * (values[next] - values[next - 1]);
  };

  Object.assign(simulator, { span, since, timeAxis, evenAxis, valueAt });
})();
