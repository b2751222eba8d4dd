export * from "./index.js";

type Source = WebAssembly.Module | BufferSource | Response | URL | string;

/**
 * Gives the core, before anything else is used: a compiled module, its bytes, a response, a URL, or a promise of one. Where
 * `AdvancedWorkflowIntegration` or the offline coach is used, the coach too, and where a `ModelClient` asks, the model client.
 */
export function initialize(core: Source | Promise<Source>, coach?: Source | Promise<Source>, model?: Source | Promise<Source>): void;
