// 控制台的全部简体中文文本;键与 `en.ts` 相同。

import type { Words } from ".";

export const zh: Words = {
  loading: "正在加载",
  "action.retry": "重试",
  "error.title": "请求被拒绝",
  "error.unreachable": "服务没有响应,每隔几秒会自动重试。",
  "error.unreachable.title": "没有响应",
  "top.region": "区域 {region}",
  "top.language": "语言",
  "top.light": "浅色",
  "top.dark": "深色",
  "top.signOut": "退出登录",
  "signIn.title": "登录",
  "signIn.why": "此服务会验证签名:请使用启动服务时配置的访问密钥。",
  "signIn.key": "访问密钥 ID",
  "signIn.secret": "私有访问密钥",
  "signIn.memory": "只保存在此标签页的内存中,重新加载后需要再次输入。",
  "signIn.submit": "登录",
  "signIn.refused": "服务不接受此访问密钥:请检查 ID 和私有密钥。",
  "clusters.title": "集群",
  "clusters.inRegion": "{region} 区域中的集群",
  "clusters.groups": "节点组",
  "clusters.updates": "可用更新",
  "clusters.none": "没有集群",
  "clusters.noneHow": "{region} 区域中没有集群:请在上方选择其他区域,或使用 aws eks create-cluster 创建集群。",
  "field.name": "名称",
  "field.status": "状态",
  "field.kubernetesVersion": "Kubernetes 版本",
  "field.nodesReady": "就绪节点数 / 期望节点数",
  "field.created": "创建时间",
};
