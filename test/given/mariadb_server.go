package given

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/go-sql-driver/mysql"
)

const (
	serverUser    = "surgicase"
	startDeadline = 30 * time.Second // ten times what a busy machine takes
)

// Server is a MariaDB on a directory and a loopback port of its own. Data and
// port survive Kill and Restart, as they would in a crash.
type Server struct {
	dir      string
	port     int
	password string
	options  []string
	owner    *syscall.Credential // nil: run as ourselves
	guard    *guard

	mu      sync.Mutex // chaos tests kill from another goroutine
	process *exec.Cmd
	ended   chan struct{} // closed when process has ended
}

// newServer installs and starts a server in about a second. Copying a template
// directory instead would save 0.4 s once per process: not worth a cache.
func newServer(options ...string) (*Server, error) {
	dir, err := os.MkdirTemp("", "surgicase-mariadb-")
	if err != nil {
		return nil, err
	}
	s := &Server{dir: dir, password: rand.Text(), options: options}
	if s.guard, err = startGuard(dir); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	if err := s.install(); err != nil {
		return nil, errors.Join(err, s.remove())
	}
	// Between looking for a free port and binding it somebody else may take it.
	for range 3 {
		if s.port, err = freePort(); err == nil {
			err = s.start()
		}
		if err == nil {
			return s, nil
		}
	}
	return nil, errors.Join(err, s.remove())
}

// URL names a database on the server, which need not exist.
func (s *Server) URL(dbname string) string {
	u := url.URL{
		Scheme: "mysql",
		User:   url.UserPassword(serverUser, s.password),
		Host:   net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port)),
		Path:   "/" + dbname,
	}
	return u.String()
}

// Kill ends the server as a crash would: no flush, no farewell to its clients.
func (s *Server) Kill() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.end(syscall.SIGKILL)
}

// Stop shuts the server down in order. Restart brings it back.
func (s *Server) Stop() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.end(syscall.SIGTERM)
}

// Restart starts the server again on its port and data, stopping it first if it
// still runs. After Kill this includes InnoDB's recovery.
func (s *Server) Restart() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.end(syscall.SIGTERM); err != nil {
		return err
	}
	return s.start()
}

func (s *Server) remove() error {
	return errors.Join(s.Kill(), s.guard.close())
}

// install writes an empty data directory and the accounts.
func (s *Server) install() error {
	accounts := "CREATE USER IF NOT EXISTS " + serverUser + "@'%' IDENTIFIED BY '" + s.password + "';\n" +
		"GRANT ALL PRIVILEGES ON *.* TO " + serverUser + "@'%' WITH GRANT OPTION;\n"
	if err := os.WriteFile(s.path("accounts.sql"), []byte(accounts), 0o600); err != nil {
		return err
	}
	if err := s.chown(); err != nil {
		return err
	}
	// Method "socket", because "normal" leaves a root without a password: anybody
	// on this machine could use it, to write files in our name among other things.
	err := s.launch("mariadb-install-db", "--no-defaults", "--datadir="+s.path("data"),
		"--auth-root-authentication-method=socket", "--skip-test-db", "--skip-name-resolve", smallLog)
	if err != nil {
		return err
	}
	<-s.ended
	if !s.process.ProcessState.Success() {
		return s.failure("mariadb-install-db failed")
	}
	return s.guard.forget()
}

// chown gives the directory to an ordinary user when we are root: mariadbd
// refuses to run as root.
func (s *Server) chown() error {
	if os.Geteuid() != 0 {
		return nil
	}
	account, err := user.Lookup("mysql")
	if err != nil {
		account, err = user.Lookup("nobody") // only mariadb-server-core is installed
	}
	if err != nil {
		return err
	}
	uid, errUID := strconv.ParseUint(account.Uid, 10, 32)
	gid, errGID := strconv.ParseUint(account.Gid, 10, 32)
	if err := errors.Join(errUID, errGID); err != nil {
		return err
	}
	s.owner = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	return errors.Join(os.Chown(s.dir, int(uid), int(gid)), os.Chown(s.path("accounts.sql"), int(uid), int(gid)))
}

