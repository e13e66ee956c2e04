/**
 * Tells iPhones and iPads what the sound is for (https://www.w3.org/TR/audio-session): media is not muted by the ring
 * switch, and goes on beside a microphone. Other browsers know no difference.
 */
export function useAudioSession(type: "playback" | "play-and-record"): void {
  const session = (navigator as { audioSession?: { type: string } }).audioSession;
  if (session) session.type = type;
}
