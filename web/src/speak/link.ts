import { Fault } from "../api/fault";
import { preferOpus } from "./sdp";
import { Slots } from "./slots";
import { endSession, postOffer } from "./whip";

const slotCount = 8;
const gatherMS = 300; // our own candidates are a hint only: the SFU learns them from our checks
const connectMS = 10_000;
const partingMS = 1_000;
const opus = { usedtx: "1", useinbandfec: "1" };

export interface LinkOptions {
  /** Resolves to the WHIP address once there is a seat. The connection is prepared meanwhile. */
  seat(): Promise<string>;
  token(): Promise<string>;
  track: MediaStreamTrack;
  /** The SFU has taken the offer. */
  answered(): void;
}

/** Link is one session with a room's SFU: a microphone goes out, the others come in, unheard until `muted` is set to false. */
export class Link {
  /** The state of the connection is another. */
  onstate: () => void = () => undefined;
  readonly slots: Slots;
  private readonly peer = new RTCPeerConnection({ bundlePolicy: "max-bundle" });
  private readonly microphone: RTCRtpSender;
  private session: { url: string; token: string } | undefined;

  private constructor(track: MediaStreamTrack) {
    this.microphone = this.peer.addTransceiver(track, { direction: "sendonly" }).sender;
    const receivers = Array.from({ length: slotCount }, () => this.peer.addTransceiver("audio", { direction: "recvonly" }).receiver);
    this.slots = new Slots(receivers, true);
    this.peer.onconnectionstatechange = () => this.onstate();
  }

  /** Resolves once sound can flow. Throws Fault; one that was given up with `signal` leaves nothing behind. */
  static async open(options: LinkOptions, signal: AbortSignal): Promise<Link> {
    const link = new Link(options.track);
    try {
      await link.connect(options, signal);
      return link;
    } catch (fault) {
      void link.hangUp();
      throw fault instanceof Fault ? fault : new Fault("bad_sdp", "the answer cannot be used");
    }
  }

  get state(): RTCPeerConnectionState {
    return this.peer.connectionState;
  }

  /**
   * How many packets, checks and answers to checks have come so far. Undefined where the browser does not count checks: without
   * them a stage on which nobody talks looks like a connection that is gone.
   */
  async received(): Promise<number | undefined> {
    if (this.state === "closed") return undefined;
    let checks: number | undefined, packets = 0;
    for (const report of (await this.microphone.getStats()).values()) {
      if (report.type === "transport") packets += report.packetsReceived ?? 0;
      if (report.type !== "candidate-pair" || report.requestsReceived === undefined) continue;
      checks = (checks ?? 0) + report.requestsReceived + (report.responsesReceived ?? 0);
    }
    return checks === undefined ? undefined : packets + checks;
  }

  /** Ends the connection. The session ends with it, or when the SFU misses it. */
  close(): void {
    this.onstate = () => undefined;
    this.session = undefined;
    this.slots.close();
    this.peer.close();
  }

  /** Ends session and connection. */
  async hangUp(): Promise<void> {
    const { session } = this;
    this.session = undefined;
    this.slots.close();
    // First: a closed connection ends the session without our word.
    if (session) await Promise.race([endSession(session.url, session.token), after(partingMS)]);
    this.close();
  }

  private async connect(options: LinkOptions, signal: AbortSignal): Promise<void> {
    await this.peer.setLocalDescription();
    await this.gathered();
    const url = await options.seat();
    const token = await options.token();
    const whip = await postOffer(url, token, preferOpus(this.peer.localDescription!.sdp, opus), signal);
    this.session = { url: whip.session, token };
    options.answered();
    // What the answer prefers is what our encoder does.
    await this.peer.setRemoteDescription({ type: "answer", sdp: preferOpus(whip.answer, opus) });
    await this.connected(signal);
  }

  private gathered(): Promise<void> {
    return new Promise((resolve) => {
      if (this.peer.iceGatheringState === "complete") return resolve();
      this.peer.addEventListener("icegatheringstatechange", () => {
        if (this.peer.iceGatheringState === "complete") resolve();
      });
      setTimeout(resolve, gatherMS);
    });
  }

  private connected(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const fail = () => reject(new Fault("no_media", "no way to the SFU"));
      const timer = setTimeout(fail, connectMS);
      signal.addEventListener("abort", fail);
      const look = () => {
        if (this.state === "connected") resolve();
        else if (this.state === "failed" || signal.aborted) fail();
        else return;
        clearTimeout(timer);
      };
      this.peer.addEventListener("connectionstatechange", look);
      look();
    });
  }
}

function after(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
