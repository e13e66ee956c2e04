// The SDK: everything that a page needs to list rooms, listen and speak. The app under app/ uses nothing else.
export { Client } from "./api/client";
export { Fault, codeOf } from "./api/fault";
export { roomCard } from "./api/card";
export type { Guest, Joined, NewRoom, Room, User } from "./api/types";
export { capability } from "./listen/capability";
export type { Capability, Missing } from "./listen/capability";
export type { Admission, ConnectionState } from "./listen/connection";
export type { Door } from "./listen/door";
export { Listener } from "./listen/listener";
export type { RoomState, Role, Seat, StageChange } from "./listen/message";
export { OggPlayer } from "./listen/ogg";
export { Player } from "./listen/player";
export { silence } from "./listen/schedule";
export type { Stage } from "./listen/stage";
export { Microphone } from "./speak/microphone";
export { Speaker } from "./speak/speaker";
export type { SpeakerState } from "./speak/speaker";
