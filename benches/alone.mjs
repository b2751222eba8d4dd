// Measures one contender of a workload in this process: node --expose-gc alone.mjs WORKLOAD CONTENDER …; see lib/apart.mjs.

const [workload, contender, ...more] = process.argv.slice(2);
const { measureAlone } = await import(`./workloads/${workload}.mjs`);
console.log(`\n${JSON.stringify(await measureAlone(contender, ...more))}`);
