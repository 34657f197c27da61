// Made by `python -m tools.console_client` from the service models; not edited by hand.

export const OPERATIONS = {
  AbandonFailedOperation: {"service": "nodeyard", "method": "POST", "uri": "/nodeyard/v1/failed-operations/abandon", "places": {}},
  AttachCluster: {"service": "nodeyard", "method": "POST", "uri": "/nodeyard/v1/clusters/{clusterName}/attachment", "places": {"clusterName": ["uri", "clusterName"]}},
  CancelUpdate: {"service": "eks", "method": "POST", "uri": "/clusters/{name}/updates/{updateId}/cancel-update", "places": {"name": ["uri", "name"], "updateId": ["uri", "updateId"]}},
  ClearFault: {"service": "nodeyard", "method": "DELETE", "uri": "/nodeyard/v1/faults/{which}", "places": {"which": ["uri", "which"]}},
  CreateNodegroup: {"service": "eks", "method": "POST", "uri": "/clusters/{name}/node-groups", "places": {"clusterName": ["uri", "name"]}},
  DeleteNodegroup: {"service": "eks", "method": "DELETE", "uri": "/clusters/{name}/node-groups/{nodegroupName}", "places": {"clusterName": ["uri", "name"], "nodegroupName": ["uri", "nodegroupName"]}},
  DescribeCluster: {"service": "eks", "method": "GET", "uri": "/clusters/{name}", "places": {"name": ["uri", "name"]}},
  DescribeNodegroup: {"service": "eks", "method": "GET", "uri": "/clusters/{name}/node-groups/{nodegroupName}", "places": {"clusterName": ["uri", "name"], "nodegroupName": ["uri", "nodegroupName"]}},
  DescribeUpdate: {"service": "eks", "method": "GET", "uri": "/clusters/{name}/updates/{updateId}", "places": {"name": ["uri", "name"], "updateId": ["uri", "updateId"], "nodegroupName": ["querystring", "nodegroupName"], "addonName": ["querystring", "addonName"], "capabilityName": ["querystring", "capabilityName"]}},
  DescribeUpdateProgress: {"service": "nodeyard", "method": "GET", "uri": "/nodeyard/v1/clusters/{clusterName}/updates/{updateId}/progress", "places": {"clusterName": ["uri", "clusterName"], "updateId": ["uri", "updateId"], "withNodes": ["querystring", "withNodes"]}},
  ListClusters: {"service": "eks", "method": "GET", "uri": "/clusters", "places": {"maxResults": ["querystring", "maxResults"], "nextToken": ["querystring", "nextToken"], "include": ["querystring", "include"]}},
  ListEvents: {"service": "nodeyard", "method": "GET", "uri": "/nodeyard/v1/events/list", "places": {"after": ["querystring", "after"], "clusterName": ["querystring", "clusterName"], "nodegroupName": ["querystring", "nodegroupName"], "updateId": ["querystring", "updateId"], "maxResults": ["querystring", "maxResults"]}},
  ListFailedOperations: {"service": "nodeyard", "method": "GET", "uri": "/nodeyard/v1/failed-operations", "places": {}},
  ListFaults: {"service": "nodeyard", "method": "GET", "uri": "/nodeyard/v1/faults", "places": {}},
  ListInstanceTypes: {"service": "nodeyard", "method": "GET", "uri": "/nodeyard/v1/instance-types", "places": {"maxResults": ["querystring", "maxResults"], "nextToken": ["querystring", "nextToken"]}},
  ListNodegroupOverviews: {"service": "nodeyard", "method": "GET", "uri": "/nodeyard/v1/nodegroups", "places": {"clusterName": ["querystring", "clusterName"], "maxResults": ["querystring", "maxResults"], "nextToken": ["querystring", "nextToken"]}},
  ListNodes: {"service": "nodeyard", "method": "GET", "uri": "/nodeyard/v1/clusters/{clusterName}/nodes", "places": {"clusterName": ["uri", "clusterName"], "nodegroupName": ["querystring", "nodegroupName"], "maxResults": ["querystring", "maxResults"], "nextToken": ["querystring", "nextToken"]}},
  ListReleases: {"service": "nodeyard", "method": "GET", "uri": "/nodeyard/v1/releases", "places": {"amiType": ["querystring", "amiType"], "kubernetesVersion": ["querystring", "kubernetesVersion"], "maxResults": ["querystring", "maxResults"], "nextToken": ["querystring", "nextToken"]}},
  ListUpdateOverviews: {"service": "nodeyard", "method": "GET", "uri": "/nodeyard/v1/updates", "places": {"clusterName": ["querystring", "clusterName"], "nodegroupName": ["querystring", "nodegroupName"], "maxResults": ["querystring", "maxResults"], "nextToken": ["querystring", "nextToken"]}},
  ListUpdates: {"service": "eks", "method": "GET", "uri": "/clusters/{name}/updates", "places": {"name": ["uri", "name"], "nodegroupName": ["querystring", "nodegroupName"], "addonName": ["querystring", "addonName"], "capabilityName": ["querystring", "capabilityName"], "nextToken": ["querystring", "nextToken"], "maxResults": ["querystring", "maxResults"]}},
  ListWorkloads: {"service": "nodeyard", "method": "GET", "uri": "/nodeyard/v1/clusters/{clusterName}/workloads", "places": {"clusterName": ["uri", "clusterName"], "maxResults": ["querystring", "maxResults"], "nextToken": ["querystring", "nextToken"]}},
  PublishRelease: {"service": "nodeyard", "method": "POST", "uri": "/nodeyard/v1/releases", "places": {}},
  RehearseNodegroupUpdate: {"service": "nodeyard", "method": "POST", "uri": "/nodeyard/v1/clusters/{clusterName}/nodegroups/{nodegroupName}/rehearsals", "places": {"clusterName": ["uri", "clusterName"], "nodegroupName": ["uri", "nodegroupName"]}},
  RetryFailedOperation: {"service": "nodeyard", "method": "POST", "uri": "/nodeyard/v1/failed-operations/retry", "places": {}},
  SetFault: {"service": "nodeyard", "method": "POST", "uri": "/nodeyard/v1/faults", "places": {}},
  TagResource: {"service": "eks", "method": "POST", "uri": "/tags/{resourceArn}", "places": {"resourceArn": ["uri", "resourceArn"]}},
  UntagResource: {"service": "eks", "method": "DELETE", "uri": "/tags/{resourceArn}", "places": {"resourceArn": ["uri", "resourceArn"], "tagKeys": ["querystring", "tagKeys"]}},
  UpdateNodegroupConfig: {"service": "eks", "method": "POST", "uri": "/clusters/{name}/node-groups/{nodegroupName}/update-config", "places": {"clusterName": ["uri", "name"], "nodegroupName": ["uri", "nodegroupName"]}},
  UpdateNodegroupVersion: {"service": "eks", "method": "POST", "uri": "/clusters/{name}/node-groups/{nodegroupName}/update-version", "places": {"clusterName": ["uri", "name"], "nodegroupName": ["uri", "nodegroupName"]}},
  ValidateNodegroup: {"service": "nodeyard", "method": "POST", "uri": "/nodeyard/v1/clusters/{clusterName}/validate-nodegroup", "places": {"clusterName": ["uri", "clusterName"]}},
};

