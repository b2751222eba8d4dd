export * from "./index.js";

type Source = WebAssembly.Module | BufferSource | Response | URL | string;

/** Gives the core, before anything else is used: a compiled module, its bytes, a response, a URL, or a promise of one. */
export function initialize(wasm: Source | Promise<Source>): void;
