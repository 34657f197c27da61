// What the service tells in sentences, in the language that the reader chose.
//
// The service speaks English: its sentences are also in answers, logs and terminals. Here they are by their form;
// `{name}` stands for words that are told again by this table where they have a form of their own, `{name#}` for a
// number, `{name/}` for a namespace and name, `{name,}` for several, `{name~}` for a word, `{name:}` for minutes and
// seconds, and `(s)` for an s or none. What has no form here is shown as it came:
// the words of Kubernetes and of AWS. tests/tidy sees that no sentence of the service is missing.

import type { Language } from ".";

const FORMS: readonly (readonly [english: string, chinese: string])[] = [
  // Numbers and names.
  ["{n#} s", "{n} 秒"],
  ["{n#} min", "{n} 分钟"],
  ["{n#} min {m#} s", "{n} 分 {m} 秒"],
  ["{n#} pod(s)", "{n} 个 Pod"],
  ["{n#} healthy pod(s)", "{n} 个健康的 Pod"],
  ["{n#} node(s)", "{n} 个节点"],
  ["one node", "1 个节点"],
  ["{n#} run(s)", "{n} 次演练"],
  ["a new pod of {workload/}", "{workload} 的新 Pod"],
  ["{a/} and {b}", "{a} 和 {b}"],
  ["{a/}, {b}", "{a}、{b}"],
  ["{a} and {n#} more", "{a} 等，另有 {n} 个"],
  // What holds a pod, and what helps.
  ["pod {pod} cannot be evicted: {why}", "无法驱逐 Pod {pod}：{why}"],
  [
    "pod {pod} cannot be evicted yet: {counts}; evictions now and then are allowed",
    "暂时无法驱逐 Pod {pod}：{counts}；不时会允许驱逐",
  ],
  [
    "PodDisruptionBudget {budget} needs {needs} and has {has#}; with {demand} and {pods} it never allows an eviction",
    "PodDisruptionBudget {budget} 需要 {needs}，现有 {has} 个；在 {demand}、共 {pods} 的情况下，它永远不允许驱逐",
  ],
  [
    "PodDisruptionBudget {budget} needs {needs} and has {has#}, because no node takes {pods}: {why}",
    "PodDisruptionBudget {budget} 需要 {needs}，现有 {has} 个，因为没有节点能容纳 {pods}：{why}",
  ],
  [
    "PodDisruptionBudget {budget} needs {needs} and has {has#}, because {pods} is not Ready",
    "PodDisruptionBudget {budget} 需要 {needs}，现有 {has} 个，因为 {pods} 未就绪",
  ],
  [
    "PodDisruptionBudget {budget} needs {needs} and has {has#}, because {pods} are not Ready",
    "PodDisruptionBudget {budget} 需要 {needs}，现有 {has} 个，因为 {pods} 未就绪",
  ],
  ["PodDisruptionBudget {budget} needs {needs} and has {has#}", "PodDisruptionBudget {budget} 需要 {needs}，现有 {has} 个"],
  [
    "pod {pod} has {n#} PodDisruptionBudgets, {names}; the eviction API refuses such pods",
    "Pod {pod} 受 {n} 个 PodDisruptionBudget 约束：{names}；驱逐 API 会拒绝这样的 Pod",
  ],
  [
    "look for an admission webhook, or a budget that was deleted a moment ago; it is tried again",
    "请检查准入 webhook，或是否刚刚删除了中断预算；系统会重试",
  ],
  [
    "change the selectors so that one budget takes the pod, or delete the others",
    "请修改选择器，使该 Pod 只受一个中断预算约束，或删除其余的中断预算",
  ],
  [
    "make room for the pending pod: larger or more nodes, or a selector, toleration or volume that fits them",
    "请为等待调度的 Pod 腾出空间：更大或更多的节点，或与节点匹配的选择器、容忍或卷",
  ],
  [
    "make {pods} Ready, or set unhealthyPodEvictionPolicy: AlwaysAllow on the budget",
    "请让 {pods} 就绪，或在中断预算上设置 unhealthyPodEvictionPolicy: AlwaysAllow",
  ],
  [
    "wait for the pods that were evicted to become Ready elsewhere, or add a replica",
    "请等待被驱逐的 Pod 在其他节点上就绪，或增加一个副本",
  ],
  ["scale the workload to {n#} replicas", "将工作负载扩容到 {n} 个副本"],
  [
    "{more}, or replace minAvailable {share} of {budget} by maxUnavailable 1",
    "{more}，或将 {budget} 的 minAvailable {share} 替换为 maxUnavailable 1",
  ],
  [
    "replace minAvailable {share} of {budget} by maxUnavailable 1",
    "将 {budget} 的 minAvailable {share} 替换为 maxUnavailable 1",
  ],
  ["set maxUnavailable of {budget} to 1 or more", "将 {budget} 的 maxUnavailable 设为 1 或更大"],
  ["more replicas do not help", "增加副本没有用"],
  ["{more}, or lower minAvailable of {budget} to {m#}", "{more}，或将 {budget} 的 minAvailable 降到 {m}"],
  ["{more}, or set maxUnavailable of {budget} to 1", "{more}，或将 {budget} 的 maxUnavailable 设为 1"],
  [
    "the controller that set the finalizer must remove it; by hand: {command}",
    "设置该 finalizer 的控制器必须将其移除；手动移除：{command}",
  ],
  ["{what}, which ends after the limit of this drain", "{what}，其结束晚于本次排空的时限"],
  [
    "wait for its end, or end it now: {command}; for the next time shorten its terminationGracePeriodSeconds",
    "请等待其结束，或立即结束它：{command}；今后请缩短其 terminationGracePeriodSeconds",
  ],
  [
    "take the toleration of every taint from its owner, or scale that to zero",
    "请从其所属控制器中移除对所有污点的容忍，或将其缩容到零",
  ],
  [
    "wait for its end, or shorten its terminationGracePeriodSeconds",
    "请等待其结束，或缩短其 terminationGracePeriodSeconds",
  ],
  ["see what its owner does, or update with force", "请查看其所属控制器的行为，或强制更新"],
  ["pod {pod} is there although no budget holds it", "没有中断预算保护 Pod {pod}，但它仍在节点上"],
  // What a drain does with a pod.
  [
    "pod {pod} belongs to DaemonSet {owner} and goes with the node",
    "Pod {pod} 属于 DaemonSet {owner}，将随节点一起消失",
  ],
  [
    "pod {pod} is evicted with the data in its emptyDir volumes",
    "Pod {pod} 被驱逐时，其 emptyDir 卷中的数据会丢失",
  ],
  [
    "pod {pod} had its grace period of {n#} s; finalizers {names} still hold it",
    "Pod {pod} 的 {n} 秒宽限期已过；finalizer {names} 仍未放行",
  ],
  ["pod {pod} is terminating, grace period {n#} s", "Pod {pod} 正在终止，宽限期 {n} 秒"],
  [
    "pod {pod} tolerates every taint, so its {owner} may start it on {node} again",
    "Pod {pod} 容忍所有污点，其 {owner} 可能会在 {node} 上再次启动它",
  ],
  ["pod {pod} is evicted and no controller will start it again", "Pod {pod} 被驱逐后，没有控制器会重新启动它"],
  [
    "pod {pod} had its grace period, and {node} is not Ready to confirm its end",
    "Pod {pod} 的宽限期已过，而 {node} 未就绪，无法确认其结束",
  ],
  ["pod {pod} is a static pod of {node}", "Pod {pod} 是 {node} 的静态 Pod"],
  ["pod {pod} has ended ({phase})", "Pod {pod} 已结束（{phase}）"],
  ["pod {pod} is to be evicted", "Pod {pod} 将被驱逐"],
  // What a node does.
  ["the update is being set up", "正在准备更新"],
  ["new nodes come up first", "先启动新节点"],
  ["nodes take turns, {n#} at once", "节点依次替换，同时 {n} 个"],
  ["it is not replaced by this update", "本次更新不替换此节点"],
  ["Auto Scaling terminates the instance", "Auto Scaling 正在终止该实例"],
  ["it is drained before the instance goes; {pods} left", "实例终止前先排空节点；还剩 {pods}"],
  ["it is empty; its termination was asked for", "节点已清空；已请求终止"],
  ["it is empty; load balancers get {n#} s to notice", "节点已清空；给负载均衡器 {n} 秒时间感知"],
  ["{pods} left to evict", "还有 {pods} 待驱逐"],
  ["its pods are being evicted", "正在驱逐其上的 Pod"],
  ["{what} (and {n#} more)", "{what}（另有 {n} 个）"],
  ["the instance starts", "实例正在启动"],
  ["it runs {release}", "运行 {release}"],
  ["it gets its labels", "正在设置标签"],
  ["it joined and is not Ready yet", "已加入集群，尚未就绪"],
  ["it joined and is not Ready yet: {why}", "已加入集群，尚未就绪：{why}"],
  // What an update waits for, and how long.
  ["the pods of {node} are read first", "首先读取 {node} 上的 Pod"],
  ["{node}: {what}; {left} left to drain", "{node}：{what}；排空时间还剩 {left}"],
  ["{pods} still there", "{pods} 仍在节点上"],
  ["{node} is empty; load balancers get {n#} s to notice", "{node} 已清空；给负载均衡器 {n} 秒时间感知"],
  [
    "waiting for new nodes to be Ready, until {at} at most: {what}",
    "等待新节点就绪，最晚到 {at}：{what}",
  ],
  ["{one} has not joined ({state})", "{one} 尚未加入集群（{state}）"],
  ["{one} is not labelled yet", "{one} 尚未设置标签"],
  ["{one} is not Ready", "{one} 尚未就绪"],
  ["{one} is not Ready: {why}", "{one} 尚未就绪：{why}"],
  ["{n#} not launched yet", "{n} 个实例尚未启动"],
  ["no new node in {zones}", "{zones} 中没有新节点"],
  ["all are there", "全部就绪"],
  ["giving sizes back is taken to last {n#} s", "预计恢复大小需要 {n} 秒"],
  ["every node had its turn; the end is taken to last {n#} s", "所有节点都已处理；预计收尾需要 {n} 秒"],
  [
    "{n#} nodes, {k#} at once, {a#} s a turn: {b#} s to drain, {c#} s pause, {d#} s for a new node; nothing was measured yet",
    "{n} 个节点，同时 {k} 个，每轮 {a} 秒：排空 {b} 秒，暂停 {c} 秒，新节点 {d} 秒；尚无实测数据",
  ],
  ["{n#} to go at the pace of the {done} before: {each#} s each", "还剩 {n} 个，按之前 {done} 的速度：每个 {each} 秒"],
  ["the update stands still: {why}", "更新停滞：{why}"],
  [
    "no new node became Ready for {waited}; the update gives up in {left}",
    "已有 {waited} 没有新节点就绪；更新将在 {left}后放弃",
  ],
  ["{pods}; the drain gives up in {left}", "{pods}；排空将在 {left}后放弃"],
  ["{n#} pod does not leave", "{n} 个 Pod 未离开"],
  ["{n#} pods do not leave", "{n} 个 Pod 未离开"],
  // Whether there is an update to take.
  [
    "the group has a custom image: its launch template says which",
    "节点组使用自定义镜像：由其启动模板指定",
  ],
  ["the cluster runs {cluster} and the group {group}", "集群版本为 {cluster}，节点组版本为 {group}"],
  ["the catalog has no release of {line} for {version}", "目录中没有适用于 {version} 的 {line} 发行版本"],
  ["release {newer} is newer than {older}", "发行版本 {newer} 比 {older} 新"],
  ["{release} is the newest release for {version}", "{release} 是 {version} 的最新发行版本"],
  // What a rehearsal found.
  ["would succeed: {nodes} in about {half} (p90 {most})", "会成功：{nodes}，大约 {half}（p90 {most}）"],
  ["would fail at {what}", "会失败：{what}"],
  ["is at risk: {n#} of {runs} fail, such as at {what}", "有风险：{runs}中有 {n} 次失败，例如：{what}"],
  ["{where} with {code~} because {why}", "{where}，{code}，原因：{why}"],
  ["node {n#} of {m#} ({name~}) after {time}", "{time}后，第 {n} 个节点（共 {m} 个，{name}）"],
  ["node {n#} of {m#} after {time}", "{time}后，第 {n} 个节点（共 {m} 个）"],
  ["{what}; and {pods} more", "{what}；另有 {pods}"],
  ["{workload} loses all replicas and stays down", "{workload} 失去所有副本，且不会恢复"],
  [
    "{workload} has no Ready pod for {half}, at most {most}",
    "{workload} 有 {half}没有就绪的 Pod，最长 {most}",
  ],
  [
    "{workload} has one replica: it is down from its eviction until the next is Ready",
    "{workload} 只有一个副本：从驱逐到新副本就绪期间不可用",
  ],
  ["pod {pod} has no controller: nothing starts it again", "Pod {pod} 没有控制器：不会被重新启动"],
  ["pod {pod} loses the data in its emptyDir volumes", "Pod {pod} 将丢失其 emptyDir 卷中的数据"],
  ["pods of {workload} lose the data in their emptyDir volumes", "{workload} 的 Pod 将丢失其 emptyDir 卷中的数据"],
  [
    "pods of {workload} tolerate every taint: their controller may start them on a node that drains",
    "{workload} 的 Pod 容忍所有污点：其控制器可能会在正在排空的节点上启动它们",
  ],
  [
    "pod {pod} can only run in {zones}, where its volume is; the group has {nodes} there",
    "Pod {pod} 只能在其卷所在的 {zones} 运行；节点组在那里有 {nodes}",
  ],
  // What would let an update pass.
  ["add one node to the group before the update", "更新前为节点组增加一个节点"],
  ["let a drain take {longer:} instead of {usual:}", "将排空时限从 {usual}延长到 {longer}"],
  ["use the strategy DEFAULT, which adds nodes before it drains", "使用 DEFAULT 策略：排空前先增加节点"],
  ["replace one node at a time (maxUnavailable 1)", "一次替换一个节点（maxUnavailable 1）"],
  [
    "replace two nodes at a time (maxUnavailable 2), which adds one node more to the surge",
    "一次替换两个节点（maxUnavailable 2）：会多增加一个临时节点",
  ],
  ["scale {kind~} {workload/} to {n#} replica(s)", "将 {kind} {workload} 扩容到 {n} 个副本"],
  [
    "set maxUnavailable of budget {budget/} to 1 instead of {member~} {value~}",
    "将中断预算 {budget} 从 {member} {value} 改为 maxUnavailable 1",
  ],
  [
    "set unhealthyPodEvictionPolicy of budget {budget/} to AlwaysAllow",
    "将中断预算 {budget} 的 unhealthyPodEvictionPolicy 设为 AlwaysAllow",
  ],
  ["keep one budget over pod {pod/}: delete {budgets,}", "让 Pod {pod} 只受一个中断预算约束：删除 {budgets}"],
  ["remove the finalizers of pod {pod/}", "移除 Pod {pod} 的 finalizer"],
  // What a rehearsal could not know.
  [
    "namespace labels are unknown: rules that select namespaces by label match none ({why})",
    "命名空间标签未知：按标签选择命名空间的规则不匹配任何命名空间（{why}）",
  ],
  [
    "volume claims are unknown: pods are placed as if they had no volumes ({why})",
    "卷声明未知：按没有卷的情况放置 Pod（{why}）",
  ],
  ["volumes are unknown: no pod is held to the zone of its volume ({why})", "卷未知：Pod 不受其卷所在可用区的限制（{why}）"],
  [
    "events are unknown: terminations were not observed, their length is a range ({why})",
    "事件未知：没有观察到终止过程，其时长按范围估计（{why}）",
  ],
  [
    "Deployments are unknown: ReplicaSets keep their pods alive by themselves ({why})",
    "Deployment 未知：由 ReplicaSet 自行维持其 Pod（{why}）",
  ],
  [
    "ReplicaSets are unknown: they are rebuilt from the pods that name them ({why})",
    "ReplicaSet 未知：根据引用它们的 Pod 重建（{why}）",
  ],
  [
    "StatefulSets are unknown: their pods are not started again after an eviction ({why})",
    "StatefulSet 未知：其 Pod 被驱逐后不会重新启动（{why}）",
  ],
  ["DaemonSets are unknown: new nodes carry none of their pods ({why})", "DaemonSet 未知：新节点上没有其 Pod（{why}）"],
  [
    "Jobs are unknown: their pods are not started again after an eviction ({why})",
    "Job 未知：其 Pod 被驱逐后不会重新启动（{why}）",
  ],
  ["disruption budgets are unknown: NO eviction is ever refused ({why})", "中断预算未知：任何驱逐都不会被拒绝（{why}）"],
  [
    "priority classes are unknown: pods keep the priority they have ({why})",
    "优先级类未知：Pod 保持现有优先级（{why}）",
  ],
  ["storage classes are unknown: new claims stay unbound ({why})", "存储类未知：新的卷声明保持未绑定（{why}）"],
];

