// What the tests use of Node; its own types are not a dependency.
declare module "node:test" {
  export default function test(name: string, body: () => void | Promise<void>): void;
}

declare module "node:crypto" {
  export const webcrypto: Crypto;
}

declare module "node:fs" {
  export function existsSync(path: string): boolean;
  export function readFileSync(path: string, encoding: "utf8"): string;
}

declare module "node:assert/strict" {
  const assert: {
    equal(actual: unknown, expected: unknown, message?: string): void;
    deepEqual(actual: unknown, expected: unknown, message?: string): void;
    ok(value: unknown, message?: string): asserts value;
    throws(run: () => unknown, expected?: RegExp | (new (...a: never[]) => Error), message?: string): void;
    rejects(what: Promise<unknown>, expected?: (fault: { code?: string }) => boolean): Promise<void>;
  };
  export default assert;
}
