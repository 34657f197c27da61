package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sort"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/client-go/tools/events"
	"k8s.io/klog/v2"
	fwk "k8s.io/kube-scheduler/framework"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
	core "k8s.io/kubernetes/pkg/apis/core"
	podrules "k8s.io/kubernetes/pkg/registry/core/pod"
	"k8s.io/kubernetes/pkg/scheduler"
	"k8s.io/kubernetes/pkg/scheduler/backend/cache"
	"k8s.io/kubernetes/pkg/scheduler/framework"
	"k8s.io/kubernetes/pkg/scheduler/profile"
)

// question is one pod and the cluster it is to find a node in. All questions share one API, so names of
// nodes, namespaces, volumes and classes are unique over all of them.
type question struct {
	Pod        *corev1.Pod                     `json:"pod"`
	Nodes      []*corev1.Node                  `json:"nodes"`
	Pods       []*corev1.Pod                   `json:"pods"`
	Nominated  []*corev1.Pod                   `json:"nominated"`
	Namespaces []*corev1.Namespace             `json:"namespaces"`
	Claims     []*corev1.PersistentVolumeClaim `json:"claims"`
	Volumes    []*corev1.PersistentVolume      `json:"volumes"`
	Classes    []*storagev1.StorageClass       `json:"classes"`
	Budgets    []*policyv1.PodDisruptionBudget `json:"budgets"`
}

// answer is what the scheduler says of a question.
type answer struct {
	// Invalid is why the API server would refuse the pod; nothing else is said then.
	Invalid string `json:"invalid,omitempty"`
	// Gated is why the pod is not tried at all.
	Gated    string              `json:"gated,omitempty"`
	Feasible []string            `json:"feasible"`
	Refused  map[string][]string `json:"refused"`
	// Message is what the event FailedScheduling says when no node is feasible.
	Message string `json:"message,omitempty"`
	// Preempts tells whether evictions would make room.
	Preempts bool `json:"preempts,omitempty"`
}

// judge is the scheduler of the default profile, with a picture of the cluster that is set for each question.
type judge struct {
	picture *cache.Snapshot
	profile framework.Framework
}

// answerQuestions reads questions as JSON lines and writes an answer for each: what the default profile's plugins
// for PreEnqueue, PreFilter, Filter and PostFilter say. No server runs.
func answerQuestions(in io.Reader, out io.Writer) error {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	// Its warnings of single pods would drown what is wrong.
	ctx = klog.NewContext(ctx, klog.LoggerWithName(klog.Background(), "filter"))
	var asked []*question
	var refused []error
	lines := json.NewDecoder(bufio.NewReader(in))
	for {
		each := &question{}
		if err := lines.Decode(each); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return fmt.Errorf("question %d: %w", len(asked), err)
		}
		asked = append(asked, each)
		refused = append(refused, each.admit(ctx))
	}
	judge, err := newJudge(ctx, asked)
	if err != nil {
		return err
	}
	answers := json.NewEncoder(out)
	for number, each := range asked {
		said := &answer{}
		if refused[number] != nil {
			said.Invalid = refused[number].Error()
		} else if said, err = judge.decide(ctx, each); err != nil {
			return fmt.Errorf("question %d: %w", number, err)
		}
		if err := answers.Encode(said); err != nil {
			return err
		}
	}
	return nil
}

// admit makes of all objects what the API server would: defaults, and for pods what it adds to a new one.
func (q *question) admit(ctx context.Context) error {
	for _, node := range q.Nodes {
		legacyscheme.Scheme.Default(node)
	}
	for _, each := range q.Classes {
		legacyscheme.Scheme.Default(each)
	}
	for _, each := range q.Claims {
		legacyscheme.Scheme.Default(each)
	}
	for _, each := range q.Volumes {
		legacyscheme.Scheme.Default(each)
	}
	pods := append([]*corev1.Pod{q.Pod}, q.Pods...)
	for _, pod := range append(pods, q.Nominated...) {
		if err := admitPod(ctx, pod); err != nil {
			return fmt.Errorf("pod %s: %w", pod.Name, err)
		}
	}
	return nil
}

func admitPod(ctx context.Context, pod *corev1.Pod) error {
	status, leaving := pod.Status, pod.DeletionTimestamp
	legacyscheme.Scheme.Default(pod)
	made := &core.Pod{}
	if err := legacyscheme.Scheme.Convert(pod, made, nil); err != nil {
		return err
	}
	made.DeletionTimestamp = nil
	podrules.Strategy.PrepareForCreate(ctx, made)
	if wrong := podrules.Strategy.Validate(ctx, made); len(wrong) > 0 {
		return wrong.ToAggregate()
	}
	if err := legacyscheme.Scheme.Convert(made, pod, nil); err != nil {
		return err
	}
	pod.Status, pod.DeletionTimestamp = status, leaving
	return nil
}

