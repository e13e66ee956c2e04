import { Fault } from "../sdk";
import type { Client, Guest, User } from "../sdk";

const key = "rostrum.guest";
const renewMS = 10 * 60_000; // before a token runs out

/** Account is the person on this device: a guest, remembered with name and token, made anew when the token runs out. */
export class Account {
  private guest: Guest | undefined = load();
  private making: Promise<Guest> | undefined;

  /** `askName` asks the person; undefined where they would rather not say. */
  constructor(private readonly client: Client, private readonly askName: (known: string) => Promise<string | undefined>) {}

  get user(): User | undefined {
    return this.guest?.user;
  }

  /** A token if there is one already. */
  async known(): Promise<string | undefined> {
    return this.guest && (await this.fresh()).access_token;
  }

  /** A token; asks for a name where none is known. Throws Fault "unnamed" if the person does not say. */
  async token(): Promise<string> {
    if (!this.guest) {
      const name = await this.askName("");
      if (name === undefined) throw new Fault("unnamed", "no name was given");
      await this.create(name);
    }
    return (await this.fresh()).access_token;
  }

  async rename(): Promise<void> {
    const name = await this.askName(this.guest?.user.name ?? "");
    if (name !== undefined && name !== this.guest?.user.name) await this.create(name);
  }

  /** The token was refused: the next call makes a new one for the same name. */
  refuse(): void {
    if (this.guest) this.guest.expires_at = new Date(0).toISOString();
  }

  private async fresh(): Promise<Guest> {
    const guest = this.guest!;
    return Date.parse(guest.expires_at) - Date.now() > renewMS ? guest : this.create(guest.user.name);
  }

  private create(name: string): Promise<Guest> {
    this.making ??= this.client.createGuest(name).then((guest) => {
      this.guest = guest;
      save(guest);
      return guest;
    }).finally(() => { this.making = undefined; });
    return this.making;
  }
}

function load(): Guest | undefined {
  try {
    const guest = JSON.parse(localStorage.getItem(key) ?? "null") as Guest | null;
    return guest && guest.user.name && guest.access_token && guest.expires_at ? guest : undefined;
  } catch {
    return undefined; // no storage, or not ours
  }
}

function save(guest: Guest): void {
  try {
    localStorage.setItem(key, JSON.stringify(guest));
  } catch {
    // A page without storage asks again next time.
  }
}