export type OperationName = keyof Inputs;

export interface Inputs {
  AbandonFailedOperation: NyFailedOperationRequest;
  AttachCluster: NyAttachClusterRequest;
  CancelUpdate: CancelUpdateRequest;
  ClearFault: NyClearFaultRequest;
  CreateNodegroup: CreateNodegroupRequest;
  DeleteNodegroup: DeleteNodegroupRequest;
  DescribeCluster: DescribeClusterRequest;
  DescribeNodegroup: DescribeNodegroupRequest;
  DescribeUpdate: DescribeUpdateRequest;
  DescribeUpdateProgress: NyDescribeUpdateProgressRequest;
  ListClusters: ListClustersRequest;
  ListEvents: NyListEventsRequest;
  ListFailedOperations: NyListFailedOperationsRequest;
  ListFaults: NyListFaultsRequest;
  ListInstanceTypes: NyListInstanceTypesRequest;
  ListNodegroupOverviews: NyListNodegroupOverviewsRequest;
  ListNodes: NyListNodesRequest;
  ListReleases: NyListReleasesRequest;
  ListUpdateOverviews: NyListUpdateOverviewsRequest;
  ListUpdates: ListUpdatesRequest;
  ListWorkloads: NyListWorkloadsRequest;
  PublishRelease: NyPublishReleaseRequest;
  RehearseNodegroupUpdate: NyRehearseNodegroupUpdateRequest;
  RetryFailedOperation: NyFailedOperationRequest;
  SetFault: NySetFaultRequest;
  TagResource: TagResourceRequest;
  UntagResource: UntagResourceRequest;
  UpdateNodegroupConfig: UpdateNodegroupConfigRequest;
  UpdateNodegroupVersion: UpdateNodegroupVersionRequest;
  ValidateNodegroup: NyValidateNodegroupRequest;
}

