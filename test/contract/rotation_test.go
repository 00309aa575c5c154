package contract_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"surgicase/adapters/envsecrets"
	"surgicase/adapters/sqlstore"
	"surgicase/application/operations"
	"surgicase/domain/fault"
	"surgicase/domain/ident"
	"surgicase/domain/permission"
	"surgicase/domain/surgical"
	"surgicase/ports"
	"surgicase/test/given"
)

// learning is how long the instances of these tests take to hear of a changed key set.
const learning = 200 * time.Millisecond

// wallClock goes on by itself: a rotation waits.
type wallClock struct{}

func (wallClock) Now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

// deaf hears no events.
type deaf struct{}

func (deaf) Happened(context.Context, ports.Event) {}

var operator = permission.System("cli")

// ids tell the keepers of a test from each other.
var ids given.IDs

// keeper is what the command line rotates keys with: an instance of its own.
func (e *estate) keeper(t *testing.T) *operations.Keys {
	t.Helper()
	return operations.NewKeys(e.instance(t).Store, e.secrets, wallClock{}, &ids, deaf{})
}

func quietly(operations.RotationState) {}

func (e *estate) rotate(t *testing.T) operations.Rotated {
	t.Helper()
	done, err := e.keeper(t).Rotate(t.Context(), operator, operations.Rotation{Learning: learning, Tell: quietly})
	if err != nil {
		t.Fatal(err)
	}
	return done
}

// status is how the keys stand: "old:0 primary:123 " and the like.
func (e *estate) status(t *testing.T) string {
	t.Helper()
	status, err := e.keeper(t).Status(t.Context(), operator)
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	for _, k := range status.Keys {
		fmt.Fprintf(&text, "primary=%t missing=%t values=%d\n", k.Primary, k.Missing, k.Values)
	}
	return text.String()
}

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

func TestAnInterruptedRotationGoesOnWhereItWas(t *testing.T) {
	for _, at := range []operations.RotationStep{operations.KeyAdded, operations.Waiting, operations.KeyPromoted, operations.Encrypting} {
		t.Run(string(at), func(t *testing.T) {
			t.Parallel()
			e := estates["SQLite"](t)
			populate(t, e.instance(t), 150) // more than a batch
			ctx, cancel := context.WithCancel(t.Context())
			_, err := e.keeper(t).Rotate(ctx, operator, operations.Rotation{Learning: learning, Tell: func(s operations.RotationState) {
				if s.Step == at {
					cancel()
				}
			}})
			if !errors.Is(err, context.Canceled) {
				t.Fatalf("interrupted: %v", err)
			}
			before := len(e.keys(t, e.instance(t)))
			done := e.rotate(t)
			if keys := e.keys(t, e.instance(t)); len(keys) != 2 || before > 2 || keys[1].ID != done.Key || !keys[1].Primary {
				t.Errorf("keys %v after %v", keys, done)
			}
			if got := e.status(t); !strings.HasPrefix(got, "primary=false missing=false values=0\nprimary=true missing=false values=") {
				t.Errorf("status\n%s", got)
			}
		})
	}
}

// A server that never hears of the new primary key must not keep the operator waiting for ever.
func TestARotationGivesUpOnAServerThatNeverHears(t *testing.T) {
	e := estates["SQLite"](t)
	one := e.instance(t)
	populate(t, one, 4)
	var stuck *database
	_, err := e.keeper(t).Rotate(t.Context(), operator, operations.Rotation{Learning: 20 * time.Millisecond, Tell: func(s operations.RotationState) {
		switch s.Step {
		case operations.KeyPromoted: // it is not yet
			stuck = e.with(t, fixed(t, e))
		case operations.Encrypting:
			rename(t, stuck, "c-3", fmt.Sprint("Name ", ids.Unique()))
		default:
		}
	}})
	if !errors.Is(err, fault.Conflict) || fault.CodeOf(err) != "old_key_in_use" {
		t.Errorf("got %v", err)
	}
	e.rotate(t)
	if uses := one.uses(t); len(uses) != 1 {
		t.Errorf("uses in the end: %v", uses)
	}
}

