import { Fault } from "../api/fault";
import { intent } from "../api/client";
import type { Position } from "../listen/message";
import type { Command, ServerMessage } from "./message";

const mostWaiting = 16; // docs/protocol.md section 10.3
const answerMS = 20_000;

/** What a command did: from this position on the stage has it. */
export interface Answer {
  position: Position | undefined;
  place: number;
}

interface Waiting {
  text: string;
  sent: boolean;
  timer: number;
  resolve(answer: Answer): void;
  reject(fault: Fault): void;
}

/**
 * Commands waits for the answers to what was asked. A command whose answer was lost with its connection is sent again
 * with its id, so that it happens once.
 */
export class Commands {
  private readonly waiting = new Map<string, Waiting>();
  private send: ((text: string) => void) | undefined;

  get idle(): boolean {
    return this.waiting.size === 0;
  }

  /** Throws Fault: what the stage refused, "timeout", or why the connection ended for good. */
  do(command: Command): Promise<Answer> {
    const id = intent();
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.settle(id)?.reject(new Fault("timeout", "no answer in time")), answerMS);
      this.waiting.set(id, { text: JSON.stringify({ type: "command", id, ...command }), sent: false, timer, resolve, reject });
      this.flush();
    });
  }

  /** A connection that takes commands stands: all that wait go over it. */
  connected(send: (text: string) => void): void {
    this.send = send;
    for (const command of this.waiting.values()) command.sent = false;
    this.flush();
  }

  disconnected(): void {
    this.send = undefined;
  }

  answered(message: ServerMessage & { type: "answer" }): void {
    const command = this.settle(message.id);
    if (message.error) {
      command?.reject(new Fault(message.error.code, message.error.message, message.error.retry_after_ms));
    } else {
      command?.resolve({ position: message.position, place: message.place ?? 0 });
    }
    this.flush();
  }

  /** Nothing more will be answered. */
  stop(code: string): void {
    this.send = undefined;
    for (const id of [...this.waiting.keys()]) this.settle(id)?.reject(new Fault(code, "the stage was left"));
  }

  private flush(): void {
    if (!this.send) return;
    let flying = 0;
    for (const command of this.waiting.values()) {
      if (++flying > mostWaiting) return;
      if (!command.sent) this.send(command.text);
      command.sent = true;
    }
  }

  private settle(id: string): Waiting | undefined {
    const command = this.waiting.get(id);
    clearTimeout(command?.timer);
    this.waiting.delete(id);
    return command;
  }
}
