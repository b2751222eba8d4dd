// The workflows of the coach, as an app calls them: the examples of the specification as they are typed there, and what can be said
// of a call.

import assert from "node:assert/strict";
import { test } from "node:test";

import { AdvancedWorkflowIntegration, FeatureBus, ModelClient, WorkflowOrchestrator, errorOf } from "./package.mjs";

const REQUEST = { userId: "user123", duration: 30, focus: "strength", equipment: ["dumbbells", "bench"], fitnessLevel: "intermediate" };
const SITUATION = {
  userId: "user123",
  workoutId: "workout456",
  currentExercise: { name: "Push-ups", sets: 3, reps: 12 },
  performanceData: { fatigue: 0.7, heartRate: 150 },
  userFeedback: { difficulty: "hard" },
};
const GROUP = {
  participants: [
    { userId: "ada", fitnessLevel: "beginner" },
    { userId: "grace", fitnessLevel: "intermediate", injuries: ["knee"] },
    { userId: "alan", fitnessLevel: "advanced", age: 41 },
    { userId: "edsger", fitnessLevel: "intermediate", age: 70 },
  ],
  duration: 45,
  equipment: { dumbbell: 4, bench: 2, kettlebell: 2 },
};

/** Each workflow: how it is called, with what, and how many steps it has. */
const WORKFLOWS = {
  "comprehensive-workout": { method: "generateComprehensiveWorkout", input: REQUEST, calls: 6, topic: "workout-generated", check: "checkWorkout" },
  "quick-workout": { method: "quickWorkoutSetup", input: REQUEST, calls: 1, topic: "workout-generated", check: "checkWorkout" },
  "real-time-adaptation": { method: "adaptWorkoutInRealTime", input: SITUATION, calls: undefined, topic: "workout-adapted", check: "checkAdaptation" },
  "progressive-program": { method: "createProgressiveProgram", input: REQUEST, calls: 4, topic: "program-created", check: "checkProgram" },
  "group-workout": { method: "createGroupWorkout", input: GROUP, calls: undefined, topic: "group-workout-created", check: "checkGroupWorkout" },
};

test("a programme fits also with little time and equipment: each of its phases is planned with what the others need in mind", async () => {
  const coach = new AdvancedWorkflowIntegration();
  for (const [daysPerWeek, seed] of [[3, 366_902_020], [3, 95_028], [4, 0]]) {
    const request = { ...REQUEST, duration: 15, equipment: ["box"], targetMuscles: ["glutes"], daysPerWeek, seed };
    const program = await coach.createProgressiveProgram(request);
    assert.equal(program.weeks.length, 12);
    assert.deepEqual(await coach.checkProgram(program, request), []);
  }
});

test("example 1: a comprehensive workout", async () => {
  const integration = new AdvancedWorkflowIntegration();
  const result = await integration.generateComprehensiveWorkout({
    userId: "user123",
    duration: 30,
    focus: "strength",
    equipment: ["dumbbells", "bench"],
    fitnessLevel: "intermediate",
  });
  for (const part of ["analysis", "recommendations", "equipment", "safety"]) assert.ok(result[part], part);
  assert.equal(result.safety.status, "pass");
  for (const step of result.blocks.flatMap(({ steps }) => steps)) assert.ok(step.coaching.notes.length > 0, step.name);
});

test("example 2: adaptation in real time", async () => {
  const integration = new AdvancedWorkflowIntegration();
  const adaptationResult = await integration.adaptWorkoutInRealTime({
    userId: "user123",
    workoutId: "workout456",
    currentExercise: { name: "Push-ups", sets: 3, reps: 12 },
    performanceData: { fatigue: 0.7, heartRate: 150 },
    userFeedback: { difficulty: "hard" },
  });
  assert.equal(adaptationResult.decision, "cut");
  assert.equal(adaptationResult.exercise.exercise_id, "Pushups");
  // So fatigue 0.7, 150 beats a minute and "hard" are a cut at 30, and a stop at 75.
  const at = async (age) => (await integration.adaptWorkoutInRealTime({ ...SITUATION, age })).decision;
  assert.deepEqual([await at(30), await at(75)], ["cut", "stop"]);
});

test("example 3: features tell and ask each other", async () => {
  const integration = new AdvancedWorkflowIntegration();
  const featureBus = integration.bus;
  const history = [];
  featureBus.subscribe(
    "workout-generated",
    async (event) => {
      history.push(event.data);
    },
    { feature: "history-tracker" },
  );
  const preferences = await featureBus.request("user-preference-analysis", "analyzeUserProfile", { userId: "user123", includeHistory: true });
  assert.equal(preferences.user_id, "user123");
  const workout = await integration.generateComprehensiveWorkout(REQUEST);
  assert.equal(history.length, 1);
  assert.equal(history[0], workout);
});

