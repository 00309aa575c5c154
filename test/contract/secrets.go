package contract

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"surgicase/domain/fault"
	"surgicase/ports"
)

// OpenSecrets opens a provider that holds the secrets given.
type OpenSecrets func(t *testing.T, given map[string]string) ports.Secrets

const quotedSecret = `{"password":"pä$$ \"word\" = 1"}`

// Secrets is the contract of ports.Secrets.
func Secrets(t *testing.T, open OpenSecrets) {
	t.Helper()
	for says, holds := range map[string]func(*testing.T, ports.Secrets){
		"a secret comes back byte for byte":                    secretsComeBack,
		"an unknown secret is NotFound":                        noSuchSecret,
		"what a caller does to his copy stays with him":        secretCopies,
		"a secret that was put is what everybody gets at once": secretPut,
		"only what is there can be replaced":                   secretNotThere,
		"nobody reads half of a secret while it is replaced":   secretHalves,
		"the origin says where it is and not what it is":       secretOrigin,
	} {
		t.Run(says, func(t *testing.T) {
			holds(t, open(t, map[string]string{"surgicase/keys": "one", "surgicase/database": quotedSecret}))
		})
	}
}

// ways are the two ways of asking for a secret.
func ways(p ports.Secrets) map[string]func(context.Context, string) ([]byte, error) {
	return map[string]func(context.Context, string) ([]byte, error){"Get": p.Get, "Fresh": p.Fresh}
}

func holdsSecret(t *testing.T, p ports.Secrets, name, want string) {
	t.Helper()
	for way, ask := range ways(p) {
		got, err := ask(t.Context(), name)
		if err != nil {
			t.Fatalf("%s: %v", way, err)
		}
		equal(t, way, string(got), want)
	}
}

func secretsComeBack(t *testing.T, p ports.Secrets) {
	holdsSecret(t, p, "surgicase/keys", "one")
	holdsSecret(t, p, "surgicase/database", quotedSecret)
}

func noSuchSecret(t *testing.T, p ports.Secrets) {
	for _, name := range []string{"surgicase/none", "surgicase", "keys", "", "../surgicase/keys"} {
		for _, ask := range ways(p) {
			_, err := ask(t.Context(), name)
			refused(t, err, fault.NotFound, "secret_not_found")
		}
	}
}

func secretCopies(t *testing.T, p ports.Secrets) {
	for _, ask := range ways(p) {
		got, err := ask(t.Context(), "surgicase/keys")
		if err != nil {
			t.Fatal(err)
		}
		copy(got, "xxx")
	}
	holdsSecret(t, p, "surgicase/keys", "one")
}

// put puts a secret, and says whether the provider lets a program do that.
func put(t *testing.T, p ports.Secrets, name, value string) bool {
	t.Helper()
	err := p.Put(t.Context(), name, []byte(value))
	if errors.Is(err, fault.Conflict) {
		refused(t, err, fault.Conflict, "secret_read_only")
		return false
	}
	if err != nil {
		t.Fatal(err)
	}
	return true
}

func secretPut(t *testing.T, p ports.Secrets) {
	holdsSecret(t, p, "surgicase/keys", "one")
	want := "one"
	for _, value := range []string{"two", quotedSecret, strings.Repeat("long ", 10_000)} {
		if put(t, p, "surgicase/keys", value) {
			want = value
		}
		holdsSecret(t, p, "surgicase/keys", want)
	}
	holdsSecret(t, p, "surgicase/database", quotedSecret)
}

func secretNotThere(t *testing.T, p ports.Secrets) {
	refused(t, p.Put(t.Context(), "surgicase/none", []byte("x")), fault.NotFound, "secret_not_found")
	_, err := p.Get(t.Context(), "surgicase/none")
	refused(t, err, fault.NotFound, "secret_not_found")
}

func secretHalves(t *testing.T, p ports.Secrets) {
	size := 60_000
	if !put(t, p, "surgicase/keys", strings.Repeat("0", size)) {
		return
	}
	errs := together(8, func(i int) error {
		for round := range 10 {
			if i == 0 {
				if err := p.Put(context.Background(), "surgicase/keys", bytes.Repeat([]byte{byte('0' + round)}, size)); err != nil {
					return err
				}
				continue
			}
			got, err := p.Fresh(context.Background(), "surgicase/keys")
			if err != nil || len(got) != size || !bytes.Equal(got, bytes.Repeat(got[:1], size)) {
				return errors.Join(errors.New("half of a secret"), err)
			}
		}
		return nil
	})
	if err := errors.Join(errs...); err != nil {
		t.Error(err)
	}
}

func secretOrigin(t *testing.T, p ports.Secrets) {
	origin := p.Origin("surgicase/database")
	if !strings.HasPrefix(origin, "the ") || strings.Contains(origin, "word") {
		t.Errorf("the origin is %q", origin)
	}
}