// fixed is the keyring of a process with the present key set in its environment.
func fixed(t *testing.T, e *estate) *sqlstore.Keyring {
	t.Helper()
	set, err := e.secrets.Fresh(t.Context(), ports.KeySetSecret)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := sqlstore.OpenKeyring(set)
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func TestTwoDoNotRotateAtOnce(t *testing.T) {
	e := estates["SQLite"](t)
	populate(t, e.instance(t), 1)
	other := e.keeper(t)
	var once sync.Once
	_, err := e.keeper(t).Rotate(t.Context(), operator, operations.Rotation{Learning: learning, Tell: func(operations.RotationState) {
		once.Do(func() {
			if _, err := other.Rotate(t.Context(), operator, operations.Rotation{Tell: quietly}); fault.CodeOf(err) != "lease_held" {
				t.Errorf("the other: %v", err)
			}
			if _, err := other.Retire(t.Context(), operator, 0); fault.CodeOf(err) != "lease_held" {
				t.Errorf("retiring meanwhile: %v", err)
			}
		})
	}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.Retire(t.Context(), operator, 0); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

func TestRetiringWaitsForTheEndOfARotation(t *testing.T) {
	e := estates["SQLite"](t)
	db := e.instance(t)
	populate(t, db, 3)
	retire := func(learning time.Duration) (operations.Retired, error) {
		return e.keeper(t).Retire(t.Context(), operator, learning)
	}
	if done, err := retire(0); err != nil || len(done.Dropped)+len(done.Kept) != 0 {
		t.Errorf("without old keys: %+v, %v", done, err)
	}
	e.change(t, db.AddKey)
	if _, err := retire(0); fault.CodeOf(err) != "rotation_unfinished" {
		t.Errorf("with a key that is not primary: %v", err)
	}
	e.change(t, func(set []byte, _ time.Time) ([]byte, error) { return db.Promote(set, time.Now()) })
	if _, err := retire(time.Hour); fault.CodeOf(err) != "rotation_unfinished" {
		t.Errorf("while servers may use the old key: %v", err)
	}
	if done, err := retire(0); err != nil || len(done.Dropped) != 0 || len(done.Kept) != 1 || done.Kept[0].Values == 0 {
		t.Errorf("with values under the old key: %+v, %v", done, err)
	}
	e.rotate(t)
	if done, err := retire(0); err != nil || len(done.Dropped) != 1 || len(done.Kept) != 0 {
		t.Errorf("afterwards: %+v, %v", done, err)
	}
}

// One broken value must not keep a practice from leaving a key that has leaked.
func TestABrokenValueDoesNotStopRotations(t *testing.T) {
	e := estates["SQLite"](t)
	db := e.instance(t)
	populate(t, db, 2)
	raw := db.raw(t)
	defer raw.Close()
	if _, err := raw.ExecContext(t.Context(), "UPDATE users SET tax_id = x'010203040506' WHERE user_id = 'bob'"); err != nil {
		t.Fatal(err)
	}
	first, second := e.rotate(t), e.rotate(t)
	if first.Key == second.Key || len(second.Unreadable) != 1 || second.Unreadable[0] != "users.tax_id bob" {
		t.Errorf("rotated %+v, %+v", first, second)
	}
	if got := e.status(t); strings.Count(got, "missing=true values=1") != 1 || strings.Count(got, "primary=false missing=false values=0") != 2 {
		t.Errorf("status\n%s", got)
	}
}

func TestOnlyTheOperatorSeesToKeys(t *testing.T) {
	e := estates["SQLite"](t)
	keys, admin := e.keeper(t), permission.Actor{User: "root", Type: permission.SystemAdmin}
	_, status := keys.Status(t.Context(), admin)
	_, rotate := keys.Rotate(t.Context(), admin, operations.Rotation{Tell: quietly})
	_, retire := keys.Retire(t.Context(), admin, 0)
	for _, err := range []error{status, rotate, retire} {
		if !errors.Is(err, fault.Forbidden) {
			t.Errorf("got %v", err)
		}
	}
	if entries := trail(t, e.instance(t)); len(entries) != 3 {
		t.Errorf("%d refusals on the trail", len(entries))
	}
}

// With the key set in the environment of its processes nobody but the operator can change it: each
// step hands the new set over, and the next run takes it from there.
func TestAKeySetInTheEnvironmentIsHandedOver(t *testing.T) {
	e := estates["SQLite"](t)
	populate(t, e.instance(t), 5)
	set, err := e.secrets.Get(t.Context(), ports.KeySetSecret)
	if err != nil {
		t.Fatal(err)
	}
	restart := func(set []byte) {
		e.secrets = envsecrets.Open(map[string]string{"SURGICASE_KEYS": string(set)}, t.TempDir())
	}
	restart(set)
	for _, step := range []operations.RotationStep{operations.KeyAdded, operations.KeyPromoted} {
		done := e.rotate(t)
		if done.HandOver == nil || done.Step != step {
			t.Fatalf("at %s: %+v", step, done)
		}
		everything(t, e.instance(t))
		restart(done.HandOver)
	}
	if done := e.rotate(t); done.HandOver != nil || done.Values < 30 {
		t.Errorf("in the end: %+v", done)
	}
	retired, err := e.keeper(t).Retire(t.Context(), operator, 0)
	if err != nil || retired.HandOver == nil {
		t.Fatalf("retired %+v, %v", retired, err)
	}
	restart(retired.HandOver)
	if len(e.keys(t, e.instance(t))) != 1 {
		t.Error("the old key is still there")
	}
	everything(t, e.instance(t))
}

func TestEveryStepOfARotationIsOnTheTrail(t *testing.T) {
	e := estates["SQLite"](t)
	populate(t, e.instance(t), 1)
	done := e.rotate(t)
	retired, err := e.keeper(t).Retire(t.Context(), operator, 0)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, entry := range trail(t, e.instance(t)) {
		got = append(got, fmt.Sprintf("%s %s %s %s", entry.Actor.User, entry.Action, entry.EntityID, entry.Fields[0]))
	}
	want := []string{}
	for _, step := range []string{"added", "promoted", "values"} {
		want = append(want, fmt.Sprintf("system:cli key.manage %d %s", done.Key, step))
	}
	want = append(want, fmt.Sprintf("system:cli key.manage %d retired", retired.Dropped[0]))
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("the trail says\n%s", strings.Join(got, "\n"))
	}
}

func TestAReplacedKeyFileStaysAsADatedCopy(t *testing.T) {
	dir := t.TempDir()
	secrets := envsecrets.Open(nil, dir)
	if _, err := secrets.Make(t.Context(), ports.KeySetSecret, func() ([]byte, error) { return []byte("one"), nil }); err != nil {
		t.Fatal(err)
	}
	for _, value := range []string{"two", "three"} {
		time.Sleep(5 * time.Millisecond) // a file's time may be coarse
		if err := secrets.Put(t.Context(), ports.KeySetSecret, []byte(value)); err != nil {
			t.Fatal(err)
		}
	}
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var contents []string
	for _, f := range files {
		content, err := os.ReadFile(dir + "/" + f.Name())
		info, statErr := f.Info()
		if err := errors.Join(err, statErr); err != nil || info.Mode().Perm() != 0o600 || !strings.HasPrefix(f.Name(), "surgicase-keys.") {
			t.Errorf("%s: %v", f.Name(), err)
		}
		contents = append(contents, string(content))
	}
	if got := strings.Join(contents, " "); got != "one two three" {
		t.Errorf("the folder holds %s", got)
	}
}
