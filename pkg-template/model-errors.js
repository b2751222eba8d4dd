// What services say when something is wrong, and what becomes of it.

import { RepflowError, textOf } from "./errors.js";
import { HEADERS, report } from "./failures.js";


/** An error as the service has it. Policies know these by their status, code and headers. */
export class ServiceError extends Error {
  constructor({ message, status, code, type, param }, response) {
    super(message);
    this.status = status;
    this.error = { code, type };
    this.param = param;
    const { headers } = response;
    this.headers = Object.fromEntries(HEADERS.map((name) => [name, headers.get(name) ?? undefined]));
    this.requestId = requestIdOf(response);
  }

  /** Whether nothing was generated. In the middle of a stream nobody knows. */
  get isUnpaid() {
    return this.status !== undefined;
  }
}

export const requestIdOf = ({ headers }) => headers.get("x-request-id") ?? undefined;

/** A key that a service repeats in its complaint is not repeated again. */
export const withoutKeys = (text, key) => (key ? text.replaceAll(key, "…") : text).replace(/\bsk-[\w*.-]{3,}/g, "sk-…");

/** An error of ours for whatever ended a question. */
export function explained(core, error) {
  if (error instanceof RepflowError) return error;
  const isService = error instanceof ServiceError;
  const found = core.failureOf(report(error));
  const said = textOf(error);
  const message = !isService
    ? found.kind === "network"
      ? `the model service could not be reached: ${said}`
      : `the model could not be asked: ${said}`
    : `the model service answered ${error.status ?? "in the middle of the stream"}: ${said}`;
  const details = { ...found, cause: error };
  if (isService) {
    const { status, param, requestId } = error;
    const { code: serviceCode, type: serviceType } = error.error;
    Object.assign(details, { status, serviceCode, serviceType, param, requestId });
  }
  return new RepflowError(found.code, message, details);
}
