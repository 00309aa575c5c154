package chaos

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"surgicase/bootstrap"
	"surgicase/domain/directory"
	"surgicase/domain/mail"
	"surgicase/domain/permission"
	"surgicase/ports"
	"surgicase/test/given"
)

// inside runs the program in this process, where its clock can be set.
func inside(t *testing.T, databaseURL string, clock *given.Clock, more map[string]string) (*process, *bootstrap.Running) {
	t.Helper()
	env := map[string]string{
		"AUTH_MODE": "trusted", "LOG_LEVEL": "ERROR", "DATA_DIR": t.TempDir(), "DATABASE_URL": databaseURL, "SURGICASE_KEYS": given.KeySet(t),
		"SURGICASE_CHECKPOINT_KEY": checkpointKey,
	}
	for name, value := range more {
		env[name] = value
	}
	running, err := bootstrap.Open(context.Background(), env, bootstrap.Parts{Clock: clock})
	must(t, err)
	server := httptest.NewServer(running.API.Handler())
	t.Cleanup(func() {
		server.Close()
		_ = running.Close()
	})
	must(t, running.Store.InTx(context.Background(), func(ctx context.Context, r ports.Repos) error {
		for _, u := range []*directory.User{given.User(operator, permission.SystemAdmin), given.User(provider, permission.Provider)} {
			if err := r.Users.Add(ctx, u); err != nil {
				return err
			}
		}
		return nil
	}))
	return &process{t: t, base: server.URL, store: databaseURL, client: &http.Client{Timeout: patience}}, running
}

const checkpointKey = `{"seed": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="}`

// secretsFailing has the provider of all secrets fail for ten minutes by the clock, with a pool that opens new
// connections, and so asks for the login, all the time.
func secretsFailing(t *testing.T) outcome {
	database := given.MariaDB(t)
	where, err := url.Parse(database)
	must(t, err)
	password, _ := where.User.Password()
	login, err := json.Marshal(map[string]any{
		"host": where.Hostname(), "port": where.Port(), "database": where.Path[1:], "user": where.User.Username(), "password": password,
	})
	must(t, err)
	secrets := given.StartSecretsManager(t, map[string]string{"surgicase/database": string(login), "surgicase/keys": given.KeySet(t), "surgicase/checkpoint-key": checkpointKey})
	clock, env := given.NewClock(), secrets.Environment()
	env["DB_POOL_SIZE"] = "1"
	p, _ := inside(t, "secret", clock, env)
	p.store = database
	s := p.besiege("secrets failing for 10 minutes (by the clock)", p.stage())
	time.Sleep(300 * time.Millisecond)
	secrets.Answer(func(w http.ResponseWriter, _ *http.Request) {
		given.AWSFault(w, http.StatusInternalServerError, "InternalServiceError")
	})
	for range 20 {
		clock.Advance(30 * time.Second)
		time.Sleep(100 * time.Millisecond)
	}
	secrets.Answer(nil)
	s.recovered(time.Now())
	o := s.lift()
	if len(o.errors) > 0 {
		t.Errorf("secrets: %v", o.errors)
	}
	return o
}

// mailRefused has the mail server refuse everything for ten minutes by the clock: what was queued goes out
// afterwards, once.
func mailRefused(t *testing.T) outcome {
	const letters = 20
	server := given.StartMailServer(t, given.MailOpen)
	clock := given.NewClock()
	_, running := inside(t, given.TempSQLite(t), clock, map[string]string{
		"EMAIL_URL": fmt.Sprintf("smtp://%s:%s?encryption=off", server.Host, server.Port), "EMAIL_FROM": "SurgiCase <noreply@practice.example.com>",
	})
	o := outcome{fault: "SMTP refusing for 10 minutes (by the clock)", errors: map[string]int{}, acked: letters}
	server.Fails(given.MailTrouble{Sender: 451})
	for i := range letters {
		must(t, running.Store.InTx(t.Context(), func(ctx context.Context, r ports.Repos) error {
			return ports.Post(ctx, r, &mail.Posted{
				MessageID: fmt.Sprintf("m%d@surgicase.test", i), Occasion: fmt.Sprintf("chaos:%d", i), Kind: mail.JobFailed, To: "ops@example.com", Subject: "A notice", Text: "Text.",
				Status: mail.Queued, CreatedAt: clock.Now(), CreatedBy: "system:test",
			})
		}))
	}
	work := func(minutes int) {
		for range minutes {
			for range letters {
				must(t, running.Courier.Mail.Work(t.Context()))
				o.requests++
			}
			clock.Advance(time.Minute)
		}
	}
	work(10)
	o.errors["letters waiting"] = letters - len(server.Letters())
	server.Fails(given.MailTrouble{})
	over := clock.Now()
	for range 120 {
		if len(server.Letters()) >= letters {
			break
		}
		work(1)
	}
	o.recovery = clock.Now().Sub(over)
	o.lost = letters - len(server.Letters())
	if o.lost != 0 {
		t.Errorf("mail: %d of %d letters arrived", len(server.Letters()), letters)
	}
	return o
}

// clockJumps puts the clock an hour on, and two back.
func clockJumps(t *testing.T) outcome {
	database := given.MariaDB(t)
	clock := given.NewClock()
	p, running := inside(t, database, clock, nil)
	s := p.besiege("clock jumps of an hour, on and back", p.stage())
	for _, jump := range []time.Duration{time.Hour, -2 * time.Hour, time.Hour} {
		time.Sleep(500 * time.Millisecond)
		clock.Advance(jump)
		_, err := running.Sealer.Work(t.Context())
		must(t, err)
		must(t, running.Outbox.Work(t.Context()))
	}
	s.recovered(time.Now())
	o := s.lift()
	if len(o.errors) > 0 {
		t.Errorf("clock: %v", o.errors)
	}
	return o
}
