package main

import (
	"context"
	"fmt"

	"github.com/spf13/pflag"
	"k8s.io/client-go/tools/cache"
	manager "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	manageroptions "k8s.io/kubernetes/cmd/kube-controller-manager/app/options"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
	scheduleroptions "k8s.io/kubernetes/cmd/kube-scheduler/app/options"
)

// startControllerManager runs every controller that needs no cloud, until ctx ends.
func startControllerManager(ctx context.Context, plane *plane, chosen settings, failed chan<- error) error {
	options, err := manageroptions.NewKubeControllerManagerOptions()
	if err != nil {
		return err
	}
	all, disabled, aliases := manager.KnownControllers(), manager.ControllersDisabledByDefault(), manager.ControllerAliases()
	sets := options.Flags(all, disabled, aliases)
	flags := pflag.NewFlagSet("kube-controller-manager", pflag.ContinueOnError)
	for _, each := range sets.FlagSets {
		flags.AddFlagSet(each)
	}
	options.ParsedFlags = &sets
	if err := flags.Parse([]string{
		"--kubeconfig=" + plane.kubeconfig,
		"--secure-port=0",
		"--leader-elect=false",
		"--root-ca-file=" + plane.caFile,
		"--service-account-private-key-file=" + plane.accountKeyFile,
		"--node-monitor-period=1s",
		"--node-monitor-grace-period=" + chosen.monitorGrace.String(),
	}); err != nil {
		return err
	}
	config, err := options.Config(ctx, all, disabled, aliases)
	if err != nil {
		return err
	}
	go func() {
		if err := manager.Run(ctx, config.Complete()); err != nil && ctx.Err() == nil {
			failed <- fmt.Errorf("kube-controller-manager: %w", err)
		}
	}()
	return nil
}

// startScheduler runs the scheduler with its default profile, until ctx ends.
func startScheduler(ctx context.Context, plane *plane, failed chan<- error) error {
	options := scheduleroptions.NewOptions()
	flags := pflag.NewFlagSet("kube-scheduler", pflag.ContinueOnError)
	for _, each := range options.Flags.FlagSets {
		flags.AddFlagSet(each)
	}
	err := flags.Parse([]string{
		"--kubeconfig=" + plane.kubeconfig,
		"--secure-port=0",
		"--leader-elect=false",
	})
	if err != nil {
		return err
	}
	if options.InformerName, err = cache.NewInformerName("kube-scheduler"); err != nil {
		return err
	}
	completed, made, err := scheduler.Setup(ctx, options)
	if err != nil {
		return err
	}
	go func() {
		if err := scheduler.Run(ctx, completed, made); err != nil && ctx.Err() == nil {
			failed <- fmt.Errorf("kube-scheduler: %w", err)
		}
	}()
	return nil
}
