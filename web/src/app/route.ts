/** Where in the app one is: the part of the address after #. */
export type Route =
  | { page: "rooms" }
  | { page: "new" }
  | { page: "room"; room: string };

export function parseRoute(hash: string): Route {
  const path = hash.replace(/^#\/?/, "");
  if (path === "new") return { page: "new" };
  const room = /^rooms\/(rm_[0-9a-z]{20})$/.exec(path)?.[1];
  return room ? { page: "room", room } : { page: "rooms" };
}

export function hashOf(route: Route): string {
  switch (route.page) {
    case "rooms": return "#/";
    case "new": return "#/new";
    case "room": return `#/rooms/${route.room}`;
  }
}
