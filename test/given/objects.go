package given

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	"golang.org/x/sys/unix"
)

// The servers that speak S3, as programs.
const (
	versityGateway = "github.com/versity/versitygw/cmd/versitygw@v1.8.0"
	minioServer    = "github.com/minio/minio@v0.0.0-20260212201848-7aac2a2c5b7c"
)

// ObjectServer is a server that speaks S3, on a folder and a loopback port of its own. Both survive
// Stop and Restart.
type ObjectServer struct {
	Address     string // host:port
	Key, Secret string

	command func() *exec.Cmd
	guard   *guard
	process *exec.Cmd
}

// VersityGateway gives an object server that all tests of the process share.
func VersityGateway(t testing.TB) *ObjectServer {
	t.Helper()
	return started(t, sharedGateway)
}

// StartVersityGateway gives an object server of the test's own.
func StartVersityGateway(t testing.TB) *ObjectServer {
	t.Helper()
	server := started(t, startGateway)
	t.Cleanup(func() {
		if err := errors.Join(server.Stop(), server.guard.close()); err != nil {
			t.Error(err)
		}
	})
	return server
}

// MinIO gives a MinIO that all tests of the process share. It takes ten minutes to build.
func MinIO(t testing.TB) *ObjectServer {
	t.Helper()
	return started(t, sharedMinIO)
}

func started(t testing.TB, start func() (*ObjectServer, error)) *ObjectServer {
	t.Helper()
	server, err := start()
	if err != nil {
		t.Fatal(err)
	}
	return server
}

var (
	sharedGateway = sync.OnceValues(startGateway)
	sharedMinIO   = sync.OnceValues(startMinIO)
)

func startGateway() (*ObjectServer, error) {
	return startObjects("versitygw", versityGateway, func(path, folder string, s *ObjectServer) *exec.Cmd {
		objects := filepath.Join(folder, "objects")
		arguments := []string{"--port", s.Address, "--region", "us-east-1", "--quiet", "posix"}
		if unix.Setxattr(objects, "user.try", []byte{1}, 0) != nil {
			// Without attributes it notes things in another folder, where a note and its object may
			// for a moment not fit while an object is replaced.
			arguments = append(arguments, "--sidecar", filepath.Join(folder, "notes"))
		}
		c := exec.Command(path, append(arguments, objects)...)
		c.Env = append(os.Environ(), "ROOT_ACCESS_KEY="+s.Key, "ROOT_SECRET_KEY="+s.Secret)
		return c
	})
}

func startMinIO() (*ObjectServer, error) {
	return startObjects("minio", minioServer, func(path, folder string, s *ObjectServer) *exec.Cmd {
		c := exec.Command(path, "server", "--address", s.Address, "--quiet", filepath.Join(folder, "objects"))
		c.Env = append(os.Environ(), "MINIO_ROOT_USER="+s.Key, "MINIO_ROOT_PASSWORD="+s.Secret, "MINIO_BROWSER=off", "MINIO_UPDATE=off", "HOME="+folder)
		return c
	})
}

func startObjects(name, module string, command func(path, folder string, s *ObjectServer) *exec.Cmd) (*ObjectServer, error) {
	path, err := tool(name, module)
	if err != nil {
		return nil, err
	}
	folder, err := os.MkdirTemp("", "surgicase-"+name+"-")
	if err != nil {
		return nil, err
	}
	s := &ObjectServer{Key: "surgicase", Secret: rand.Text()}
	if s.guard, err = startGuard(folder); err != nil {
		return nil, errors.Join(err, os.RemoveAll(folder))
	}
	for _, below := range []string{"objects", "notes"} {
		err = errors.Join(err, os.Mkdir(filepath.Join(folder, below), 0o700))
	}
	port, portErr := freePort()
	if err = errors.Join(err, portErr); err != nil {
		return nil, errors.Join(err, s.guard.close())
	}
	s.Address = net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	s.command = func() *exec.Cmd { return command(path, folder, s) }
	return s, s.Restart()
}

// Restart starts the server again on its port and folder, and waits until it answers.
func (s *ObjectServer) Restart() error {
	s.process = s.command()
	var said strings.Builder
	s.process.Stdout, s.process.Stderr = &said, &said
	s.process.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := s.process.Start(); err != nil {
		return err
	}
	if err := s.guard.watch(s.process.Process.Pid); err != nil {
		return err
	}
	client, err := s.client()
	for deadline := time.Now().Add(startDeadline); err == nil && time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if _, err := client.ListBuckets(context.Background()); err == nil {
			return nil
		}
	}
	return fmt.Errorf("%s does not answer within %v: %w", s.process.Path, startDeadline, errors.Join(err, s.Stop(), errors.New(said.String())))
}

// Stop ends the server as a crash would.
func (s *ObjectServer) Stop() error {
	if s.process == nil {
		return nil
	}
	err := s.process.Process.Kill()
	_ = s.process.Wait() // it was killed
	s.process = nil
	return errors.Join(err, s.guard.forget())
}

func (s *ObjectServer) client() (*minio.Client, error) {
	return minio.New(s.Address, &minio.Options{Creds: credentials.NewStaticV4(s.Key, s.Secret, ""), Region: "us-east-1", MaxRetries: 1})
}

// Bucket makes an empty bucket, which goes with the server.
func (s *ObjectServer) Bucket(t testing.TB) string {
	t.Helper()
	name := "bucket-" + strings.ToLower(rand.Text()[:12])
	client, err := s.client()
	if err == nil {
		err = client.MakeBucket(context.Background(), name, minio.MakeBucketOptions{Region: "us-east-1"})
	}
	if err != nil {
		t.Fatal(err)
	}
	return name
}

// URL is the STORAGE_URL of a bucket for MinIO's client.
func (s *ObjectServer) URL(bucket string) string {
	u := url.URL{Scheme: "minio", User: url.UserPassword(s.Key, s.Secret), Host: s.Address, Path: "/" + bucket}
	return u.String()
}