// smallLog spares writing 100 MB of zeros for every server.
const smallLog = "--innodb-log-file-size=16M"

// start runs mariadbd and returns when it answers. The caller holds mu or is
// alone with s.
func (s *Server) start() error {
	arguments := []string{
		"--no-defaults", "--datadir=" + s.path("data"), "--socket=" + s.path("sock"), "--pid-file=" + s.path("pid"),
		"--bind-address=127.0.0.1", "--port=" + strconv.Itoa(s.port), "--skip-name-resolve",
		"--init-file=" + s.path("accounts.sql"), "--skip-log-bin", "--character-set-server=utf8mb4",
		"--innodb-buffer-pool-size=64M", "--innodb-file-per-table=0", "--innodb-flush-log-at-trx-commit=2", smallLog,
	}
	if err := s.launch("mariadbd", append(arguments, s.options...)...); err != nil {
		return err
	}
	// The socket file is ours alone; on the port another server could answer.
	socket := mysql.NewConfig()
	socket.Net, socket.Addr = "unix", s.path("sock")
	socket.User, socket.Passwd = serverUser, s.password
	var lastErr error
	for deadline := time.Now().Add(startDeadline); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if lastErr = executeWith(socket, "DO 1"); lastErr == nil {
			return nil
		}
		select {
		case <-s.ended:
			return s.failure("mariadbd ended at once")
		default:
		}
	}
	err := s.failure(fmt.Sprintf("mariadbd did not answer within %v: %v", startDeadline, lastErr))
	return errors.Join(err, s.end(syscall.SIGKILL))
}

// launch starts a program under the guard, as the owner of the directory.
func (s *Server) launch(program string, arguments ...string) error {
	path, err := findProgram(program)
	if err != nil {
		return err
	}
	output, err := os.OpenFile(s.path("log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer output.Close()
	cmd := exec.Command(path, arguments...)
	cmd.Dir = s.dir
	// As it starts, mariadbd deletes every temporary table in this folder, those of other servers included.
	cmd.Env = append(os.Environ(), "TMPDIR="+s.dir)
	cmd.Stdout, cmd.Stderr = output, output
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: s.owner}
	if err := cmd.Start(); err != nil {
		return err
	}
	s.process, s.ended = cmd, make(chan struct{})
	go func(ended chan struct{}) {
		_ = cmd.Wait() // ProcessState tells it all
		close(ended)
	}(s.ended)
	return s.guard.watch(cmd.Process.Pid)
}

// end sends the signal, if the server still runs, and waits for its end.
func (s *Server) end(signal syscall.Signal) error {
	if s.process == nil {
		return nil
	}
	if err := s.process.Process.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-s.ended:
	case <-time.After(startDeadline):
		return fmt.Errorf("mariadbd survived %v for %v", signal, startDeadline)
	}
	s.process = nil
	return s.guard.forget()
}

// failure adds the end of the server's own log, which knows why.
func (s *Server) failure(what string) error {
	log, err := os.ReadFile(s.path("log"))
	if err != nil {
		return errors.Join(errors.New(what), err)
	}
	lines := bytes.Split(bytes.TrimSpace(log), []byte("\n"))
	return fmt.Errorf("%s:\n%s", what, bytes.Join(lines[max(0, len(lines)-15):], []byte("\n")))
}

func (s *Server) path(name string) string { return filepath.Join(s.dir, name) }

// freePort looks below the range from which the kernel takes client ports: there
// a client's connection could sit on the port between Kill and Restart.
func freePort() (int, error) {
	var err error
	for range 50 {
		port := 20000 + mathrand.IntN(12000)
		var listener net.Listener
		if listener, err = net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port))); err == nil {
			return port, listener.Close()
		}
	}
	return 0, fmt.Errorf("no free loopback port: %w", err)
}