for (const [id, { method, input, calls, topic }] of Object.entries(WORKFLOWS)) {
  test(`${method}: events, a signal, and the bus is told`, async () => {
    const integration = new AdvancedWorkflowIntegration();
    const told = [];
    integration.bus.subscribe(topic, (event) => told.push(event));
    const events = [];
    const output = await integration[method](input, { onEvent: (event) => events.push(event), correlationId: `c-${id}` });
    assert.equal(told.length, 1);
    assert.equal(told[0].data, output);
    assert.equal(told[0].correlationid, `c-${id}`);
    assert.equal(events.at(-1).type, "run.completed");
    const called = events.filter(({ type }) => type === "attempt.started").length;
    if (calls !== undefined) assert.equal(called, calls);
    assert.deepEqual(JSON.parse(JSON.stringify(output)), output, "plain data");

    const definition = await integration.template(id);
    assert.equal(definition.id, id);
    const orchestrator = new WorkflowOrchestrator({ bus: integration.bus });
    assert.equal(orchestrator.registerTemplate(definition), id);

    const cancelled = await errorOf(integration[method](input, { signal: AbortSignal.abort("enough") }));
    assert.equal(cancelled.code, "run.cancelled");
    const wrong = await errorOf(integration[method](input, { provider: "somebody" }));
    assert.deepEqual([wrong.code, wrong.problems[0].pointer], ["config.invalid", "/provider"]);
  });

  test(`${method}: a provider for one call`, async () => {
    const broken = new ModelClient({
      provider: {
        name: "broken",
        complete: () => {
          throw Object.assign(new Error("down"), { status: 503 });
        },
      },
      policy: { retry: { maxAttempts: 1 } },
    });
    const integration = new AdvancedWorkflowIntegration();
    const offline = await integration[method](input, { provider: "offline-coach" });
    const fallen = await integration[method](input, { provider: broken });
    assert.ok(broken.stats().calls > 0, "the model was not asked");
    const plain = (value) => JSON.parse(JSON.stringify(value, (key, it) => (key === "fallback_level" || key === "repairs" ? undefined : it)));
    assert.deepEqual(plain(fallen), plain(offline));
    // The next call asks the rules again, and the same provider is registered once.
    await integration[method](input, { provider: broken });
    const features = await integration.bus.discover({ capability: "model" });
    assert.equal(features.length, 1);
  });
}

for (const [id, { method, input, check }] of Object.entries(WORKFLOWS)) {
  test(`${method}: a model that answers is heard, and what it says is checked`, async () => {
    const rules = new ModelClient({ provider: "offline-coach", cache: false });
    const asked = [];
    const complete = async (request) => {
      asked.push(request.task.name);
      const { text } = await rules.complete({ messages: request.messages, task: request.task });
      return { text };
    };
    const clever = new ModelClient({ provider: { name: "clever", complete }, model: "clever-1", policy: { retry: { maxAttempts: 1 } } });
    const integration = new AdvancedWorkflowIntegration();
    const answer = await integration[method](input, { provider: clever });
    assert.ok(asked.length > 0, `${id}: no task was given to it`);
    const [{ provider, model }] = [answer.provenance, ...(answer.phases ?? []).map(({ provenance }) => provenance)].filter((it) => it.provider === "clever");
    assert.deepEqual([provider, model], ["clever", "clever-1"]);
    assert.deepEqual(await integration[check](answer, input), []);

    // A model that says anything else is not heard; the rules are.
    const wild = new ModelClient({ provider: { name: "wild", complete: () => '{"decision":"progress","load_pct":500}' }, policy: { retry: { maxAttempts: 1 } } });
    const sober = await integration[method](input, { provider: wild });
    assert.notEqual(sober.provenance.provider, "wild");
    assert.deepEqual(await integration[check](sober, input), []);
  });
}

test("where an app's own way of writing a workout fails, the coach writes it", async () => {
  const bus = new FeatureBus();
  bus.registerFeature({
    name: "workout-detail",
    version: "9.0.0",
    actions: {
      write: () => {
        throw new Error("out of ink");
      },
    },
  });
  const integration = new AdvancedWorkflowIntegration({ bus });
  const events = [];
  const workout = await integration.generateComprehensiveWorkout(REQUEST, { onEvent: ({ type }) => events.push(type) });
  assert.equal(workout.safety.status, "pass");
  assert.ok(workout.blocks[0].steps[0].coaching.notes.length > 0);
  assert.ok(events.includes("attempt.failed"));
});

