import { Fault } from "../api/fault";
import { backOff } from "../listen/close";
import { silence } from "../listen/schedule";
import { Microphone } from "./microphone";
import { preferOpus } from "./sdp";
import { Slots } from "./slots";
import type { Heard } from "./slots";
import { endSession, postOffer } from "./whip";

const slotCount = 8;
const gatherMS = 300; // our own candidates are a hint only: the SFU learns them from our checks
const connectMS = 10_000;
const mostTries = 6;
const opus = { usedtx: "1", useinbandfec: "1" };

export type SpeakerState = "connecting" | "live" | "retrying" | "lost";

export interface SpeakerOptions {
  /** Resolves to the WHIP address once there is a seat. The connection is prepared meanwhile. */
  seat(): Promise<string>;
  token(): Promise<string>;
  microphone: Microphone;
  /** Whether the others are played from the start; else when `muted` is set to false. */
  muted: boolean;
  /** "lost" is final: the microphone is no longer sent. */
  state(state: SpeakerState): void;
}

/** Speaker is one person on stage: sends the microphone, plays the others, and connects again when the way is lost. */
export class Speaker {
  private peer: RTCPeerConnection | undefined;
  private slots: Slots | undefined;
  private session: { url: string; token: string } | undefined;
  private tries = 0;
  private retry = 0;
  private closed = false;
  private deaf: boolean;

  constructor(private readonly options: SpeakerOptions) {
    this.deaf = options.muted;
  }

  /** Throws Fault where the first try fails. */
  async start(): Promise<void> {
    this.options.state("connecting");
    await this.connect();
  }

  /** -dBov of a seat as it is heard now. */
  level(seat: number): number {
    return this.slots?.level(seat) ?? silence;
  }

  /** What is heard of the others now; undefined while nobody is. */
  get heard(): Heard | undefined {
    return this.slots?.heard;
  }

  /** Whether the others are decoded, but not played. */
  set muted(muted: boolean) {
    this.deaf = muted;
    if (this.slots) this.slots.muted = muted;
  }

  /** `over`: the room is, and the session with it. */
  async close(over = false): Promise<void> {
    this.closed = true;
    if (over) this.session = undefined;
    clearTimeout(this.retry);
    await this.hangUp();
    this.options.microphone.close();
  }

  private async connect(): Promise<void> {
    const peer = new RTCPeerConnection({ bundlePolicy: "max-bundle" });
    this.peer = peer;
    peer.addTransceiver(this.options.microphone.track, { direction: "sendonly" });
    const receivers = Array.from({ length: slotCount }, () => peer.addTransceiver("audio", { direction: "recvonly" }).receiver);
    this.slots = new Slots(receivers, this.deaf);
    await peer.setLocalDescription();
    await gathered(peer);
    const url = await this.options.seat();
    const token = await this.options.token();
    const whip = await postOffer(url, token, preferOpus(peer.localDescription!.sdp, opus));
    this.session = { url: whip.session, token };
    if (this.closed || this.peer !== peer) return void endSession(whip.session, token);
    try {
      // What the answer prefers is what our encoder does.
      await peer.setRemoteDescription({ type: "answer", sdp: preferOpus(whip.answer, opus) });
      await connected(peer);
    } catch (fault) {
      await this.hangUp();
      throw fault instanceof Fault ? fault : new Fault("bad_sdp", "the answer cannot be used");
    }
    this.tries = 0;
    peer.onconnectionstatechange = () => this.watch(peer);
    this.options.state("live");
  }

  /** A way that is interrupted often comes back by itself. */
  private watch(peer: RTCPeerConnection): void {
    if (peer !== this.peer) return;
    switch (peer.connectionState) {
      case "connected": return this.options.state("live");
      case "disconnected": return this.options.state("retrying");
      case "failed": return this.again();
    }
  }

  private again(): void {
    if (this.closed) return;
    if (this.tries >= mostTries) return this.options.state("lost");
    this.options.state("retrying");
    void this.hangUp();
    this.retry = setTimeout(() => void this.connect().catch((fault: unknown) => this.failed(fault)), backOff(this.tries++, Math.random()));
  }

  private failed(fault: unknown): void {
    const final = ["not_seated", "forbidden", "removed", "ended", "not_live", "not_found"];
    if (fault instanceof Fault && final.includes(fault.code)) this.tries = mostTries;
    this.again();
  }

  private async hangUp(): Promise<void> {
    const { peer, slots, session } = this;
    this.peer = this.slots = this.session = undefined;
    slots?.close();
    if (session) await endSession(session.url, session.token); // first: a closed connection ends it without our word
    peer?.close();
  }
}

function gathered(peer: RTCPeerConnection): Promise<void> {
  return new Promise((resolve) => {
    if (peer.iceGatheringState === "complete") return resolve();
    peer.addEventListener("icegatheringstatechange", () => {
      if (peer.iceGatheringState === "complete") resolve();
    });
    setTimeout(resolve, gatherMS);
  });
}

/** Resolves once sound can flow. */
function connected(peer: RTCPeerConnection): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Fault("no_media", "no way to the SFU")), connectMS);
    const look = () => {
      if (peer.connectionState === "connected") resolve();
      else if (peer.connectionState === "failed") reject(new Fault("no_media", "no way to the SFU"));
      else return;
      clearTimeout(timer);
    };
    peer.addEventListener("connectionstatechange", look);
    look();
  });
}