export interface Outputs {
  AbandonFailedOperation: NyFailedOperationResponse;
  AttachCluster: NyAttachClusterResponse;
  CancelUpdate: CancelUpdateResponse;
  ClearFault: NyClearFaultResponse;
  CreateNodegroup: CreateNodegroupResponse;
  DeleteNodegroup: DeleteNodegroupResponse;
  DescribeCluster: DescribeClusterResponse;
  DescribeNodegroup: DescribeNodegroupResponse;
  DescribeUpdate: DescribeUpdateResponse;
  DescribeUpdateProgress: NyDescribeUpdateProgressResponse;
  ListClusters: ListClustersResponse;
  ListEvents: NyListEventsResponse;
  ListFailedOperations: NyListFailedOperationsResponse;
  ListFaults: NyListFaultsResponse;
  ListInstanceTypes: NyListInstanceTypesResponse;
  ListNodegroupOverviews: NyListNodegroupOverviewsResponse;
  ListNodes: NyListNodesResponse;
  ListReleases: NyListReleasesResponse;
  ListUpdateOverviews: NyListUpdateOverviewsResponse;
  ListUpdates: ListUpdatesResponse;
  ListWorkloads: NyListWorkloadsResponse;
  PublishRelease: NyPublishReleaseResponse;
  RehearseNodegroupUpdate: NyRehearseNodegroupUpdateResponse;
  RetryFailedOperation: NyFailedOperationResponse;
  SetFault: NySetFaultResponse;
  TagResource: TagResourceResponse;
  UntagResource: UntagResourceResponse;
  UpdateNodegroupConfig: UpdateNodegroupConfigResponse;
  UpdateNodegroupVersion: UpdateNodegroupVersionResponse;
  ValidateNodegroup: NyValidateNodegroupResponse;
}

export interface AccessConfigResponse {
  bootstrapClusterCreatorAdminPermissions?: boolean;
  authenticationMode?: string;
}

export interface ActiveCertificateAuthority {
  id?: string;
  activatedBy?: string;
}

export interface AutoScalingGroup {
  name?: string;
}

export interface BlockStorage {
  enabled?: boolean;
}

export interface CancelUpdateRequest {
  name: string;
  updateId: string;
  clientRequestToken?: string;
}

export interface CancelUpdateResponse {
  update?: Update;
}

export interface Cancellation {
  status?: string;
  reason?: string;
}

export interface Certificate {
  data?: string;
  active?: ActiveCertificateAuthority;
}

export interface Cluster {
  name?: string;
  arn?: string;
  createdAt?: number;
  version?: string;
  endpoint?: string;
  roleArn?: string;
  resourcesVpcConfig?: VpcConfigResponse;
  kubernetesNetworkConfig?: KubernetesNetworkConfigResponse;
  logging?: Logging;
  identity?: Identity;
  status?: string;
  certificateAuthority?: Certificate;
  clientRequestToken?: string;
  platformVersion?: string;
  tags?: Record<string, string>;
  encryptionConfig?: EncryptionConfig[];
  connectorConfig?: ConnectorConfigResponse;
  id?: string;
  health?: ClusterHealth;
  outpostConfig?: OutpostConfigResponse;
  accessConfig?: AccessConfigResponse;
  upgradePolicy?: UpgradePolicyResponse;
  zonalShiftConfig?: ZonalShiftConfigResponse;
  remoteNetworkConfig?: RemoteNetworkConfigResponse;
  computeConfig?: ComputeConfigResponse;
  storageConfig?: StorageConfigResponse;
  deletionProtection?: boolean;
  controlPlaneScalingConfig?: ControlPlaneScalingConfig;
  kubeApiServerConfig?: KubeApiServerConfigResponse;
  kubeSchedulerConfig?: KubeSchedulerConfigResponse;
  kubeControllerManagerConfig?: KubeControllerManagerConfigResponse;
}

export interface ClusterHealth {
  issues?: ClusterIssue[];
}

