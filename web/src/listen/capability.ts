/** What a browser lacks, as codes of the text catalogue. */
export type Missing = "secure_context" | "webcodecs" | "audio_worklet" | "microphone" | "webrtc";

export interface Capability {
  /** Batches can be decoded and played; otherwise listen.ogg is the way. */
  batches: boolean;
  speak: boolean;
  missing: Missing[];
}

/** Says what this browser, on this page's address, can do. Plain http from another machine has the least. */
export function capability(): Capability {
  const missing: Missing[] = [];
  if (!isSecureContext) missing.push("secure_context");
  if (typeof AudioDecoder === "undefined") missing.push("webcodecs");
  if (typeof AudioWorkletNode === "undefined") missing.push("audio_worklet");
  if (!navigator.mediaDevices?.getUserMedia) missing.push("microphone");
  if (typeof RTCPeerConnection === "undefined") missing.push("webrtc");
  const lacks = (...of: Missing[]) => of.some((what) => missing.includes(what));
  return { batches: !lacks("webcodecs", "audio_worklet"), speak: !lacks("microphone", "webrtc"), missing };
}
