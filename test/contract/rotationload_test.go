package contract_test

import (
	"context"
	"fmt"
	"maps"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"surgicase/application/operations"
	"surgicase/domain/ident"
	"surgicase/domain/permission"
	"surgicase/domain/surgical"
	"surgicase/ports"
	"surgicase/test/given"
)

// traffic writes and reads through some instances until it is stopped. Each writer has cases of its
// own and counts in the patient's name, so that a lost write shows as a number that went back.
type traffic struct {
	t       *testing.T
	all     sync.WaitGroup
	stop    context.CancelFunc
	acked   sync.Map // case id → the number last acknowledged
	writes  atomic.Int64
	reads   atomic.Int64
	created atomic.Int64
}

const writersEach, casesEach = 2, 5

func startTraffic(t *testing.T, nodes ...*database) *traffic {
	ctx, stop := context.WithCancel(t.Context())
	tr := &traffic{t: t, stop: stop}
	for n, node := range nodes {
		for w := range writersEach {
			first := (n*writersEach + w) * casesEach
			tr.all.Go(func() { tr.write(ctx, node, first) })
			tr.all.Go(func() { tr.read(ctx, nodes[(n+1)%len(nodes)], first) }) // what another instance writes
		}
		tr.all.Go(func() { tr.create(ctx, node, n) })
	}
	return tr
}

func (tr *traffic) write(ctx context.Context, node *database, first int) {
	for n := 1; ; n++ {
		for i := range casesEach {
			id := ident.CaseID(fmt.Sprintf("c-%d", first+i))
			if err := renaming(context.WithoutCancel(ctx), node, id, fmt.Sprintf("Name %d of %s", n, id)); err != nil {
				tr.t.Errorf("write: %v", err)
				return
			}
			tr.acked.Store(id, n)
			tr.writes.Add(1)
			if pause(ctx, time.Millisecond) != nil {
				return
			}
		}
	}
}

func (tr *traffic) read(ctx context.Context, node *database, first int) {
	for {
		for i := range casesEach {
			id := ident.CaseID(fmt.Sprintf("c-%d", first+i))
			before, _ := tr.acked.Load(id)
			var got *surgical.Case
			err := node.View(ctx, func(ctx context.Context, r ports.Repos) (err error) {
				got, err = r.Cases.Get(ctx, id, permission.Scope{All: true})
				return err
			})
			if ctx.Err() != nil {
				return
			}
			if err != nil {
				tr.t.Errorf("read: %v", err)
				return
			}
			if n := numberIn(got); before != nil && n < before.(int) {
				tr.t.Errorf("%s shows %d after %d was acknowledged", id, n, before)
			}
			tr.reads.Add(1)
		}
	}
}

func numberIn(c *surgical.Case) (n int) {
	_, _ = fmt.Sscanf(c.Patient.Last.Reveal(), "Name %d", &n)
	return n
}

func (tr *traffic) create(ctx context.Context, node *database, n int) {
	for i := 0; ; i++ {
		id := ident.CaseID(fmt.Sprintf("n-%d-%d", n, i))
		err := node.InTx(context.WithoutCancel(ctx), func(ctx context.Context, r ports.Repos) error {
			return r.Cases.Add(ctx, given.Case(id, "bob"))
		})
		if err != nil {
			tr.t.Errorf("create: %v", err)
			return
		}
		tr.created.Add(1)
		if pause(ctx, 10*time.Millisecond) != nil {
			return
		}
	}
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// end stops the traffic and checks that what was acknowledged is there, with one version per write.
func (tr *traffic) end(node *database, versions map[ident.CaseID]int64) {
	tr.t.Helper()
	tr.stop()
	tr.all.Wait()
	tr.acked.Range(func(id, n any) bool {
		c := caseOf(tr.t, node, id.(ident.CaseID))
		if numberIn(c) != n.(int) || c.Version != versions[c.ID]+int64(n.(int)) {
			tr.t.Errorf("%s is %q at version %d; %d writes were acknowledged from version %d on", id, c.Patient.Last.Reveal(), c.Version, n, versions[c.ID])
		}
		return true
	})
}

// heard has instances take up the key set while the rotation waits for that and goes on, as servers do
// once a minute; a busy machine must not make them late. Nobody tells them when a key is added.
func heard(t *testing.T, nodes ...*database) func(operations.RotationState) {
	return func(s operations.RotationState) {
		if s.Step != operations.Waiting && s.Step != operations.Encrypting {
			return
		}
		for _, node := range nodes {
			if _, err := node.RefreshKeys(context.Background()); err != nil {
				t.Errorf("refreshing: %v", err)
			}
		}
	}
}

func TestARotationUnderLoadLosesNoReadAndNoWrite(t *testing.T) {
	onEachEstate(t, func(t *testing.T, e *estate) {
		one, two := e.instance(t), e.instance(t)
		populate(t, one, 40)
		versions := map[ident.CaseID]int64{}
		for i := range 40 {
			c := caseOf(t, one, ident.CaseID(fmt.Sprintf("c-%d", i)))
			versions[c.ID] = c.Version
		}
		load := startTraffic(t, one, two)
		began := time.Now()
		done, err := e.keeper(t).Rotate(t.Context(), operator, operations.Rotation{Learning: learning, Tell: heard(t, one, two)})
		t.Logf("rotated in %v beside %d writes, %d reads, %d new cases; %d values encrypted anew",
			time.Since(began).Round(time.Millisecond), load.writes.Load(), load.reads.Load(), load.created.Load(), done.Values)
		if err != nil || len(done.Unreadable) > 0 || done.Values < 200 {
			t.Errorf("rotated %+v, %v", done, err)
		}
		if uses := one.uses(t); len(uses) != 1 || uses[done.Key] == 0 { // writers go on
			t.Errorf("uses under load: %v", uses)
		}
		retired, err := e.keeper(t).Retire(t.Context(), operator, learning)
		if err != nil || len(retired.Dropped) != 1 || len(retired.Kept) > 0 {
			t.Errorf("retired %+v, %v", retired, err)
		}
		heard(t, one, two)(operations.RotationState{Step: operations.Waiting})
		_ = pause(t.Context(), learning)
		load.end(two, versions)
		if keys := e.keys(t, one); len(keys) != 1 || keys[0].ID != done.Key {
			t.Errorf("keys left: %v", keys)
		}
		late := e.instance(t)
		if mine := everything(t, late); !maps.Equal(mine, everything(t, one)) || len(mine) < 44 {
			t.Error("an instance that knows the last key only reads something else")
		}
		for i := 20; i < 40; i++ { // nobody wrote to these
			id := ident.CaseID(fmt.Sprintf("c-%d", i))
			if c := caseOf(t, late, id); c.Version != versions[id] || c.Patient.Last.Reveal() != "Patient-"+string(id) {
				t.Errorf("%s changed: version %d, %q", id, c.Version, c.Patient.Last.Reveal())
			}
		}
		twinIsFound(t, late)
	})
}

// twinIsFound looks for a duplicate of what was stored before the rotation: digest keys stay.
func twinIsFound(t *testing.T, db *database) {
	t.Helper()
	twin := caseOf(t, db, "c-39")
	twin.Number = 0
	err := db.View(t.Context(), func(ctx context.Context, r ports.Repos) error {
		id, err := r.Cases.Twin(ctx, twin)
		if err == nil && id != "c-39" {
			err = fmt.Errorf("the twin is %q", id)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