export interface ClusterIssue {
  code?: string;
  message?: string;
  resourceIds?: string[];
}

export interface ComputeConfigResponse {
  enabled?: boolean;
  nodePools?: string[];
  nodeRoleArn?: string;
}

export interface ConnectorConfigResponse {
  activationId?: string;
  activationCode?: string;
  activationExpiry?: number;
  provider?: string;
  roleArn?: string;
}

export interface ControlPlanePlacementResponse {
  groupName?: string;
  spreadLevel?: string;
}

export interface ControlPlaneScalingConfig {
  tier?: string;
}

export interface CrdManagementConfiguration {
  managed?: boolean;
}

export interface CreateNodegroupRequest {
  clusterName: string;
  nodegroupName: string;
  scalingConfig?: NodegroupScalingConfig;
  diskSize?: number;
  subnets: string[];
  instanceTypes?: string[];
  amiType?: string;
  remoteAccess?: RemoteAccessConfig;
  nodeRole: string;
  labels?: Record<string, string>;
  taints?: Taint[];
  tags?: Record<string, string>;
  clientRequestToken?: string;
  launchTemplate?: LaunchTemplateSpecification;
  updateConfig?: NodegroupUpdateConfig;
  nodeRepairConfig?: NodeRepairConfig;
  capacityType?: string;
  version?: string;
  releaseVersion?: string;
  warmPoolConfig?: WarmPoolConfig;
}

export interface CreateNodegroupResponse {
  nodegroup?: Nodegroup;
}

export interface DeleteNodegroupRequest {
  clusterName: string;
  nodegroupName: string;
}

export interface DeleteNodegroupResponse {
  nodegroup?: Nodegroup;
}

export interface DescribeClusterRequest {
  name: string;
}

export interface DescribeClusterResponse {
  cluster?: Cluster;
}

export interface DescribeNodegroupRequest {
  clusterName: string;
  nodegroupName: string;
}

export interface DescribeNodegroupResponse {
  nodegroup?: Nodegroup;
}

export interface DescribeUpdateRequest {
  name: string;
  updateId: string;
  nodegroupName?: string;
  addonName?: string;
  capabilityName?: string;
}

export interface DescribeUpdateResponse {
  update?: Update;
}

export interface ElasticLoadBalancing {
  enabled?: boolean;
  gatewayApi?: GatewayApiConfiguration;
}

export interface EncryptionConfig {
  resources?: string[];
  provider?: Provider;
}

export interface ErrorDetail {
  errorCode?: string;
  errorMessage?: string;
  resourceIds?: string[];
}

export interface EtcdPlacementResponse {
  spreadLevel?: string;
}

export interface GatewayApiConfiguration {
  crds?: CrdManagementConfiguration;
}

export interface HorizontalPodAutoscalerControllerConfigResponse {
  horizontalPodAutoscalerSyncPeriod?: string;
}

export interface Identity {
  oidc?: OIDC;
}

export interface Issue {
  code?: string;
  message?: string;
  resourceIds?: string[];
}

export interface KubeApiServerConfigResponse {
  eventTtl?: string;
  serviceNodePortRange?: ServiceNodePortRange;
}

export interface KubeControllerManagerConfigResponse {
  podGcControllerConfig?: PodGcControllerConfigResponse;
  horizontalPodAutoscalerControllerConfig?: HorizontalPodAutoscalerControllerConfigResponse;
}

export interface KubeSchedulerConfigResponse {
  nodeResourcesFit?: NodeResourcesFitConfig;
}

export interface KubernetesNetworkConfigResponse {
  serviceIpv4Cidr?: string;
  serviceIpv6Cidr?: string;
  ipFamily?: string;
  elasticLoadBalancing?: ElasticLoadBalancing;
}

export interface LaunchTemplateSpecification {
  name?: string;
  version?: string;
  id?: string;
}

export interface ListClustersRequest {
  maxResults?: number;
  nextToken?: string;
  include?: string[];
}

export interface ListClustersResponse {
  clusters?: string[];
  nextToken?: string;
}

export interface ListUpdatesRequest {
  name: string;
  nodegroupName?: string;
  addonName?: string;
  capabilityName?: string;
  nextToken?: string;
  maxResults?: number;
}

export interface ListUpdatesResponse {
  updateIds?: string[];
  nextToken?: string;
}

export interface LogSetup {
  types?: string[];
  enabled?: boolean;
}

