// Features that break the core on purpose: only the build for the tests of recovery has them, see `bundle.mjs`.

/** Adds them, as far as the core and the coach have something to break. */
export function addFaults(core, coach, add) {
  for (const [name, { injectFault }] of Object.entries({ "fault-injection": core, "coach-fault-injection": coach })) {
    if (injectFault !== undefined) add({ name, version: "1.0.0", actions: { panic: () => injectFault("panic"), overflow: () => injectFault("overflow") } });
  }
}
