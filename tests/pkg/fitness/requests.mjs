// Random requests of every kind, as an app might make them; the same seed gives the same ones.

const FOCUS = ["strength", "hypertrophy", "endurance", "power", "general_fitness", "weight_loss"];
const LEVELS = ["beginner", "intermediate", "advanced"];
const EQUIPMENT = [
  "dumbbell", "kettlebell", "barbell", "rack", "bench", "bands", "anchor", "pull_up_bar", "cable", "machine", "box", "dip_bars",
  "bar_low", "suspension", "jump_rope", "bike", "rower", "elliptical", "treadmill", "stair_machine",
];
const AREAS = ["shoulder", "knee", "lower_back", "wrist", "elbow", "ankle", "hip", "neck"];
const CONDITIONS = [
  "hypertension", "uncontrolled_hypertension", "cardiac", "diabetes", "kidney_disease", "beta_blocker", "pregnancy", "osteoporosis",
];
const SYMPTOMS = ["chest_pain", "dizziness", "fainting", "unusual_fatigue"];
const MUSCLES = ["quadriceps", "hamstrings", "glutes", "chest", "lats", "shoulders", "triceps", "biceps", "abdominals", "calves"];
const LIFTS = ["Barbell_Squat", "Barbell_Deadlift", "Barbell_Bench_Press_-_Medium_Grip", "Dumbbell_Bench_Press", "Goblet_Squat"];

/** Draws with the numbers of `next`. */
export class Draw {
  constructor(next) {
    this.next = next;
  }

  whole(least, most) {
    return least + Math.floor(this.next() * (most - least + 1));
  }

  chance(share) {
    return this.next() < share;
  }

  one(list) {
    return list[this.whole(0, list.length - 1)];
  }

  some(list, most) {
    const left = [...list];
    return Array.from({ length: this.whole(0, most) }, () => left.splice(this.whole(0, left.length - 1), 1)[0]);
  }

  /** Who somebody is. */
  person(userId = "someone") {
    const person = { userId, fitnessLevel: this.one(LEVELS), seed: this.whole(0, 2 ** 32 - 1), exercisesRegularly: this.chance(0.5) };
    if (this.chance(0.6)) person.age = this.whole(18, 90);
    if (this.chance(0.6)) person.weightKg = this.whole(45, 140);
    if (this.chance(0.35)) {
      person.injuries = this.some(AREAS, 2).map((area) => ({ area, severity: this.one(["mild", "moderate", "severe"]) }));
    }
    if (this.chance(0.2)) person.conditions = this.some(CONDITIONS, 2);
    if (this.chance(0.04)) person.symptoms = [this.one(SYMPTOMS)];
    if (this.chance(0.3)) person.targetMuscles = this.some(MUSCLES, 3);
    if (this.chance(0.3)) person.oneRepMaxKg = Object.fromEntries(this.some(LIFTS, 3).map((id) => [id, this.whole(20, 220)]));
    return person;
  }

  /** What a workout is asked by. */
  workout() {
    return {
      ...this.person(), duration: this.whole(15, 90), focus: this.one(FOCUS), equipment: this.some(EQUIPMENT, EQUIPMENT.length),
    };
  }

  programme() {
    const request = this.workout();
    if (this.chance(0.5)) request.daysPerWeek = this.whole(2, 4);
    if (this.chance(0.3)) request.startDate = `2027-0${this.whole(1, 9)}-1${this.whole(0, 9)}`;
    return request;
  }

  /** How a session goes. */
  situation() {
    const performanceData = { fatigue: this.whole(0, 20) / 20 };
    if (this.chance(0.7)) performanceData.heartRate = this.whole(60, 200);
    if (this.chance(0.3)) performanceData.zoneMaxBpm = this.whole(110, 170);
    if (this.chance(0.3)) performanceData.rpe = this.whole(2, 20) / 2;
    if (this.chance(0.3)) Object.assign(performanceData, { rir: this.whole(0, 6), targetRir: this.whole(0, 4) });
    const situation = {
      userId: "someone",
      currentExercise: { exerciseId: this.one(LIFTS), sets: this.whole(1, 6), reps: this.whole(1, 20) },
      performanceData,
    };
    if (this.chance(0.3)) situation.currentExercise.weightKg = this.whole(10, 120);
    if (this.chance(0.7)) situation.userFeedback = { difficulty: this.one(["easy", "moderate", "hard", "too_hard"]) };
    if (this.chance(0.05)) situation.userFeedback = { symptoms: ["chest pain"] };
    if (this.chance(0.7)) situation.age = this.whole(18, 90);
    return situation;
  }

  group() {
    const participants = Array.from({ length: this.whole(2, 10) }, (_, place) => {
      const { seed, ...person } = this.person(`user-${place}`);
      return person;
    });
    const request = { participants, duration: this.whole(20, 75), equipment: this.some(EQUIPMENT, 12), seed: this.whole(0, 2 ** 32 - 1) };
    if (this.chance(0.3)) request.focus = this.one(FOCUS);
    return request;
  }
}