export interface Logging {
  clusterLogging?: LogSetup[];
}

export interface NodeRepairConfig {
  enabled?: boolean;
  maxUnhealthyNodeThresholdCount?: number;
  maxUnhealthyNodeThresholdPercentage?: number;
  maxParallelNodesRepairedCount?: number;
  maxParallelNodesRepairedPercentage?: number;
  nodeRepairConfigOverrides?: NodeRepairConfigOverrides[];
}

export interface NodeRepairConfigOverrides {
  nodeMonitoringCondition?: string;
  nodeUnhealthyReason?: string;
  minRepairWaitTimeMins?: number;
  repairAction?: string;
}

export interface NodeResourcesFitConfig {
  scoringStrategy?: ScoringStrategy;
}

export interface Nodegroup {
  nodegroupName?: string;
  nodegroupArn?: string;
  clusterName?: string;
  version?: string;
  releaseVersion?: string;
  createdAt?: number;
  modifiedAt?: number;
  status?: string;
  capacityType?: string;
  scalingConfig?: NodegroupScalingConfig;
  instanceTypes?: string[];
  subnets?: string[];
  remoteAccess?: RemoteAccessConfig;
  amiType?: string;
  nodeRole?: string;
  labels?: Record<string, string>;
  taints?: Taint[];
  resources?: NodegroupResources;
  diskSize?: number;
  health?: NodegroupHealth;
  updateConfig?: NodegroupUpdateConfig;
  nodeRepairConfig?: NodeRepairConfig;
  launchTemplate?: LaunchTemplateSpecification;
  tags?: Record<string, string>;
  warmPoolConfig?: WarmPoolConfig;
}

export interface NodegroupHealth {
  issues?: Issue[];
}

export interface NodegroupResources {
  autoScalingGroups?: AutoScalingGroup[];
  remoteAccessSecurityGroup?: string;
}

export interface NodegroupScalingConfig {
  minSize?: number;
  maxSize?: number;
  desiredSize?: number;
}

export interface NodegroupUpdateConfig {
  maxUnavailable?: number;
  maxUnavailablePercentage?: number;
  updateStrategy?: string;
}

export interface NyAttachClusterRequest {
  clusterName: string;
  kubeconfig: string;
  context?: string;
  provider?: string;
  securityGroupId?: string;
  serviceIpv4Cidr?: string;
}

export interface NyAttachClusterResponse {
  cluster?: NyAttachedCluster;
}

export interface NyAttachedCluster {
  name?: string;
  arn?: string;
  status?: string;
  version?: string;
  endpoint?: string;
}

export interface NyBlocker {
  code?: string;
  pod?: string;
  nodeName?: string;
  instanceId?: string;
  budget?: string;
  sentence?: string;
  help?: string;
  refusal?: string;
  since?: number;
  until?: number;
  secondsSo?: number;
  secondsLeft?: number;
  then?: string;
  tries?: number;
  needs?: number;
  healthy?: number;
}

export interface NyClearFaultRequest {
  which: string;
}

export interface NyClearFaultResponse {
  faultIds?: string[];
}

export interface NyDescribeUpdateProgressRequest {
  clusterName: string;
  updateId: string;
  withNodes?: boolean;
}

export interface NyDescribeUpdateProgressResponse {
  progress?: NyUpdateProgress;
}

export interface NyEvent {
  sequence?: number;
  at?: number;
  kind?: string;
  message?: string;
  account?: string;
  region?: string;
  clusterName?: string;
  nodegroupName?: string;
  subject?: Record<string, string>;
}

export interface NyFailedOperation {
  key?: string;
  kind?: string;
  clusterName?: string;
  nodegroupName?: string;
  error?: string;
  parked?: boolean;
  since?: number;
}

export interface NyFailedOperationRequest {
  key: string;
}

export interface NyFailedOperationResponse {
  failedOperation?: NyFailedOperation;
}

export interface NyFault {
  id?: string;
  name?: string;
  since?: number;
  until?: number;
  group?: string;
  zone?: string;
  amount?: number;
}

export interface NyFaultKind {
  name?: string;
  summary?: string;
  takes?: string[];
  issueCodes?: string[];
  amountMeans?: string;
  amountDefault?: number;
}

export interface NyInstanceTypeOverview {
  instanceType?: string;
  vcpus?: number;
  memoryMib?: number;
  architecture?: string;
  accelerator?: string;
  accelerators?: number;
  podsMax?: number;
  hourlyPrice?: number;
}

