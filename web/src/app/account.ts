import { codeOf, Fault } from "../sdk";
import type { Client, Guest, User } from "../sdk";

const key = "rostrum.guest";
const renewMS = 10 * 60_000; // before a token runs out
/** What a refresh token is refused with for good. */
const spent = ["unauthenticated", "expired", "forbidden", "not_found", "invalid"];

/**
 * Account is the person on this device: a guest, remembered with name and tokens. A token that runs out is renewed; only
 * where that is refused is the guest made anew, under the same name.
 */
export class Account {
  private guest: Guest | undefined = load();
  private making: Promise<Guest> | undefined;
  private refused = "";

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
      await this.once(() => this.create(name));
    }
    return (await this.fresh()).access_token;
  }

  async rename(): Promise<void> {
    const name = await this.askName(this.guest?.user.name ?? "");
    if (name !== undefined && name !== this.guest?.user.name) await this.once(() => this.create(name));
  }

  /** The token was refused: the next call gets another one. */
  refuse(): void {
    this.refused = this.guest?.access_token ?? "";
  }

  private async fresh(): Promise<Guest> {
    return this.isGood(this.guest!) ? this.guest! : this.once(() => this.renew());
  }

  private isGood(guest: Guest): boolean {
    return guest.access_token !== this.refused && Date.parse(guest.expires_at) - Date.now() > renewMS;
  }

  /** A refresh token is good for one renewal, and other tabs have the same one: one at a time, the newest known. */
  private renew(): Promise<Guest> {
    return exclusively(async () => {
      const stored = load();
      if (stored && stored.user.id === this.guest!.user.id) this.guest = stored;
      const guest = this.guest!;
      if (this.isGood(guest)) return guest;
      if (!guest.refresh_token) return this.create(guest.user.name);
      try {
        return this.keep({ ...guest, ...await this.client.refresh(guest.refresh_token) });
      } catch (fault) {
        if (!spent.includes(codeOf(fault))) throw fault;
        return this.create(guest.user.name);
      }
    });
  }

  private async create(name: string): Promise<Guest> {
    return this.keep(await this.client.createGuest(name));
  }

  private keep(guest: Guest): Guest {
    this.guest = guest;
    save(guest);
    return guest;
  }

  private once(make: () => Promise<Guest>): Promise<Guest> {
    this.making ??= make().finally(() => { this.making = undefined; });
    return this.making;
  }
}

/** Runs alone among all tabs, where the browser has a lock for that. */
function exclusively<T>(run: () => Promise<T>): Promise<T> {
  return navigator.locks ? navigator.locks.request(key, run) as Promise<T> : run();
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
