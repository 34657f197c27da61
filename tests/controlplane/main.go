// Command controlplane is a real Kubernetes control plane for the tests: etcd, kube-apiserver,
// kube-controller-manager and kube-scheduler in one process, on loopback only, on free ports.
//
// It writes its certificates and a kubeconfig into --dir, prints one line of JSON on stdout once everything
// answers, and ends when its standard input closes or on SIGTERM.
//
// `controlplane filter` starts nothing: it reads pods and nodes as JSON lines and tells what the scheduler's plugins
// say of them.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"k8s.io/klog/v2"
)

// settings are what a test may choose.
type settings struct {
	dir          string
	monitorGrace time.Duration
	auditLog     string
}

func main() {
	if len(os.Args) > 1 && os.Args[1] == "filter" {
		if err := answerQuestions(os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, "controlplane filter:", err)
			os.Exit(1)
		}
		return
	}
	var chosen settings
	flag.StringVar(&chosen.dir, "dir", "", "folder for certificates, the kubeconfig and etcd's data (required)")
	flag.DurationVar(&chosen.monitorGrace, "node-monitor-grace-period", 10*time.Second,
		"how long a node may be silent before it is marked unknown")
	flag.StringVar(&chosen.auditLog, "audit-log", "", "file for one line of JSON about each request; none by default")
	flag.Parse()
	if err := run(chosen); err != nil {
		fmt.Fprintln(os.Stderr, "controlplane:", err)
		os.Exit(1)
	}
}

func run(chosen settings) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	if chosen.dir == "" {
		return fmt.Errorf("--dir is missing: name a folder that may be written to")
	}
	dir, err := filepath.Abs(chosen.dir)
	if err != nil {
		return err
	}
	chosen.dir = dir
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		stop()
	}()
	return serve(ctx, chosen)
}

// serve starts the parts in their order, tells that they are ready, and waits for the end or the first failure.
func serve(ctx context.Context, chosen settings) error {
	began := time.Now()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	url, err := startEtcd(chosen.dir)
	if err != nil {
		return fmt.Errorf("etcd: %w", err)
	}
	failed := make(chan error, 3)
	plane, err := startAPIServer(ctx, chosen, url, failed)
	if err != nil {
		return fmt.Errorf("kube-apiserver: %w", err)
	}
	if err := plane.waitReady(ctx, failed); err != nil {
		return err
	}
	if err := startControllerManager(ctx, plane, chosen, failed); err != nil {
		return fmt.Errorf("kube-controller-manager: %w", err)
	}
	if err := startScheduler(ctx, plane, failed); err != nil {
		return fmt.Errorf("kube-scheduler: %w", err)
	}
	if err := plane.waitServiceAccount(ctx, failed); err != nil {
		return err
	}
	ready := map[string]any{
		"server":     plane.url,
		"kubeconfig": plane.kubeconfig,
		"token":      plane.token,
		"version":    kubernetesVersion(),
		"seconds":    time.Since(began).Seconds(),
	}
	if err := json.NewEncoder(os.Stdout).Encode(ready); err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		klog.Info("told to end")
		return nil
	case err := <-failed:
		return err
	}
}
