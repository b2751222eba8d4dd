// The longest way through the steps of a definition, when only what a model is asked for takes time.

/** How long `steps`, each of which waits for the one before it, take at least. `spans` says how long by task. */
export function criticalPath(steps, spans) {
  return steps.reduce((sum, step) => sum + ofStep(step, spans), 0);
}

function ofStep({ id, metadata, needs, parallel, steps = [] }, spans) {
  if (needs) throw new Error(`the step ${id} has needs, which are not looked at here`);
  if (parallel) return Math.max(0, ...parallel.map((step) => ofStep(step, spans)));
  return (spans[metadata?.task] ?? 0) + criticalPath(steps, spans);
}
