// Who signs the requests of this tab. Keys live in memory only: a reload asks for them again.

import { createContext, useContext } from "react";
import { ApiError, type Credentials } from "../aws/client";
import { call } from "../aws/operations";

/** Signs where nobody verifies; the service puts such a caller into its own account. */
export const ANYBODY = { accessKeyId: "console", secretAccessKey: "not-verified" };
const REGION = "nodeyard.region";
const DEFAULT_REGION = "us-east-1";
export const REGIONS = [
  "us-east-1", "us-east-2", "us-west-1", "us-west-2", "ca-central-1", "sa-east-1",
  "eu-central-1", "eu-west-1", "eu-west-2", "eu-west-3", "eu-north-1", "eu-south-1",
  "ap-east-1", "ap-northeast-1", "ap-northeast-2", "ap-south-1", "ap-southeast-1", "ap-southeast-2",
  "me-south-1", "af-south-1", "cn-north-1", "cn-northwest-1", "us-gov-east-1", "us-gov-west-1",
]; // prettier-ignore

export interface Session {
  who: Credentials;
  /** False: the service takes any signature, and there is nothing to sign out of. */
  keyed: boolean;
  signOut: () => void;
  setRegion: (region: string) => void;
}

export const SessionContext = createContext<Session | null>(null);

export function useSession(): Session {
  const session = useContext(SessionContext);
  if (session === null) throw new Error("a page is shown without a session");
  return session;
}

export function useWho(): Credentials {
  return useSession().who;
}

export function rememberedRegion(): string {
  return localStorage.getItem(REGION) ?? DEFAULT_REGION;
}

export function rememberRegion(region: string): void {
  localStorage.setItem(REGION, region);
}

/**
 * Returns whether the service takes these credentials, whatever they may do there.
 * Throws: ApiError, when it is not a matter of them.
 */
export async function accepted(who: Credentials): Promise<boolean> {
  try {
    await call(who, "ListClusters", { maxResults: 1 });
    return true;
  } catch (error) {
    if (error instanceof ApiError && error.code === "AccessDeniedException") return true;
    if (error instanceof ApiError && error.status === 403) return false;
    throw error;
  }
}
