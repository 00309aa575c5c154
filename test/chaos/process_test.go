package chaos

import (
	"bytes"
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	_ "github.com/go-sql-driver/mysql"
	_ "github.com/mattn/go-sqlite3"

	"surgicase/test/given"
)

// The people of the stage.
const (
	provider = "dr-chaos"
	operator = "operator"
)

// built is the folder of the program, "" if no test needed it.
var built string

// binary builds the program once for all tests, from what is on this machine.
var binary = sync.OnceValues(func() (string, error) {
	var err error
	if built, err = os.MkdirTemp("", "surgicase-chaos-"); err != nil {
		return "", err
	}
	path := filepath.Join(built, "surgicase")
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	build := exec.CommandContext(ctx, "go", "build", "-buildvcs=false", "-o", path, "surgicase")
	build.Env = append(os.Environ(), "GOPROXY=off", "CGO_ENABLED=1")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building the program: %w\n%s", err, out)
	}
	return path, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if built != "" {
		_ = os.RemoveAll(built)
	}
	os.Exit(code)
}

// process is the program as an operator runs it.
type process struct {
	t       *testing.T
	path    string
	env     []string
	store   string // URL of the database
	running *exec.Cmd
	ended   func() error
	base    string // where it serves
	client  *http.Client
}

// install prepares a database and its accounts with the command line.
func install(t *testing.T, databaseURL string) *process {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	p := &process{t: t, path: path, store: databaseURL, client: &http.Client{Timeout: patience}}
	p.env = append(os.Environ(), "AUTH_MODE=trusted", "HTTP_ADDR=127.0.0.1:0", "LOG_LEVEL=ERROR", "DATABASE_URL="+databaseURL,
		"DATA_DIR="+t.TempDir(), "SURGICASE_KEYS="+given.KeySet(t),
		`SURGICASE_CHECKPOINT_KEY={"seed": "`+base64.StdEncoding.EncodeToString([]byte(rand.Text() + rand.Text())[:32])+`"}`)
	p.command("migrate", "up")
	p.command("user", "create", "--id", operator, "--type", "999", "--email", "operator@example.com", "--first", "Ada", "--last", "Operator")
	p.command("user", "create", "--id", provider, "--type", "1", "--email", "dr@example.com", "--first", "Dora", "--last", "Provider", "--npi", "1234567893")
	t.Cleanup(func() {
		if p.running != nil {
			p.kill()
		}
	})
	return p
}

func (p *process) command(arguments ...string) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	c := exec.CommandContext(ctx, p.path, arguments...)
	c.Env = p.env
	if out, err := c.CombinedOutput(); err != nil {
		p.t.Fatalf("surgicase %s: %v\n%s", strings.Join(arguments, " "), err, out)
	}
}

// start serves, and returns when the program says where.
func (p *process) start() {
	p.t.Helper()
	c := exec.Command(p.path, "serve")
	c.Env = p.env
	p.base, p.ended = given.Serve(p.t, c)
	p.running = c
}

// kill ends the program as a power cut would.
func (p *process) kill() {
	p.t.Helper()
	if err := p.running.Process.Kill(); err != nil {
		p.t.Fatal(err)
	}
	var ended *exec.ExitError
	if err := p.running.Wait(); !errors.As(err, &ended) || ended.Exited() {
		p.t.Errorf("the program was not killed, it ended by itself: %v", err)
	}
	if err := p.ended(); err != nil {
		p.t.Error(err)
	}
	p.running = nil
	p.client.CloseIdleConnections()
}

// answer is what came back.
type answer struct {
	body   map[string]any
	header http.Header
}

// next is the path of the next page, "" after the last.
func (a answer) next() string {
	next, _, more := strings.Cut(strings.TrimPrefix(a.header.Get("Link"), "<"), ">; rel=\"next\"")
	if !more {
		return ""
	}
	return next
}

func (p *process) send(method, path, as string, body any) (int, answer, error) {
	var raw []byte
	if body != nil {
		var err error
		if raw, err = json.Marshal(body); err != nil {
			return 0, answer{}, err
		}
	}
	req, err := http.NewRequest(method, p.base+path, bytes.NewReader(raw))
	if err != nil {
		return 0, answer{}, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-User-ID", as)
	res, err := p.client.Do(req)
	if err != nil {
		return 0, answer{}, err
	}
	defer func() { _ = res.Body.Close() }()
	a := answer{header: res.Header}
	text, err := io.ReadAll(res.Body)
	if err == nil && len(text) > 0 {
		err = json.Unmarshal(text, &a.body)
	}
	return res.StatusCode, a, err
}

// place is the provider's surgeon and facility.
type place struct{ surgeon, facility any }

// stage gives the provider a surgeon and a facility, and loads prices.
func (p *process) stage() place {
	p.t.Helper()
	made := func(path, as string, body map[string]any) map[string]any {
		p.t.Helper()
		status, a, err := p.send(http.MethodPost, path, as, body)
		if err != nil || status != http.StatusCreated {
			p.t.Fatalf("POST %s: %d %v %v", path, status, a.body, err)
		}
		return a.body
	}
	row := map[string]any{"user_tier": 1, "procedure_code": "Z9001", "code_category": "SPINE", "code_pay_amount": 1000}
	made("/pay_tiers", operator, map[string]any{"rows": []any{row}})
	surgeon := made("/surgeon", provider, map[string]any{
		"first_name": "Sam", "last_name": "Surgeon", "surgeon_npi": "1234567893", "surgeon_addr": "1 Main St", "surgeon_city": "Salem", "surgeon_state": "OR", "surgeon_zip": "97301",
	})
	facility := made("/facility", provider, map[string]any{
		"facility_name": "General", "facility_npi": "1234567893", "facility_addr": "1 Main St", "facility_city": "Salem", "facility_state": "OR", "facility_zip": "97301",
	})
	return place{surgeon["surgeon_id"], facility["facility_id"]}
}

func caseOf(id string, at place) map[string]any {
	return map[string]any{
		"case_id": id, "case_date": "2026-02-20", "surgeon_id": at.surgeon, "facility_id": at.facility, "procedure_codes": []string{"Z9001-50", "Z9002"},
		"patient": map[string]any{"first": "Pat", "last": "Patient-" + id}, "demo_file": "demo-" + id + ".pdf", "note_file": "note-" + id + ".pdf",
	}
}

// query reads the first column of a query past the program.
func (p *process) query(statement string) []string {
	p.t.Helper()
	u, err := url.Parse(p.store)
	if err != nil {
		p.t.Fatal(err)
	}
	driver, source := "sqlite3", "file:"+u.Path+"?mode=ro&_busy_timeout=10000"
	if u.Scheme == "mysql" {
		password, _ := u.User.Password()
		driver, source = "mysql", fmt.Sprintf("%s:%s@tcp(%s)%s", u.User.Username(), password, u.Host, u.Path)
	}
	db, err := sql.Open(driver, source)
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	rows, err := db.QueryContext(ctx, statement)
	if err != nil {
		p.t.Fatalf("%v: %s", err, statement)
	}
	defer func() { _ = rows.Close() }()
	var first []string
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			p.t.Fatal(err)
		}
		first = append(first, text)
	}
	if err := rows.Err(); err != nil {
		p.t.Fatal(err)
	}
	return first
}
