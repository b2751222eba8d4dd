// Measures one contender of a workload in this process; see lib/apart.mjs.
//
//   node --expose-gc alone.mjs WORKLOAD CONTENDER PACE

const [workload, contender, pace] = process.argv.slice(2);
const { measureAlone } = await import(`./workloads/${workload}.mjs`);
console.log(`\n${JSON.stringify(await measureAlone(contender, pace))}`);
