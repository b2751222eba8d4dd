// The inlined copy of the wasm, by web standards only.

/** Compiles gzipped wasm from a module that is its base64. */
export default async function compileInlined({ default: base64 }) {
  const bytes = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
  const unzipped = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return WebAssembly.compile(await new Response(unzipped).arrayBuffer());
}
