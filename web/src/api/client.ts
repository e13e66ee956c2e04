import { Fault, faultOf } from "./fault";
import type { Guest, Joined, NewRoom, Room, RoomPage } from "./types";

const timeoutMS = 12_000; // the gateway gives up after 5 s

interface Call {
  method?: "GET" | "POST" | "DELETE";
  body?: unknown;
  token?: string | undefined;
  /** Makes a repeated command happen once. */
  once?: boolean;
  /** Goes on while the page is being left. */
  keepalive?: boolean;
}

/** Client speaks the HTTP API of mobile-api/openapi.yaml. Every method throws Fault. */
export class Client {
  /** `base` is the gateway's origin, without a slash at its end. */
  constructor(private readonly base: string) {}

  createGuest(name: string): Promise<Guest> {
    return this.json("/v1/guests", { method: "POST", body: { name } });
  }

  /** New tokens for a refresh token. An answer that was lost may be asked for again within a minute. */
  refresh(refreshToken: string): Promise<Guest> {
    return this.json("/v1/token/refresh", { method: "POST", body: { refresh_token: refreshToken } });
  }

  rooms(cursor = ""): Promise<RoomPage> {
    return this.json(`/v1/rooms?limit=50${cursor && "&cursor=" + encodeURIComponent(cursor)}`, {});
  }

  room(room: string): Promise<Room> {
    return this.json(path(room), {});
  }

  createRoom(room: NewRoom, token: string): Promise<Room> {
    return this.json("/v1/rooms", { method: "POST", body: room, token, once: true });
  }

  startRoom(room: string, token: string): Promise<Room> {
    return this.json(path(room, "start"), { method: "POST", token });
  }

  endRoom(room: string, token: string): Promise<Room> {
    return this.json(path(room, "end"), { method: "POST", token });
  }

  /** To listen in a room with open listening needs no token. */
  listen(room: string, token: string | undefined): Promise<Joined> {
    return this.json(path(room, "join"), { method: "POST", body: { role: "listener" }, token });
  }

  /** Takes a seat, or answers the one that the caller has. */
  takeSeat(room: string, token: string): Promise<Joined> {
    return this.json(path(room, "join"), { method: "POST", body: { role: "speaker" }, token });
  }

  async leaveSeat(room: string, token: string): Promise<void> {
    await this.call(path(room, "stage/me/audience"), { method: "POST", token, once: true, keepalive: true });
  }

  /** Gives up seat, hand and invite. Works while the page is being left. */
  async leave(room: string, token: string): Promise<void> {
    await this.call(path(room, "leave"), { method: "POST", token, once: true, keepalive: true });
  }

  /** Where the microphone of whoever has a seat goes (docs/protocol.md section 6.1). */
  whipAddress(room: string): string {
    return this.base + path(room, "whip");
  }

  /** The events socket of a room (docs/protocol.md section 10.1). */
  eventsAddress(room: string): string {
    return this.base.replace(/^http/, "ws") + path(room, "events");
  }

  private async json<T>(path: string, call: Call): Promise<T> {
    const answer = await this.call(path, call);
    try {
      return await answer.json() as T;
    } catch {
      throw new Fault("unavailable", "the answer is no JSON");
    }
  }

  private async call(path: string, call: Call): Promise<Response> {
    const headers = new Headers();
    if (call.token) headers.set("Authorization", `Bearer ${call.token}`);
    if (call.once) headers.set("Idempotency-Key", intent());
    if (call.body !== undefined) headers.set("Content-Type", "application/json");
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(), timeoutMS);
    let answer: Response;
    try {
      answer = await fetch(this.base + path, {
        method: call.method ?? "GET", headers, signal: abort.signal, keepalive: call.keepalive ?? false,
        ...(call.body !== undefined && { body: JSON.stringify(call.body) }),
      });
    } catch {
      throw abort.signal.aborted ? new Fault("timeout", "no answer in time") : new Fault("offline", "no answer");
    } finally {
      clearTimeout(timer);
    }
    if (!answer.ok) throw await faultOf(answer);
    return answer;
  }
}

function path(room: string, rest = ""): string {
  return `/v1/rooms/${encodeURIComponent(room)}${rest && "/" + rest}`;
}

/** A name for one intent. randomUUID would want a secure context. */
export function intent(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