// newJudge makes the scheduler, with a fake API that holds what its plugins look up.
func newJudge(ctx context.Context, asked []*question) (*judge, error) {
	var objects []runtime.Object
	for _, each := range asked {
		objects = append(objects, each.lookedUp()...)
	}
	client := fake.NewClientset(objects...)
	factory := informers.NewSharedInformerFactory(client, 0)
	picture := cache.NewEmptySnapshot()
	recorders := profile.NewRecorderFactory(events.NewBroadcaster(&events.EventSinkImpl{Interface: client.EventsV1()}))
	made, err := scheduler.New(ctx, client, factory, nil, recorders, scheduler.WithNodeInfoSnapshot(picture))
	if err != nil {
		return nil, err
	}
	factory.Start(ctx.Done())
	for kind, ready := range factory.WaitForCacheSync(ctx.Done()) {
		if !ready {
			return nil, fmt.Errorf("%v were not read", kind)
		}
	}
	if err := made.WaitForHandlersSync(ctx); err != nil {
		return nil, err
	}
	for _, each := range asked {
		for _, pod := range each.Nominated {
			made.SchedulingQueue.Add(ctx, pod)
		}
	}
	return &judge{picture: picture, profile: made.Profiles[corev1.DefaultSchedulerName]}, nil
}

// lookedUp returns what plugins ask the API for; nodes and running pods are in the picture instead.
func (q *question) lookedUp() []runtime.Object {
	var found []runtime.Object
	for _, each := range append([]*corev1.Pod{q.Pod}, q.Nominated...) {
		found = append(found, each)
	}
	for _, each := range q.Namespaces {
		found = append(found, each)
	}
	for _, each := range q.Claims {
		found = append(found, each)
	}
	for _, each := range q.Volumes {
		found = append(found, each)
	}
	for _, each := range q.Classes {
		found = append(found, each)
	}
	for _, each := range q.Budgets {
		found = append(found, each)
	}
	return found
}

// decide runs the plugins as the scheduler does, on every node. Source: pkg/scheduler/schedule_one.go.
func (j *judge) decide(ctx context.Context, asked *question) (*answer, error) {
	var running []*corev1.Pod
	for _, pod := range asked.Pods {
		// The scheduler does not watch pods that have ended.
		if pod.Status.Phase != corev1.PodSucceeded && pod.Status.Phase != corev1.PodFailed {
			running = append(running, pod)
		}
	}
	*j.picture = *cache.NewSnapshot(running, asked.Nodes)
	said := &answer{Feasible: []string{}, Refused: map[string][]string{}}
	for _, plugin := range j.profile.PreEnqueuePlugins() {
		if status := plugin.PreEnqueue(ctx, asked.Pod); !status.IsSuccess() {
			said.Gated = status.Message()
			return said, nil
		}
	}
	state := framework.NewCycleState()
	diagnosis := framework.Diagnosis{NodeToStatus: framework.NewDefaultNodeToStatus()}
	chosen, status, by := j.profile.RunPreFilterPlugins(ctx, state, asked.Pod)
	switch {
	case status.IsRejected():
		diagnosis.NodeToStatus.SetAbsentNodesStatus(status)
		diagnosis.PreFilterMsg = status.Message()
	case !status.IsSuccess():
		return nil, status.AsError()
	default:
		if err := j.filter(ctx, state, asked, chosen, by, &diagnosis, said); err != nil {
			return nil, err
		}
	}
	if len(said.Feasible) > 0 {
		return said, nil
	}
	made, status := j.profile.RunPostFilterPlugins(ctx, state, asked.Pod, diagnosis.NodeToStatus)
	said.Preempts = made != nil && made.NominatingInfo != nil && made.NominatedNodeName != ""
	if !status.IsSuccess() {
		diagnosis.PostFilterMsg = status.Message()
	}
	said.Message = (&framework.FitError{Pod: asked.Pod, NumAllNodes: len(asked.Nodes), Diagnosis: diagnosis}).Error()
	return said, nil
}

func (j *judge) filter(
	ctx context.Context, state fwk.CycleState, asked *question, chosen *fwk.PreFilterResult, by sets.Set[string],
	diagnosis *framework.Diagnosis, said *answer,
) error {
	if !chosen.AllNodes() {
		diagnosis.NodeToStatus.SetAbsentNodesStatus(fwk.NewStatus(
			fwk.UnschedulableAndUnresolvable, fmt.Sprintf("node(s) didn't satisfy plugin(s) %v", sets.List(by))))
	}
	for _, node := range asked.Nodes {
		if !chosen.AllNodes() && !chosen.NodeNames.Has(node.Name) {
			continue
		}
		info, err := j.picture.Get(node.Name)
		if err != nil {
			return err
		}
		status := j.profile.RunFilterPluginsWithNominatedPods(ctx, state, asked.Pod, info)
		switch {
		case status.IsSuccess():
			said.Feasible = append(said.Feasible, node.Name)
		case status.IsRejected():
			diagnosis.NodeToStatus.Set(node.Name, status)
			said.Refused[node.Name] = status.Reasons()
		default:
			return status.AsError()
		}
	}
	sort.Strings(said.Feasible)
	return nil
}
