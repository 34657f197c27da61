// What the service says of a draft before anything is made: names that are taken, roles, subnets, instance types.

import { useEffect, useRef, useState } from "react";
import { useWho } from "../../app/session";
import { ApiError } from "../../aws/client";
import type { Inputs } from "../../aws/model.generated";
import { call } from "../../aws/operations";
import { judgeable, typedFaults, type Draft, type Faults, type Member } from "./draft";

/** How long one has typed nothing before the service is asked. */
const REST_MS = 300;

interface Answer {
  request: Inputs["ValidateNodegroup"];
  told: Faults;
  /** Why nothing was told. */
  error?: ApiError;
}

export interface Validation {
  /** What is wrong, member by member: what was typed, and what the service told of it. */
  faults: Faults;
  error?: ApiError;
  /** Asks the service now and returns what is wrong with the draft as it is. */
  ask: () => Promise<Faults>;
}

export function useValidation(cluster: string, draft: Draft): Validation {
  const who = useWho();
  const [answer, setAnswer] = useState<Answer>();
  const typed = typedFaults(draft);
  const request = judgeable(cluster, draft, typed);
  const key = JSON.stringify(request);
  const newest = useRef(key);
  newest.current = key;

  const ask = async (): Promise<Faults> => {
    const found: Answer = { request, told: {} };
    try {
      const { refusals } = await call(who, "ValidateNodegroup", request);
      for (const each of refusals ?? []) found.told[each.member as Member] = each.message;
    } catch (failure) {
      found.error = failure instanceof ApiError ? failure : new ApiError("", String(failure), 0);
    }
    if (newest.current === key) setAnswer(found);
    return { ...found.told, ...typed };
  };
  useEffect(() => {
    const timer = setTimeout(() => void ask(), REST_MS);
    return () => clearTimeout(timer);
    // What is asked is all in the key.
  }, [who, key]);

  // What was said of a member holds until that member changes, so that typing in one field moves no other.
  const same = (member: Member) => JSON.stringify(answer?.request[member]) === JSON.stringify(request[member]);
  const told = Object.entries(answer?.told ?? {}).filter(([member]) => same(member as Member));
  return { faults: { ...Object.fromEntries(told), ...typed }, error: answer?.error, ask };
}