export interface NyIssue {
  code?: string;
  message?: string;
  resourceIds?: string[];
}

export interface NyLaunchTemplateSpecification {
  name?: string;
  version?: string;
  id?: string;
}

export interface NyLaunchTemplateVersion {
  id?: string;
  name?: string;
  version?: string;
}

export interface NyListEventsRequest {
  after?: number;
  clusterName?: string;
  nodegroupName?: string;
  updateId?: string;
  maxResults?: number;
}

export interface NyListEventsResponse {
  events?: NyEvent[];
  lastSequence?: number;
}

export interface NyListFailedOperationsRequest {

}

export interface NyListFailedOperationsResponse {
  failedOperations?: NyFailedOperation[];
}

export interface NyListFaultsRequest {

}

export interface NyListFaultsResponse {
  faults?: NyFault[];
  menu?: NyFaultKind[];
}

export interface NyListInstanceTypesRequest {
  maxResults?: number;
  nextToken?: string;
}

export interface NyListInstanceTypesResponse {
  instanceTypes?: NyInstanceTypeOverview[];
  pricesRegion?: string;
  pricesAsOf?: string;
  nextToken?: string;
}

export interface NyListNodegroupOverviewsRequest {
  clusterName?: string;
  maxResults?: number;
  nextToken?: string;
}

export interface NyListNodegroupOverviewsResponse {
  nodegroups?: NyNodegroupOverview[];
  nextToken?: string;
}

export interface NyListNodesRequest {
  clusterName: string;
  nodegroupName?: string;
  maxResults?: number;
  nextToken?: string;
}

export interface NyListNodesResponse {
  nodes?: NyNodeOverview[];
  nextToken?: string;
}

export interface NyListReleasesRequest {
  amiType?: string;
  kubernetesVersion?: string;
  maxResults?: number;
  nextToken?: string;
}

export interface NyListReleasesResponse {
  releases?: NyRelease[];
  nextToken?: string;
}

export interface NyListUpdateOverviewsRequest {
  clusterName?: string;
  nodegroupName?: string;
  maxResults?: number;
  nextToken?: string;
}

export interface NyListUpdateOverviewsResponse {
  updates?: NyUpdateOverview[];
  nextToken?: string;
}

export interface NyListWorkloadsRequest {
  clusterName: string;
  maxResults?: number;
  nextToken?: string;
}

export interface NyListWorkloadsResponse {
  workloads?: NyWorkloadOverview[];
  nextToken?: string;
}

export interface NyNodeOverview {
  nodeName?: string;
  nodegroupName?: string;
  instanceId?: string;
  instanceType?: string;
  zone?: string;
  ready?: boolean;
  readyBecause?: string;
  schedulable?: boolean;
  createdAt?: number;
}

export interface NyNodeProgress {
  instanceId?: string;
  nodeName?: string;
  zone?: string;
  lane?: string;
  because?: string;
  new?: boolean;
  since?: number;
  until?: number;
  secondsSo?: number;
  secondsLeft?: number;
  podsLeft?: number;
  history?: NyNodeStep[];
}

export interface NyNodeRepairConfig {
  enabled?: boolean;
  maxUnhealthyNodeThresholdCount?: number;
  maxUnhealthyNodeThresholdPercentage?: number;
  maxParallelNodesRepairedCount?: number;
  maxParallelNodesRepairedPercentage?: number;
  nodeRepairConfigOverrides?: NyNodeRepairConfigOverrides[];
}

export interface NyNodeRepairConfigOverrides {
  nodeMonitoringCondition?: string;
  nodeUnhealthyReason?: string;
  minRepairWaitTimeMins?: number;
  repairAction?: string;
}

export interface NyNodeStep {
  lane?: string;
  since?: number;
}

export interface NyNodegroupOverview {
  clusterName?: string;
  nodegroupName?: string;
  nodegroupArn?: string;
  status?: string;
  amiType?: string;
  capacityType?: string;
  version?: string;
  releaseVersion?: string;
  latestReleaseVersion?: string;
  latestVersion?: string;
  updateAvailable?: boolean;
  updateAvailableBecause?: string;
  issueCodes?: string[];
  nodesReady?: number;
  nodesDesired?: number;
  activeUpdateId?: string;
  blockers?: NyBlocker[];
}

export interface NyNodegroupScalingConfig {
  minSize?: number;
  maxSize?: number;
  desiredSize?: number;
}

