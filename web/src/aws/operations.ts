// Calls an operation of EKS or of our own model by its name: where each member goes is read from the model.

import { OPERATIONS, type Inputs, type OperationName, type Outputs } from "./model.generated";
import { answered, type Credentials } from "./client";
import { quoted } from "./sigv4";

type Members = Record<string, unknown>;

/** Calls an operation. Throws: ApiError. */
export async function call<Name extends OperationName>(
  who: Credentials,
  name: Name,
  input: Inputs[Name],
  signal?: AbortSignal,
): Promise<Outputs[Name]> {
  const { service, method, uri, places } = OPERATIONS[name] as {
    service: string;
    method: string;
    uri: string;
    places: Record<string, [string, string]>;
  };
  let path = uri;
  const query: [string, string][] = [];
  const body: Members = {};
  for (const [member, value] of Object.entries(input as Members)) {
    if (value === undefined) continue;
    const [where, as] = places[member] ?? ["body", member];
    if (where === "uri") path = path.replace(`{${as}}`, quoted(String(value)));
    else if (where === "querystring")
      for (const each of Array.isArray(value) ? value : [value]) query.push([as, String(each)]);
    else body[as] = value;
  }
  const hasBody = method === "POST" || method === "PUT";
  const request = { service, method, path, query, body: hasBody ? JSON.stringify(body) : "" };
  const answer = await answered(who, request, signal);
  return (await answer.json()) as Outputs[Name];
}

/** Returns the items of every page of a list operation. */
export async function all<Name extends OperationName, Item>(
  who: Credentials,
  name: Name,
  input: Inputs[Name],
  items: (output: Outputs[Name]) => Item[] | undefined,
  signal?: AbortSignal,
): Promise<Item[]> {
  const found: Item[] = [];
  let nextToken: string | undefined;
  do {
    const output: Outputs[Name] = await call(who, name, { ...input, nextToken }, signal);
    found.push(...(items(output) ?? []));
    nextToken = (output as { nextToken?: string }).nextToken ?? undefined;
  } while (nextToken);
  return found;
}
