// What a request can say. The package judges it; this is only what the form offers.

export const FOCUS = ["strength", "hypertrophy", "endurance", "power", "general_fitness", "weight_loss"];

export const LEVELS = ["beginner", "intermediate", "advanced"];

export const EQUIPMENT = [
  "dumbbells",
  "bench",
  "kettlebell",
  "barbell",
  "rack",
  "bands",
  "anchor",
  "pull_up_bar",
  "cable",
  "machine",
  "box",
  "dip_bars",
  "bar_low",
  "suspension",
  "jump_rope",
  "bike",
  "rower",
  "elliptical",
  "treadmill",
  "stair_machine",
];

export const AREAS = ["shoulder", "knee", "lower_back", "wrist", "elbow", "ankle", "hip", "neck"];

export const SEVERITIES = ["mild", "moderate", "severe"];

export const CONDITIONS = [
  "hypertension",
  "uncontrolled_hypertension",
  "cardiac",
  "diabetes",
  "kidney_disease",
  "beta_blocker",
  "pregnancy",
  "osteoporosis",
];

export const SYMPTOMS = [
  "chest_pain",
  "shortness_of_breath",
  "dizziness",
  "fainting",
  "palpitations",
  "ankle_swelling",
  "breathless_lying_down",
  "leg_pain_walking",
  "heart_murmur",
  "unusual_fatigue",
];

/** Requests to try in the JSON editor. */
export const EXAMPLES = {
  "From the form": undefined,
  "Typing errors": {
    userId: "user123",
    duration: 30,
    focus: "strenght",
    equipment: ["dumbells", "bensh"],
    fitnessLevel: "intermediat",
    injurys: ["knee"],
  },
  "Wrong types": {
    userId: "",
    duration: "half an hour",
    focus: 7,
    equipment: "dumbbells",
    age: 9,
    weightKg: 82.5,
    injuries: [{ area: "shoulder", severity: "terrible" }],
  },
  "Chest pain": {
    userId: "user123",
    duration: 45,
    focus: "endurance",
    equipment: ["bike"],
    fitnessLevel: "beginner",
    age: 58,
    symptoms: ["chest pain"],
  },
};
