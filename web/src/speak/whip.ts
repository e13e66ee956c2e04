import { Fault, faultOf } from "../api/fault";

const timeoutMS = 12_000;

/** Whip is one publishing session (RFC 9725). */
export interface Whip {
  answer: string;
  /** Where the session is ended. */
  session: string;
}

/** Sends an offer, unless `given` up. Throws Fault. */
export async function postOffer(url: string, token: string, sdp: string, given: AbortSignal): Promise<Whip> {
  const abort = new AbortController();
  const stop = () => abort.abort();
  const timer = setTimeout(stop, timeoutMS);
  given.addEventListener("abort", stop);
  if (given.aborted) stop();
  try {
    const answer = await fetch(url, {
      method: "POST", body: sdp, signal: abort.signal,
      headers: { "Authorization": `Bearer ${token}`, "Content-Type": "application/sdp" },
    });
    if (!answer.ok) throw await faultOf(answer);
    return { answer: await answer.text(), session: new URL(answer.headers.get("Location") ?? "", answer.url).href };
  } catch (fault) {
    if (fault instanceof Fault) throw fault;
    throw new Fault(abort.signal.aborted ? "timeout" : "offline", "no answer to the offer");
  } finally {
    clearTimeout(timer);
    given.removeEventListener("abort", stop);
  }
}

/** Ends a session, also while the page is being left. A session that is gone already is no fault. */
export async function endSession(session: string, token: string): Promise<void> {
  await fetch(session, { method: "DELETE", keepalive: true, headers: { "Authorization": `Bearer ${token}` } })
    .catch(() => undefined);
}
