/** Who is measured in browsers. */
export const WHO = ["repflow", "by hand", "effect", "langgraph"];
