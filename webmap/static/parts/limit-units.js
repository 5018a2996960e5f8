// The units of limits in words.
/** @type {Record<string, string>} */
export const LIMIT_UNITS = {
  urgent_hour: "loop.unit_urgent_hour",
  work_hour: "loop.unit_work_hour",
  work_day: "loop.unit_work_day",
  natural_day: "loop.unit_natural_day",
};
