package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/pflag"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	utilerrors "k8s.io/apimachinery/pkg/util/errors"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	"k8s.io/component-base/version"
	"k8s.io/kubernetes/cmd/kube-apiserver/app"
	"k8s.io/kubernetes/cmd/kube-apiserver/app/options"
)

const patience = 60 * time.Second

// auditPolicy tells who asked for what, once for each request: a watch as it begins, the others when answered.
const auditPolicy = `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules: [{level: Metadata}]
`

// plane is a running API server as its other parts need it.
type plane struct {
	url, kubeconfig, token, tokenFile, caFile, accountKeyFile string

	client kubernetes.Interface
}

func kubernetesVersion() string { return version.Get().GitVersion }

// startAPIServer makes the certificates, the kubeconfig and the API server, which runs until ctx ends.
func startAPIServer(ctx context.Context, chosen settings, etcd string, failed chan<- error) (*plane, error) {
	dir := chosen.dir
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	port := listener.Addr().(*net.TCPAddr).Port
	made := &plane{url: fmt.Sprintf("https://127.0.0.1:%d", port), kubeconfig: filepath.Join(dir, "kubeconfig")}
	serving, err := made.credentials(dir)
	if err != nil {
		return nil, err
	}
	server := options.NewServerRunOptions()
	flags := pflag.NewFlagSet("kube-apiserver", pflag.ContinueOnError)
	for _, each := range server.Flags().FlagSets {
		flags.AddFlagSet(each)
	}
	words := []string{
		"--etcd-servers=" + etcd,
		"--bind-address=127.0.0.1",
		fmt.Sprintf("--secure-port=%d", port),
		"--advertise-address=127.0.0.1",
		// An endpoint on loopback is refused, and nobody here looks for the service `kubernetes`.
		"--endpoint-reconciler-type=none",
		"--tls-cert-file=" + serving.certFile,
		"--tls-private-key-file=" + serving.keyFile,
		"--client-ca-file=" + made.caFile,
		"--token-auth-file=" + made.tokenFile,
		"--authorization-mode=Node,RBAC",
		"--anonymous-auth=false",
		"--service-cluster-ip-range=10.96.0.0/16",
		"--service-account-issuer=" + made.url,
		"--service-account-key-file=" + made.accountKeyFile,
		"--service-account-signing-key-file=" + made.accountKeyFile,
		"--shutdown-delay-duration=0s",
	}
	if chosen.auditLog != "" {
		policy := filepath.Join(dir, "audit-policy.yaml")
		if err := os.WriteFile(policy, []byte(auditPolicy), 0o600); err != nil {
			return nil, err
		}
		words = append(words, "--audit-policy-file="+policy, "--audit-log-path="+chosen.auditLog)
	}
	if err := flags.Parse(words); err != nil {
		return nil, err
	}
	server.SecureServing.Listener = listener
	if err := server.GenericServerRunOptions.ComponentGlobalsRegistry.Set(); err != nil {
		return nil, err
	}
	rest.SetDefaultWarningHandler(rest.NoWarnings{})
	completed, err := server.Complete(ctx)
	if err != nil {
		return nil, err
	}
	if errs := completed.Validate(); len(errs) != 0 {
		return nil, utilerrors.NewAggregate(errs)
	}
	go func() {
		if err := app.Run(ctx, completed); err != nil && ctx.Err() == nil {
			failed <- fmt.Errorf("kube-apiserver: %w", err)
		}
	}()
	return made, nil
}

// credentials writes all keys and certificates and the kubeconfig, whose contexts are one administrator, by certificate and by token.
func (p *plane) credentials(dir string) (pair, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return pair{}, err
	}
	signer, err := newAuthority(dir)
	if err != nil {
		return pair{}, err
	}
	serving, err := signer.issue("apiserver", "kube-apiserver")
	if err != nil {
		return pair{}, err
	}
	admin, err := signer.issue("admin", "admin", "system:masters")
	if err != nil {
		return pair{}, err
	}
	if p.accountKeyFile, _, _, err = newKey(dir, "service-account"); err != nil {
		return pair{}, err
	}
	if err := p.writeToken(dir); err != nil {
		return pair{}, err
	}
	p.caFile = signer.file()
	config := clientcmdapi.NewConfig()
	config.Clusters["plane"] = &clientcmdapi.Cluster{Server: p.url, CertificateAuthorityData: signer.pem}
	config.AuthInfos["admin"] = &clientcmdapi.AuthInfo{
		ClientCertificateData: admin.cert,
		ClientKeyData:         admin.key,
	}
	config.AuthInfos["token"] = &clientcmdapi.AuthInfo{Token: p.token}
	for _, user := range []string{"admin", "token"} {
		config.Contexts[user] = &clientcmdapi.Context{Cluster: "plane", AuthInfo: user}
	}
	config.CurrentContext = "admin"
	if err := clientcmd.WriteToFile(*config, p.kubeconfig); err != nil {
		return pair{}, err
	}
	reach, err := clientcmd.BuildConfigFromFlags("", p.kubeconfig)
	if err != nil {
		return pair{}, err
	}
	p.client, err = kubernetes.NewForConfig(reach)
	return serving, err
}

// writeToken makes a bearer token that is as good as the administrator's certificate.
func (p *plane) writeToken(dir string) error {
	secret := make([]byte, 24)
	if _, err := rand.Read(secret); err != nil {
		return err
	}
	p.token, p.tokenFile = hex.EncodeToString(secret), filepath.Join(dir, "tokens.csv")
	line := p.token + ",admin,admin,\"system:masters\"\n"
	return os.WriteFile(p.tokenFile, []byte(line), 0o600)
}

// waitReady waits until the API server says that it is ready.
func (p *plane) waitReady(ctx context.Context, failed <-chan error) error {
	return poll(ctx, failed, "kube-apiserver is not ready", func() bool {
		_, err := p.client.Discovery().RESTClient().Get().AbsPath("/readyz").DoRaw(ctx)
		return err == nil
	})
}

// waitServiceAccount waits for the account without which no pod can be made.
func (p *plane) waitServiceAccount(ctx context.Context, failed <-chan error) error {
	return poll(ctx, failed, "the controller manager made no service account", func() bool {
		_, err := p.client.CoreV1().ServiceAccounts("default").Get(ctx, "default", metav1.GetOptions{})
		return err == nil
	})
}

func poll(ctx context.Context, failed <-chan error, otherwise string, done func() bool) error {
	limit := time.After(patience)
	for !done() {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case err := <-failed:
			return err
		case <-limit:
			return fmt.Errorf("%s after %s", otherwise, patience)
		case <-time.After(50 * time.Millisecond):
		}
	}
	return nil
}
