// Features in plain JavaScript, registered on the playground's bus. The page shows this code as it stands.

import { wait } from "../parts/wait.js";

export const FEATURES = [
  {
    name: "profile",
    version: "1.0.0",
    description: "Answers after 150 ms.",
    actions: {
      load: async ({ user }, { signal }) => {
        await wait(150, signal);
        return { user, goal: "run 10 km", sessionsAWeek: 3 };
      },
    },
  },
  {
    name: "history",
    version: "1.0.0",
    description: "Slow: answers after 900 ms.",
    actions: {
      load: async ({ user }, { signal }) => {
        await wait(900, signal);
        return { user, kilometres: [4, 5, 5, 6] };
      },
    },
  },
  {
    name: "wearable",
    version: "1.0.0",
    description: "Flaky: fails twice, and answers the third time.",
    actions: {
      sync: async ({ user }, { signal, attempt }) => {
        await wait(120, signal);
        if (attempt < 3) throw new Error(`the watch of ${user} is out of reach`);
        return { restingHeartRate: 54 };
      },
    },
  },
  {
    name: "gym",
    version: "1.0.0",
    description: "Stuck: never answers.",
    actions: {
      find: (params, { signal }) => wait(3_600_000, signal),
    },
  },
  {
    name: "report",
    version: "1.0.0",
    description: "Answers at once.",
    actions: {
      write: ({ profile, kilometres, heart }) => ({
        title: `${profile.user} wants to ${profile.goal}`,
        longestRunKm: Math.max(...kilometres),
        restingHeartRate: heart.restingHeartRate,
      }),
    },
  },
];