export interface NyNodegroupUpdateConfig {
  maxUnavailable?: number;
  maxUnavailablePercentage?: number;
  updateStrategy?: string;
}

export interface NyObstacle {
  code?: string;
  sentence?: string;
  help?: string;
  holds?: boolean;
}

export interface NyPhaseProgress {
  phase?: string;
  state?: string;
}

export interface NyPublishReleaseRequest {
  amiType: string;
  kubernetesVersion: string;
  releaseVersion: string;
}

export interface NyPublishReleaseResponse {
  release?: NyRelease;
}

export interface NyRefusal {
  member?: string;
  code?: string;
  message?: string;
}

export interface NyRehearsal {
  at?: number;
  verdict?: string;
  sentence?: string;
  failing?: number;
  runs?: number;
  secondsP50?: number;
  secondsP90?: number;
  secondsP99?: number;
  blockers?: NyRehearsalBlocker[];
  outages?: NyRehearsalFinding[];
  unplaced?: NyRehearsalFinding[];
  notes?: NyRehearsalFinding[];
  waysOut?: string[];
  lacking?: string[];
}

export interface NyRehearsalBlocker {
  pod?: string;
  budget?: string;
  code?: string;
  sentence?: string;
  help?: string;
  fatal?: boolean;
}

export interface NyRehearsalFinding {
  code?: string;
  kind?: string;
  name?: string;
  sentence?: string;
}

export interface NyRehearseNodegroupUpdateRequest {
  clusterName: string;
  nodegroupName: string;
  force?: boolean;
  updateStrategy?: string;
  runs?: number;
}

export interface NyRehearseNodegroupUpdateResponse {
  rehearsal?: NyRehearsal;
}

export interface NyRelease {
  amiType?: string;
  kubernetesVersion?: string;
  releaseVersion?: string;
  kubeletVersion?: string;
  imageName?: string;
  imageId?: string;
  latest?: boolean;
}

export interface NyRemoteAccessConfig {
  ec2SshKey?: string;
  sourceSecurityGroups?: string[];
}

export interface NySetFaultRequest {
  name: string;
  group?: string;
  zone?: string;
  seconds?: number;
  amount?: number;
}

export interface NySetFaultResponse {
  faultId?: string;
  note?: string;
}

export interface NyTaint {
  key?: string;
  value?: string;
  effect?: string;
}

export interface NyUpdateError {
  errorCode?: string;
  errorMessage?: string;
  resourceIds?: string[];
}

export interface NyUpdateOverview {
  id?: string;
  clusterName?: string;
  nodegroupName?: string;
  type?: string;
  status?: string;
  createdAt?: number;
  finishedAt?: number;
  force?: boolean;
  cancelRequested?: boolean;
  phase?: string;
  releaseVersion?: string;
  version?: string;
  launchTemplate?: NyLaunchTemplateVersion;
  nodesTotal?: number;
  nodesDone?: number;
  errors?: NyUpdateError[];
}

export interface NyUpdateProgress {
  update?: NyUpdateOverview;
  phases?: NyPhaseProgress[];
  phaseSince?: number;
  nodes?: NyNodeProgress[];
  nodesUnseenBecause?: string;
  blockers?: NyBlocker[];
  issues?: NyIssue[];
  waits?: NyWait[];
  elapsedSeconds?: number;
  remainingSeconds?: number;
  remainingBasis?: string;
  began?: number;
  secondLasts?: number;
}

export interface NyValidateNodegroupRequest {
  clusterName: string;
  nodegroupName?: string;
  scalingConfig?: NyNodegroupScalingConfig;
  diskSize?: number;
  subnets?: string[];
  instanceTypes?: string[];
  amiType?: string;
  remoteAccess?: NyRemoteAccessConfig;
  nodeRole?: string;
  labels?: Record<string, string>;
  taints?: NyTaint[];
  tags?: Record<string, string>;
  launchTemplate?: NyLaunchTemplateSpecification;
  updateConfig?: NyNodegroupUpdateConfig;
  nodeRepairConfig?: NyNodeRepairConfig;
  capacityType?: string;
  version?: string;
  releaseVersion?: string;
  warmPoolConfig?: NyWarmPoolConfig;
}

export interface NyValidateNodegroupResponse {
  refusals?: NyRefusal[];
}

export interface NyWait {
  because?: string;
}

