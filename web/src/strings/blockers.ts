// What holds pods on a node that is to become empty, in few words and in both languages, by the codes of the service.

export const blockersEn = {
  "blocker.is.BudgetExhausted": "Disruption budget {budget} allows no eviction at the moment",
  "blocker.is.BudgetCanNeverBeMet": "Disruption budget {budget} can never allow an eviction",
  "blocker.is.MultipleBudgets": "Disruption budgets {budget} take the same pods",
  "blocker.is.PodsNotReady": "Disruption budget {budget} waits for pods that are not Ready",
  "blocker.is.ReplacementUnschedulable": "Disruption budget {budget} waits for a pod that no node takes",
  "blocker.is.EvictionRefused": "Kubernetes refuses to evict {pod}",
  "blocker.is.StuckOnFinalizer": "A finalizer keeps {pod} from ending",
  "blocker.is.GraceBeyondLimit": "{pod} may take longer to stop than its node has time",
};

export const blockersZh: Record<keyof typeof blockersEn, string> = {
  "blocker.is.BudgetExhausted": "中断预算 {budget} 目前不允许驱逐 Pod",
  "blocker.is.BudgetCanNeverBeMet": "中断预算 {budget} 永远不允许驱逐 Pod",
  "blocker.is.MultipleBudgets": "中断预算 {budget} 选中了相同的 Pod",
  "blocker.is.PodsNotReady": "中断预算 {budget} 在等待尚未就绪的 Pod",
  "blocker.is.ReplacementUnschedulable": "中断预算 {budget} 在等待无法调度的 Pod",
  "blocker.is.EvictionRefused": "Kubernetes 拒绝驱逐 {pod}",
  "blocker.is.StuckOnFinalizer": "终结器（finalizer）使 {pod} 无法结束",
  "blocker.is.GraceBeyondLimit": "{pod} 的终止宽限期超过了节点的排空时限",
};
