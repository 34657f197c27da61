// Signs requests as every AWS client does. Source: AWS General Reference, Signature Version 4 signing process.

import { hex, hmac, sha256 } from "./sha256";

export interface Credentials {
  accessKeyId: string;
  secretAccessKey: string;
  region: string;
}

export interface Unsigned {
  service: string;
  method: string;
  path: string;
  query: [string, string][];
  body: string;
}

const ALGORITHM = "AWS4-HMAC-SHA256";
const utf8 = new TextEncoder();

/** Returns a text as it may stand in a path or a query: only unreserved characters stay. */
export function quoted(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** Returns the query in the order in which it is signed. */
export function queryText(query: [string, string][]): string {
  return query
    .map(([name, value]) => `${quoted(name)}=${quoted(value)}`)
    .sort()
    .join("&");
}

/**
 * Returns the headers that sign a request. `path` is given encoded, as it is sent. `id` is of this request alone, so that
 * two like ones in a second have two signatures: a signature changes something once.
 */
export function signed(
  request: Unsigned,
  who: Credentials,
  host: string,
  at: Date,
  id: string,
): Record<string, string> {
  const stamp = at.toISOString().replace(/[-:]|\.\d{3}/g, "");
  const scope = `${stamp.slice(0, 8)}/${who.region}/${request.service}/aws4_request`;
  const names = "amz-sdk-invocation-id;host;x-amz-date";
  const canonical = [
    request.method,
    request.path.split("/").map(quoted).join("/"), // every service but s3 signs the path encoded once more
    queryText(request.query),
    `amz-sdk-invocation-id:${id}\nhost:${host}\nx-amz-date:${stamp}\n`,
    names,
    hex(sha256(utf8.encode(request.body))),
  ].join("\n");
  const text = [ALGORITHM, stamp, scope, hex(sha256(utf8.encode(canonical)))].join("\n");
  const key = [stamp.slice(0, 8), who.region, request.service, "aws4_request"].reduce(
    (secret, part) => hmac(secret, utf8.encode(part)),
    utf8.encode(`AWS4${who.secretAccessKey}`) as Uint8Array,
  );
  const signature = hex(hmac(key, utf8.encode(text)));
  return {
    "amz-sdk-invocation-id": id,
    "x-amz-date": stamp,
    authorization: `${ALGORITHM} Credential=${who.accessKeyId}/${scope}, SignedHeaders=${names}, Signature=${signature}`,
  };
}
