// Times as people read them.

/** Minutes and seconds: `11:26`. */
export function clock(seconds) {
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

/** A short time: `0.31 ms`, `12.4 ms`, `350 ms`, `1.25 s`. */
export function duration(ms) {
  if (ms >= 1_000) return `${(ms / 1_000).toFixed(2)} s`;
  if (ms >= 100) return `${ms.toFixed(0)} ms`;
  if (ms >= 10) return `${ms.toFixed(1)} ms`;
  return `${ms.toFixed(2)} ms`;
}

/** Now, by the clock of the engine's events. */
export function now() {
  return performance.timeOrigin + performance.now();
}