test("a red-flag sign is a referral and nothing else, whatever is asked", async () => {
  const coach = new AdvancedWorkflowIntegration();
  const symptoms = ["chest pain"];
  const workout = await coach.generateComprehensiveWorkout({ ...REQUEST, symptoms });
  assert.deepEqual([workout.status, workout.blocks], ["referral", []]);
  assert.ok(workout.referral.reasons.length > 0);
  const program = await coach.createProgressiveProgram({ ...REQUEST, symptoms });
  assert.deepEqual([program.status, program.weeks], ["referral", []]);
  assert.ok(program.referral.reasons.length > 0);
  const [first, ...others] = GROUP.participants;
  const group = await coach.createGroupWorkout({ ...GROUP, participants: [{ ...first, symptoms }, ...others] });
  assert.deepEqual(group.excluded.map(({ user_id }) => user_id), ["ada"]);
  assert.ok(group.participants.every(({ user_id }) => user_id !== "ada"));
  const adapted = await coach.adaptWorkoutInRealTime({ ...SITUATION, userFeedback: { difficulty: "easy", symptoms: ["dizzy"] } });
  assert.deepEqual([adapted.decision, adapted.status], ["stop", "stop"]);
  const advice = await coach.recommend({ request: { ...REQUEST, symptoms } });
  assert.ok(advice.referral.reasons.length > 0);
  assert.deepEqual(advice.next, []);
});

test("bad input: every field is named, with what was given and what is allowed", async () => {
  const coach = new AdvancedWorkflowIntegration();
  const pointers = async (promise) => {
    const error = await errorOf(promise);
    assert.deepEqual([error.code, error.kind], ["workout.invalid", "validation"]);
    return error.problems.map(({ pointer }) => pointer).sort();
  };
  const wrong = { ...REQUEST, duration: 0, age: -1, equipment: ["sofa"], fitnessLevel: undefined, weightKg: NaN };
  const expected = ["/age", "/duration", "/equipment/0", "/fitnessLevel", "/weightKg"];
  assert.deepEqual(await pointers(coach.generateComprehensiveWorkout(wrong)), expected);
  assert.deepEqual(await pointers(coach.quickWorkoutSetup(wrong)), expected);
  assert.deepEqual(await pointers(coach.createProgressiveProgram({ ...wrong, daysPerWeek: 9, startDate: "2027-02-30" })), [...expected, "/daysPerWeek", "/startDate"].sort());
  const adaptation = { userId: "", currentExercise: { name: "Flying", sets: -1 }, performanceData: { fatigue: 7, heartRate: NaN } };
  const found = await pointers(coach.adaptWorkoutInRealTime(adaptation));
  for (const pointer of ["/userId", "/currentExercise/name", "/currentExercise/sets", "/performanceData/fatigue", "/performanceData/heartRate"]) {
    assert.ok(found.includes(pointer), `${pointer} is not among ${found}`);
  }
  const crowd = Array.from({ length: 50 }, (_, place) => ({ userId: `u${place}`, fitnessLevel: "beginner" }));
  assert.deepEqual(await pointers(coach.createGroupWorkout({ ...GROUP, participants: crowd })), ["/participants"]);
  const odd = { ...GROUP, participants: [{ userId: "a", fitnessLevel: "beginner", age: 3 }, { userId: "a" }], duration: 600 };
  const inGroup = await pointers(coach.createGroupWorkout(odd));
  for (const pointer of ["/duration", "/participants/0/age", "/participants/1/fitnessLevel"]) assert.ok(inGroup.includes(pointer), `${pointer} is not among ${inGroup}`);
  for (const nonsense of [null, undefined, 7, "x", [], {}, { participants: 3 }, new Map()]) {
    for (const { method } of Object.values(WORKFLOWS)) {
      const error = await errorOf(coach[method](nonsense));
      assert.equal(error.code, "workout.invalid", `${method}(${String(nonsense)}): ${error.message}`);
      assert.ok(error.problems.length > 0);
    }
  }
});

test("a number that is none is named as what it is, and not as the text that data has for it", async () => {
  const coach = new AdvancedWorkflowIntegration();
  for (const duration of [NaN, Infinity, -Infinity]) {
    const { problems } = await errorOf(coach.quickWorkoutSetup({ ...REQUEST, duration }));
    assert.deepEqual(problems.map(({ message }) => message), [`expected a finite number, got \`${duration}\``]);
  }
});

test("every feature of the coach can be found, with schemas, health and capabilities", async () => {
  const bus = new FeatureBus();
  void new AdvancedWorkflowIntegration({ bus });
  const names = [
    "quick-workout-setup", "user-analysis", "workout-recommendations", "equipment-analysis", "safety-validation", "workout-detail",
    "performance-assessment", "workout-adaptation", "fitness-assessment", "program-planning", "preference-analysis",
    "group-compatibility", "group-workout", "offline-coach",
  ];
  await bus.request("quick-workout-setup", "generateWorkout", REQUEST);
  for (const name of names) {
    const [feature] = await bus.discover({ name });
    assert.ok(feature, name);
    assert.ok(feature.description.length > 10 && feature.capabilities.length > 0, name);
    assert.equal(feature.health?.status ?? feature.status, "healthy", name);
    assert.ok(feature.actions.length > 0, name);
    for (const { name: action, input, output } of feature.actions) {
      assert.ok(input.type === "object" || input.$ref !== undefined, `${name}.${action}: ${JSON.stringify(input)}`);
      assert.match(output.$ref, /^coach\.schema\.json#\/\$defs\/\w+$/, `${name}.${action}`);
    }
    const checked = await bus.checkHealth(name);
    assert.ok(checked, name);
  }
});
