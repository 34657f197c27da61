package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// authority signs every certificate of one control plane.
type authority struct {
	dir  string
	cert *x509.Certificate
	key  crypto.Signer
	pem  []byte
}

// pair is a certificate with its key, as files and as bytes.
type pair struct {
	certFile, keyFile string
	cert, key         []byte
}

func newAuthority(dir string) (*authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		Subject:               pkix.Name{CommonName: "controlplane-ca"},
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
		IsCA:                  true,
		BasicConstraintsValid: true,
	}
	made := &authority{dir: dir, cert: template, key: key}
	made.pem, err = made.sign(template, key.Public())
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(made.pem)
	if made.cert, err = x509.ParseCertificate(block.Bytes); err != nil {
		return nil, err
	}
	return made, os.WriteFile(made.file(), made.pem, 0o600)
}

func (a *authority) file() string { return filepath.Join(a.dir, "ca.crt") }

func (a *authority) sign(template *x509.Certificate, public crypto.PublicKey) ([]byte, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, err
	}
	template.SerialNumber = serial.Add(serial, big.NewInt(1))
	template.NotBefore = time.Now().Add(-time.Hour)
	template.NotAfter = time.Now().Add(7 * 24 * time.Hour)
	bytes, err := x509.CreateCertificate(rand.Reader, template, a.cert, public, a.key)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: bytes}), nil
}

// issue makes a certificate that is good for both ends of a connection on loopback.
func (a *authority) issue(name, user string, groups ...string) (pair, error) {
	template := &x509.Certificate{
		Subject:     pkix.Name{CommonName: user, Organization: groups},
		KeyUsage:    x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		DNSNames:    []string{"localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc"},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback, net.ParseIP("10.96.0.1")},
	}
	made := pair{certFile: filepath.Join(a.dir, name+".crt")}
	var key crypto.Signer
	var err error
	if made.keyFile, made.key, key, err = newKey(a.dir, name); err != nil {
		return pair{}, err
	}
	if made.cert, err = a.sign(template, key.Public()); err != nil {
		return pair{}, err
	}
	return made, os.WriteFile(made.certFile, made.cert, 0o600)
}

// newKey makes a private key and writes it to dir/name.key.
func newKey(dir, name string) (string, []byte, crypto.Signer, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return "", nil, nil, err
	}
	bytes, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return "", nil, nil, fmt.Errorf("the key of %s: %w", name, err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: bytes})
	file := filepath.Join(dir, name+".key")
	return file, text, key, os.WriteFile(file, text, 0o600)
}
