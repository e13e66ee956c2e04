// The SDK: everything that a page needs to list rooms, listen, ask to speak, speak and moderate. The app under app/ uses
// nothing else.
export { Client } from "./api/client";
export { Fault, codeOf } from "./api/fault";
export { roomCard } from "./api/card";
export type { Guest, Joined, NewRoom, Room, User } from "./api/types";
export { capability } from "./listen/capability";
export type { Capability, Missing } from "./listen/capability";
export type { Admission, ConnectionState } from "./listen/connection";
export type { Door } from "./listen/door";
export { Listener } from "./listen/listener";
export { compare as comparePositions } from "./listen/message";
export type { HandMode, Policy, Position, RoomState, Role, Seat, StageChange } from "./listen/message";
export { OggPlayer } from "./listen/ogg";
export { Player } from "./listen/player";
export { silence } from "./listen/schedule";
export type { Stage } from "./listen/stage";
export { Microphone } from "./speak/microphone";
export type { Heard } from "./speak/slots";
export { Speaker } from "./speak/speaker";
export type { SpeakerState } from "./speak/speaker";
export type { Answer } from "./stage/commands";
export { Events } from "./stage/events";
export type { EventsState } from "./stage/events";
export type { Fold, FoldedSeat } from "./stage/fold";
export type { Command, Hand, Invitation, Invite, StageEvent, You } from "./stage/message";
