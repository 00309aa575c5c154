package contract_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"surgicase/adapters/envsecrets"
	"surgicase/adapters/sqlstore"
	"surgicase/application/operations"
	"surgicase/domain/fault"
	"surgicase/domain/permission"
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