export interface NyWarmPoolConfig {
  enabled?: boolean;
  minSize?: number;
  maxGroupPreparedCapacity?: number;
  poolState?: string;
  reuseOnScaleIn?: boolean;
}

export interface NyWorkloadBudget {
  name?: string;
  demand?: string;
  expected?: number;
  needs?: number;
  healthy?: number;
  allowed?: number;
}

export interface NyWorkloadOverview {
  namespace?: string;
  kind?: string;
  name?: string;
  pods?: number;
  podsReady?: number;
  nodes?: number;
  nodegroupNames?: string[];
  budgets?: NyWorkloadBudget[];
  drain?: string;
  obstacles?: NyObstacle[];
}

export interface OIDC {
  issuer?: string;
}

export interface OutpostConfigResponse {
  outpostArns: string[];
  controlPlaneInstanceType: string;
  controlPlanePlacement?: ControlPlanePlacementResponse;
  etcdInstanceType?: string;
  etcdPlacement?: EtcdPlacementResponse;
}

export interface PodGcControllerConfigResponse {
  terminatedPodGcThreshold?: number;
}

export interface Provider {
  keyArn?: string;
}

export interface RemoteAccessConfig {
  ec2SshKey?: string;
  sourceSecurityGroups?: string[];
}

export interface RemoteNetworkConfigResponse {
  remoteNodeNetworks?: RemoteNodeNetwork[];
  remotePodNetworks?: RemotePodNetwork[];
}

export interface RemoteNodeNetwork {
  cidrs?: string[];
}

export interface RemotePodNetwork {
  cidrs?: string[];
}

export interface ResourceWeight {
  name?: string;
  weight?: number;
}

export interface ScoringStrategy {
  type?: string;
  resources?: ResourceWeight[];
}

export interface ServiceNodePortRange {
  minPort?: number;
  maxPort?: number;
}

export interface StorageConfigResponse {
  blockStorage?: BlockStorage;
}

export interface TagResourceRequest {
  resourceArn: string;
  tags: Record<string, string>;
}

export interface TagResourceResponse {

}

export interface Taint {
  key?: string;
  value?: string;
  effect?: string;
}

export interface UntagResourceRequest {
  resourceArn: string;
  tagKeys: string[];
}

export interface UntagResourceResponse {

}

export interface Update {
  id?: string;
  status?: string;
  type?: string;
  params?: UpdateParam[];
  createdAt?: number;
  errors?: ErrorDetail[];
  cancellation?: Cancellation;
}

export interface UpdateLabelsPayload {
  addOrUpdateLabels?: Record<string, string>;
  removeLabels?: string[];
}

export interface UpdateNodegroupConfigRequest {
  clusterName: string;
  nodegroupName: string;
  labels?: UpdateLabelsPayload;
  taints?: UpdateTaintsPayload;
  scalingConfig?: NodegroupScalingConfig;
  updateConfig?: NodegroupUpdateConfig;
  nodeRepairConfig?: NodeRepairConfig;
  warmPoolConfig?: WarmPoolConfig;
  clientRequestToken?: string;
}

export interface UpdateNodegroupConfigResponse {
  update?: Update;
}

export interface UpdateNodegroupVersionRequest {
  clusterName: string;
  nodegroupName: string;
  version?: string;
  releaseVersion?: string;
  launchTemplate?: LaunchTemplateSpecification;
  force?: boolean;
  clientRequestToken?: string;
}

export interface UpdateNodegroupVersionResponse {
  update?: Update;
}

export interface UpdateParam {
  type?: string;
  value?: string;
}

export interface UpdateTaintsPayload {
  addOrUpdateTaints?: Taint[];
  removeTaints?: Taint[];
}

export interface UpgradePolicyResponse {
  supportType?: string;
}

export interface VpcConfigResponse {
  subnetIds?: string[];
  securityGroupIds?: string[];
  clusterSecurityGroupId?: string;
  vpcId?: string;
  endpointPublicAccess?: boolean;
  endpointPrivateAccess?: boolean;
  publicAccessCidrs?: string[];
  controlPlaneEgressMode?: string;
}

export interface WarmPoolConfig {
  enabled?: boolean;
  minSize?: number;
  maxGroupPreparedCapacity?: number;
  poolState?: string;
  reuseOnScaleIn?: boolean;
}

export interface ZonalShiftConfigResponse {
  enabled?: boolean;
}
