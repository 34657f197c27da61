// The whole console: language, session, navigation, and the page of the route, each loaded when it is shown.

import { lazy, Suspense, useEffect, useMemo, useState } from "react";
import { I18nProvider, type I18nProviderProps } from "@cloudscape-design/components/i18n";
import { ApiError } from "../aws/client";
import { speaking, Tongue, type Language } from "../strings";
import { usePreferences } from "./preferences";
import { useRoute, type Route } from "./route";
import { accepted, ANYBODY, rememberedRegion, rememberRegion, SessionContext, type Session } from "./session";
import { TopBar } from "./top-bar";

const Clusters = lazy(() => import("../pages/clusters"));
const ClusterPage = lazy(() => import("../pages/cluster"));
const AddPage = lazy(() => import("../pages/add"));
const NodegroupPage = lazy(() => import("../pages/nodegroup"));
const EditPage = lazy(() => import("../pages/edit"));
const UpdatePage = lazy(() => import("../pages/update"));
const ProgressPage = lazy(() => import("../pages/progress"));
const NowherePage = lazy(() => import("../pages/nowhere"));
const SignIn = lazy(() => import("../pages/sign-in"));

type Messages = I18nProviderProps["messages"];
const MESSAGES: Record<Language, () => Promise<{ default: unknown }>> = {
  en: () => import("@cloudscape-design/components/i18n/messages/all.en.json"),
  "zh-CN": () => import("@cloudscape-design/components/i18n/messages/all.zh-CN.json"),
};

function useMessages(language: Language): Messages {
  const [messages, setMessages] = useState<Messages>([]);
  useEffect(() => {
    let mine = true;
    void MESSAGES[language]().then((loaded) => mine && setMessages([loaded.default] as Messages));
    return () => {
      mine = false;
    };
  }, [language]);
  return messages;
}

type Keys = { accessKeyId: string; secretAccessKey: string };
/** What is known of who may call: nothing yet, that keys are needed, or with which. */
type Door = { state: "asking" } | { state: "locked" } | { state: "open"; keys: Keys };

export function App() {
  const preferences = usePreferences();
  const { language } = preferences;
  const messages = useMessages(language);
  const say = useMemo(() => speaking(language), [language]);
  const [door, setDoor] = useState<Door>({ state: "asking" });
  const [region, setRegionState] = useState(rememberedRegion);
  const route = useRoute();

  useEffect(() => {
    accepted({ ...ANYBODY, region }).then(
      (open) => setDoor(open ? { state: "open", keys: ANYBODY } : { state: "locked" }),
      (error: unknown) => {
        // Nobody answers: the pages say so, and try again.
        if (error instanceof ApiError) setDoor({ state: "open", keys: ANYBODY });
      },
    );
    // Asked once: whether keys are needed does not depend on the Region.
  }, []);

  const setRegion = (next: string) => (rememberRegion(next), setRegionState(next));
  const keys = door.state === "open" ? door.keys : undefined;
  const session = useMemo<Session | null>(
    () =>
      keys
        ? { who: { ...keys, region }, keyed: keys !== ANYBODY, setRegion, signOut: () => setDoor({ state: "locked" }) }
        : null,
    [keys, region],
  );
  useEffect(() => {
    document.title = [titleOf(route), "Nodeyard"].filter(Boolean).join(" · ");
  }, [route]);

  return (
    <I18nProvider locale={language} messages={messages}>
      <Tongue.Provider value={{ say, language }}>
        <TopBar preferences={preferences} region={region} setRegion={setRegion} session={session} />
        <SessionContext.Provider value={session}>
          <Suspense fallback={<p role="status">{say("loading")}</p>}>
            {door.state === "locked" && (
              <SignIn region={region} onSignedIn={(signedIn) => setDoor({ state: "open", keys: signedIn })} />
            )}
            {session && <Page route={route} />}
          </Suspense>
        </SessionContext.Provider>
      </Tongue.Provider>
    </I18nProvider>
  );
}

function titleOf(route: Route): string {
  if ("nodegroup" in route) return route.nodegroup;
  return "cluster" in route ? route.cluster : "";
}

function Page(props: { route: Route }) {
  const { route } = props;
  switch (route.page) {
    case "clusters":
      return <Clusters />;
    case "cluster":
      return <ClusterPage key={route.cluster} name={route.cluster} />;
    case "add":
      return <AddPage key={route.cluster} cluster={route.cluster} />;
    case "nodegroup":
      return <NodegroupPage key={`${route.cluster}/${route.nodegroup}`} cluster={route.cluster} name={route.nodegroup} />;
    case "edit":
      return <EditPage key={`${route.cluster}/${route.nodegroup}`} cluster={route.cluster} name={route.nodegroup} />;
    case "update":
      return <UpdatePage key={`${route.cluster}/${route.nodegroup}`} cluster={route.cluster} name={route.nodegroup} />;
    case "progress":
      return (
        <ProgressPage key={route.update} cluster={route.cluster} name={route.nodegroup} update={route.update} />
      );
    case "nowhere":
      return <NowherePage />;
  }
}
