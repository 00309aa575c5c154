package api

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"surgicase/application/operations"
	"surgicase/domain/fault"
	"surgicase/domain/mail"
	"surgicase/ports"
	"surgicase/test/given"
)

// errKilled is how an instance ends that is killed: nothing that comes after it happens.
var errKilled = errors.New("killed")

// mortal is an instance that is killed somewhere: before or after a commit, before or after a letter was
// taken.
type mortal struct {
	ports.Store
	mu    sync.Mutex
	steps int // that it still makes; the last one kills it
	taken func(mail.Letter)
}

// step says whether the instance is still alive, and kills it when its time has come.
func (m *mortal) step() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.steps--; m.steps <= 0 {
		panic(errKilled)
	}
}

// InTx implements ports.Store.
func (m *mortal) InTx(ctx context.Context, fn func(context.Context, ports.Repos) error) error {
	m.step()
	err := m.Store.InTx(ctx, fn)
	m.step()
	return err
}

// Send implements ports.Mailer: now and then the server is away, or does not say whether it took a letter.
func (m *mortal) Send(_ context.Context, letter mail.Letter) error {
	m.step()
	switch rand.IntN(10) {
	case 0:
		return fault.New(fault.Unavailable, mail.Unavailable, "away")
	case 1:
		m.taken(letter)
		return fault.New(fault.Unavailable, mail.Unconfirmed, "cut")
	}
	m.taken(letter)
	m.step()
	return nil
}

// Happened implements ports.Events.
func (*mortal) Happened(context.Context, ports.Event) {}

// live works on the outbox until it is killed, or done.
func (p *program) live(m *mortal) (killed bool) {
	defer func() {
		if r := recover(); r != nil {
			if r != any(errKilled) {
				panic(r)
			}
			killed = true
		}
	}()
	post := operations.NewPost(m, p.clock, m, nil, m)
	lane := operations.Lane{Name: "mail", Tasks: map[string]func(context.Context, string) error{ports.SendLetter: post.Send}}
	_ = operations.NewOutbox(m, p.clock, &given.IDs{}, m, lane).Work(context.Background())
	return false
}

func TestMailSurvivesInstancesThatAreKilled(t *testing.T) {
	const rounds, lettersARound = 100, 3
	everywhere(t, func(p *program) {
		p.cast()
		arrived := map[string]int{}
		var mu sync.Mutex
		take := func(letter mail.Letter) {
			mu.Lock()
			defer mu.Unlock()
			arrived[letter.MessageID]++
		}
		kills := 0
		for round := range rounds {
			p.inTx(func(ctx context.Context, r ports.Repos) error {
				for i := range lettersARound {
					letter := &mail.Posted{
						MessageID: fmt.Sprintf("%d-%d@example.com", round, i), Occasion: fmt.Sprint(round), To: fmt.Sprintf("box-%d@example.com", i), Kind: mail.Checkpoint,
						Subject: "s", Text: "t", Status: mail.Queued, CreatedAt: p.clock.Now(), CreatedBy: "system:test",
					}
					if err := ports.Post(ctx, r, letter); err != nil {
						return err
					}
				}
				return nil
			})
			var both sync.WaitGroup
			for range 2 { // two instances at once
				both.Go(func() {
					if p.live(&mortal{Store: p.Store, steps: 1 + rand.IntN(25), taken: take}) {
						mu.Lock()
						kills++
						mu.Unlock()
					}
				})
			}
			both.Wait()
			p.clock.Advance(time.Duration(rand.IntN(180)) * time.Second)
		}
		for range 12 { // all that is left
			p.clock.Advance(2 * time.Hour)
			for range rounds * lettersARound / 20 {
				p.live(&mortal{Store: p.Store, steps: 1 << 30, taken: take})
			}
		}
		counts := map[int]int{}
		for _, n := range arrived {
			counts[n]++
		}
		states := fmt.Sprint(p.database().rows("SELECT status, COUNT(*) FROM email_log GROUP BY status ORDER BY status"))
		t.Logf("%d letters, %d instances killed; arrived once %d, twice %d, not at all %d; %s",
			rounds*lettersARound, kills, counts[1], counts[2], rounds*lettersARound-len(arrived), states)
		for id, n := range arrived {
			if n > 2 {
				p.t.Errorf("%s arrived %d times", id, n)
			}
		}
		if rows := p.database().rows("SELECT message_id FROM email_log WHERE status NOT IN ('sent', 'unconfirmed')"); len(rows) > 0 {
			p.t.Errorf("left over: %v", rows)
		}
		for _, row := range p.database().rows("SELECT message_id FROM email_log WHERE status = 'sent'") {
			if arrived[fmt.Sprint(row[0])] == 0 {
				p.t.Errorf("%v counts as sent and did not arrive", row[0])
			}
		}
		if kills < rounds/4 {
			p.t.Errorf("only %d instances were killed", kills)
		}
	})
}
