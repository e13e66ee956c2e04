/** What went wrong, with a code of docs/protocol.md or "offline" where no answer came. */
export class Fault extends Error {
  override name = "Fault";

  constructor(readonly code: string, message: string, readonly retryAfterMS = 0) {
    super(message);
  }
}

/** The code of anything that was thrown. */
export function codeOf(thrown: unknown): string {
  if (thrown instanceof Fault) return thrown.code;
  return "internal";
}

/** The fault in an error answer; proxies on the way may have put their own page in its place. */
export async function faultOf(answer: Response): Promise<Fault> {
  try {
    const { error } = await answer.json() as { error: { code: string; message: string; retry_after_ms?: number } };
    return new Fault(error.code, error.message, error.retry_after_ms);
  } catch {
    return new Fault(answer.status >= 500 ? "unavailable" : "internal", `HTTP status ${answer.status}`);
  }
}
