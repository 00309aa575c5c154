package contract_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"surgicase/adapters/awssecrets"
	"surgicase/domain/fault"
	"surgicase/test/given"
)

// awsSecrets is the adapter in front of a fake; the fake checks what it is sent.
func awsSecrets(t *testing.T, fake *given.SecretsManager, now func() time.Time) *awssecrets.Secrets {
	t.Helper()
	s, err := awssecrets.Open(t.Context(), awssecrets.Config{
		Region: given.AWSRegion, Endpoint: fake.URL, KeyID: given.AWSKeyID, KeySecret: given.AWSSecret, Now: now, Patience: 300 * time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// cabinet is a provider with one secret, a clock and a fake behind it.
type cabinet struct {
	t     *testing.T
	fake  *given.SecretsManager
	clock *given.Clock
	*awssecrets.Secrets
}

const drawer = "surgicase/keys"

func newCabinet(t *testing.T) *cabinet {
	fake, clock := given.StartSecretsManager(t, map[string]string{drawer: "one"}), given.NewClock()
	return &cabinet{t, fake, clock, awsSecrets(t, fake, clock.Now)}
}

// gives demands a value, and says how long it took to come.
func (c *cabinet) gives(want string) time.Duration {
	c.t.Helper()
	began := time.Now()
	got, err := c.Get(c.t.Context(), drawer)
	if err != nil || string(got) != want {
		c.t.Errorf("got %q, %v, want %q", got, err, want)
	}
	return time.Since(began)
}

func (c *cabinet) asked(want int64) {
	c.t.Helper()
	if n := c.fake.Calls(); n != want {
		c.t.Errorf("the provider was asked %d times, want %d", n, want)
	}
}

// settles waits for what goes on in the background.
func (c *cabinet) settles(want string) {
	c.t.Helper()
	for range 500 {
		if got, err := c.Get(c.t.Context(), drawer); err == nil && string(got) == want {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	c.t.Errorf("%q did not come", want)
}

func TestASecretIsCachedForFiveMinutes(t *testing.T) {
	c := newCabinet(t)
	c.gives("one")
	c.fake.Set(drawer, "two")
	c.clock.Advance(239 * time.Second)
	c.gives("one")
	c.asked(1)
	c.clock.Advance(61 * time.Second)
	c.gives("two")
	c.asked(2)
}

func TestASecretIsRefreshedInTheBackground(t *testing.T) {
	c := newCabinet(t)
	c.gives("one")
	c.fake.Set(drawer, "two")
	c.fake.Pause(200 * time.Millisecond)
	c.clock.Advance(241 * time.Second)
	for range 20 {
		if took := c.gives("one"); took > 150*time.Millisecond {
			t.Errorf("somebody waited %v", took)
		}
	}
	c.settles("two")
	c.asked(2)
}

func TestOfManyWhoWantASecretOneAsksTheProvider(t *testing.T) {
	c := newCabinet(t)
	c.fake.Pause(100 * time.Millisecond)
	for round := range 3 {
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() { c.gives("one") })
		}
		all.Wait()
		c.asked(int64(round + 1))
		c.clock.Advance(time.Hour)
	}
}

// outages are the ways in which a provider may be away.
var outages = map[string]http.HandlerFunc{
	"a failure of AWS": func(w http.ResponseWriter, _ *http.Request) {
		given.AWSFault(w, http.StatusInternalServerError, "InternalServiceError")
	},
	"throttling": func(w http.ResponseWriter, _ *http.Request) { given.AWSFault(w, 400, "ThrottlingException") },
	"no right":   func(w http.ResponseWriter, _ *http.Request) { given.AWSFault(w, 400, "AccessDeniedException") },
	"a web page": func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "<html>Welcome to the hotel</html>")
	},
	"no secret":  func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "{}") },
	"a cut line": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	"a hung line": func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // else the server does not notice that the client has gone
		<-r.Context().Done()
	},
}

func TestAnOldSecretIsServedWhileTheProviderIsAway(t *testing.T) {
	for what, answer := range outages {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			c := newCabinet(t)
			c.gives("one")
			c.fake.Answer(answer)
			c.clock.Advance(time.Hour)
			if took := c.gives("one"); took > 10*time.Second {
				t.Errorf("the first waited %v", took)
			}
			asked := c.fake.Calls()
			for range 20 {
				if took := c.gives("one"); took > 100*time.Millisecond {
					t.Errorf("one of the next waited %v", took)
				}
			}
			c.asked(asked)
			c.fake.Answer(nil)
			c.fake.Set(drawer, "two")
			c.clock.Advance(11 * time.Second)
			c.gives("one")
			c.settles("two")
		})
	}
}

func TestWithoutAnOldSecretAnAbsentProviderIsUnavailable(t *testing.T) {
	for what, answer := range outages {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			c := newCabinet(t)
			c.fake.Answer(answer)
			if _, err := c.Get(t.Context(), drawer); !errors.Is(err, fault.Unavailable) || strings.Contains(err.Error(), given.AWSSecret) {
				t.Errorf("getting: %v", err)
			}
			if what == "no secret" { // a fine answer to a Put
				return
			}
			if err := c.Put(t.Context(), drawer, []byte("two")); !errors.Is(err, fault.Unavailable) {
				t.Errorf("putting: %v", err)
			}
		})
	}
}

func TestASecretThatIsDeletedIsGone(t *testing.T) {
	c := newCabinet(t)
	c.gives("one")
	c.fake.Answer(func(w http.ResponseWriter, _ *http.Request) { given.AWSFault(w, 400, "ResourceNotFoundException") })
	c.clock.Advance(time.Hour)
	for range 2 {
		if _, err := c.Get(t.Context(), drawer); !errors.Is(err, fault.NotFound) {
			t.Errorf("got %v", err)
		}
	}
}

func TestFreshDoesNotTakeAnAnswerFromBeforeTheQuestion(t *testing.T) {
	c := newCabinet(t)
	c.gives("one")
	c.fake.Pause(150 * time.Millisecond)
	c.clock.Advance(250 * time.Second)
	c.gives("one") // its answer is under way
	time.Sleep(50 * time.Millisecond)
	c.fake.Set(drawer, "two")
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if got, err := c.Fresh(t.Context(), drawer); err != nil || string(got) != "two" {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
	all.Wait()
	c.asked(3)
	c.gives("two")
}

func TestAWSKeepsTheValueThatIsReplaced(t *testing.T) {
	c := newCabinet(t)
	c.gives("one")
	if err := c.Put(t.Context(), drawer, []byte("two")); err != nil {
		t.Fatal(err)
	}
	c.gives("two")
	c.asked(2)
	if c.fake.Value(drawer) != "two" || c.fake.Previous(drawer) != "one" {
		t.Errorf("holds %q, before %q", c.fake.Value(drawer), c.fake.Previous(drawer))
	}
}

func TestWhoGoesAwayDoesNotTakeTheAnswerFromOthers(t *testing.T) {
	c := newCabinet(t)
	c.fake.Pause(200 * time.Millisecond)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := c.Get(ctx, drawer); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	c.gives("one")
	c.asked(1)
}
