// One request to the service that served this page: signed, sent, and its error as a value of one kind.

import { hex } from "./sha256";
import { queryText, signed, type Credentials, type Unsigned } from "./sigv4";

export type { Credentials } from "./sigv4";

/** What the service answered instead of what was asked for. `code` is empty when nobody answered. */
export class ApiError extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly status: number,
  ) {
    super(message);
  }
}

/** A simulated clock may run away from that of the browser; the service says what it is there. */
const CLOCK_OF_SERVICE = /not valid at (\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z/;
let skewMs = 0;

/** Sends a signed request and returns the answer, whatever it is. Throws: ApiError, when nobody answers. */
export async function send(who: Credentials, request: Unsigned, signal?: AbortSignal): Promise<Response> {
  const query = queryText(request.query);
  const url = query ? `${request.path}?${query}` : request.path;
  const headers = signed(request, who, window.location.host, new Date(Date.now() + skewMs), drawn());
  const body = request.body || undefined;
  const type = request.service === "ec2" || request.service === "iam";
  headers["content-type"] = type ? "application/x-www-form-urlencoded" : "application/json";
  try {
    return await fetch(url, { method: request.method, headers, body, signal, cache: "no-store" });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError("", String(error), 0);
  }
}

/** Returns an id that no other request has. `crypto.randomUUID` is not there without TLS. */
function drawn(): string {
  return hex(crypto.getRandomValues(new Uint8Array(16)));
}

/** Sends a signed request and returns the answer of success. Throws: ApiError. */
export async function answered(who: Credentials, request: Unsigned, signal?: AbortSignal): Promise<Response> {
  let answer = await send(who, request, signal);
  if (answer.status === 403) {
    const clock = CLOCK_OF_SERVICE.exec(await answer.clone().text());
    if (clock) {
      const [year, month, day, hour, minute, second] = clock.slice(1).map(Number);
      skewMs = Date.UTC(year, month - 1, day, hour, minute, second) - Date.now();
      answer = await send(who, request, signal);
    }
  }
  if (!answer.ok) throw await refusal(answer);
  return answer;
}

async function refusal(answer: Response): Promise<ApiError> {
  const text = await answer.text();
  const code = (answer.headers.get("x-amzn-errortype") ?? "").split(":")[0];
  if (text.startsWith("<")) {
    const xml = new DOMParser().parseFromString(text, "application/xml");
    const said = (name: string) => xml.getElementsByTagName(name)[0]?.textContent ?? "";
    return new ApiError(code || said("Code"), said("Message"), answer.status);
  }
  try {
    const { message } = JSON.parse(text) as { message?: string };
    return new ApiError(code, message ?? text, answer.status);
  } catch {
    return new ApiError(code, text || answer.statusText, answer.status);
  }
}