type Form = { pattern: RegExp; names: string[]; chinese: string };

const PARTS = /(\{\w+[#/,~:]?\}|\(s\))/;
const KINDS: Record<string, string> = {
  "": "(.+?)",
  "#": "(\\d+(?:\\.\\d+)?)",
  "/": "([\\w.-]+/[\\w.-]+)",
  ",": "([\\w.-]+/[\\w.-]+(?:, [\\w.-]+/[\\w.-]+)*)",
  "~": "(\\S+)",
  ":": "(\\d+ (?:s|min)(?: \\d+ s)?)",
};

function form([english, chinese]: readonly [string, string]): Form {
  const names: string[] = [];
  const pattern = english.split(PARTS).map((part) => {
    if (part === "(s)") return "s?";
    const [, name, kind] = /^\{(\w+)([#/,~:]?)\}$/.exec(part) ?? [];
    if (name === undefined) return part.replace(/[.*+?^$|()[\]{}\\]/g, "\\$&");
    names.push(name);
    return KINDS[kind];
  });
  // A rehearsal tells of "a new pod of" something where only it knows the pod's name.
  const written = pattern.join("").replace(/\bpod \(/g, "(?:pod |(?=a new pod of ))(");
  return { pattern: new RegExp(`^${written}$`, "s"), names, chinese };
}

const MADE: Form[] = [];
/** Sentences come again at every look, and for every node. */
const KNOWN = new Map<string, string>();
const KNOWN_MAX = 5000;
/** The longest that is tried. What somebody else says within a sentence has any length, and time grows by its powers. */
const CHARS_MAX = 1500;

function chinese(sentence: string): string {
  if (sentence.length > CHARS_MAX) return sentence;
  const known = KNOWN.get(sentence);
  if (known !== undefined) return known;
  if (!MADE.length) MADE.push(...FORMS.map(form));
  if (KNOWN.size >= KNOWN_MAX) KNOWN.clear();
  const made = formed(sentence) ?? joined(sentence, " and ", "，并") ?? joined(sentence, "; ", "；") ?? sentence;
  KNOWN.set(sentence, made);
  return made;
}

function formed(sentence: string): string | undefined {
  for (const { pattern, names, chinese: text } of MADE) {
    const found = pattern.exec(sentence);
    if (!found) continue;
    const values = new Map(names.map((name, place) => [name, chinese(found[place + 1])]));
    const made = text.replace(/\{(\w+)\}/g, (_, name: string) => values.get(name)!);
    return made.replace(/Pod (\S+ 的新 Pod)/g, "$1");
  }
  return undefined;
}

/** Returns sentences that were put together, if every one of them has a form. */
function joined(sentence: string, by: string, as: string): string | undefined {
  const parts = sentence.split(by);
  if (parts.length === 1) return undefined;
  const made = parts.map(formed);
  return made.includes(undefined) ? undefined : made.join(as);
}

export type Tell = (sentence: string | undefined) => string;

/** Returns a function from a sentence of the service to what is shown of it. */
export function telling(language: Language): Tell {
  return (sentence) => (!sentence ? "" : language === "en" ? sentence : chinese(sentence));
}
