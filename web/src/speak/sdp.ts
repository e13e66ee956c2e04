/**
 * Asks in a session description for Opus with these format parameters: what a receiver prefers to get (RFC 7587
 * section 6.1). Parameters that are there are replaced. Works on offers and answers with any payload type.
 */
export function preferOpus(sdp: string, wish: Record<string, string>): string {
  const end = sdp.includes("\r\n") ? "\r\n" : "\n";
  const lines = sdp.split(end);
  const types = new Set<string>();
  for (const line of lines) {
    const type = /^a=rtpmap:(\d+) opus\/48000/i.exec(line)?.[1];
    if (type) types.add(type);
  }
  const out: string[] = [];
  for (const section of sections(lines)) out.push(...inSection(section, types, wish));
  return out.join(end);
}

function sections(lines: string[]): string[][] {
  const out: string[][] = [[]];
  for (const line of lines) {
    if (line.startsWith("m=")) out.push([]);
    out[out.length - 1]!.push(line);
  }
  return out;
}

function inSection(lines: string[], types: Set<string>, wish: Record<string, string>): string[] {
  const described = new Set<string>();
  const out = lines.map((line) => {
    const [, type, parameters] = /^a=fmtp:(\d+) (.*)$/.exec(line) ?? [];
    if (type === undefined || !types.has(type)) return line;
    described.add(type);
    return `a=fmtp:${type} ${merge(parameters!, wish)}`;
  });
  return out.flatMap((line) => {
    const type = /^a=rtpmap:(\d+) /.exec(line)?.[1];
    if (type === undefined || !types.has(type) || described.has(type)) return [line];
    return [line, `a=fmtp:${type} ${merge("", wish)}`];
  });
}

function merge(parameters: string, wish: Record<string, string>): string {
  const kept = parameters.split(";").map((p) => p.trim()).filter((p) => p !== "" && !(p.split("=")[0]! in wish));
  return [...kept, ...Object.entries(wish).map(([name, value]) => `${name}=${value}`)].join(";");
}
