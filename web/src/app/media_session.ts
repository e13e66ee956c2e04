import { t } from "../text/text";
import type { Session } from "./session";

/** Tells the lock screen and the headset's button what plays, and lets them pause it. */
export function showMediaSession(session: Session): void {
  const media = navigator.mediaSession;
  if (!media) return;
  media.metadata = new MediaMetadata({
    title: session.room.title, artist: session.room.host.name, album: t("app.name"),
    artwork: [{ src: new URL("icon.svg", document.baseURI).href, sizes: "any", type: "image/svg+xml" }],
  });
  media.setActionHandler("pause", () => { if (session.place === "listening") session.pause(); });
  media.setActionHandler("play", () => { if (session.place === "paused") session.resume(); });
}

export function clearMediaSession(): void {
  const media = navigator.mediaSession;
  if (!media) return;
  media.metadata = null;
  media.setActionHandler("pause", null);
  media.setActionHandler("play", null);
}
