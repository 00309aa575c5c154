package bootstrap

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"go.uber.org/fx"
	"go.uber.org/fx/fxevent"
	"go.uber.org/zap"

	"surgicase/adapters/httpapi"
	"surgicase/adapters/sqlstore"
	"surgicase/application/access"
	"surgicase/application/casebook"
	"surgicase/application/cases"
	"surgicase/application/documents"
	"surgicase/application/npidirectory"
	"surgicase/application/operations"
	"surgicase/application/payments"
	"surgicase/application/people"
	"surgicase/application/storage"
	"surgicase/application/support"
	"surgicase/domain/civil"
	"surgicase/ports"
)

// environment is what the process was started with.
type environment map[string]string

// Parts are what tests exchange: a clock to set, ids in order, an ear for events and statements.
// What is nil stays real.
type Parts struct {
	Clock       ports.Clock
	IDs         ports.IDs
	Events      ports.Events
	Blobs       ports.Blobs
	OnStatement func(ctx context.Context, took time.Duration, err error)
	Log         io.Writer
	Wake        time.Duration // how often what is due is looked for
	Lease       time.Duration // how long after its last sign of life a run of a job is taken over

	UploadPatience time.Duration // how long an upload waits for its slot
	UploadGrace    time.Duration // how long it may be slower than UPLOAD_MIN_RATE_KB
}

// core provides everything that commands share, from the configuration to the use cases.
func core(c Config, env environment, parts Parts) fx.Option {
	return fx.Options(
		fx.WithLogger(func() fxevent.Logger { return fxevent.NopLogger }),
		fx.Supply(c, env, parts),
		fx.Provide(
			newLogger,
			Config.rules,
			newMetrics, newObserver,
			func(p Parts, o observer) ports.Events { return orElse[ports.Events](p.Events, o) },
			func(p Parts) ports.Clock { return orElse[ports.Clock](p.Clock, systemClock{}) },
			func(p Parts) ports.IDs { return orElse[ports.IDs](p.IDs, randomIDs{}) },
			openSecrets,
			provideStore,
			provideBlobs,
			openRegistry, openNPIFiles,
			npidirectory.NewLookup, npidirectory.NewImports,
			func(s *sqlstore.Store) ports.Store { return s },
			Config.space, newDeposit, newPapers, cases.NewFiles, people.NewDocuments, documents.NewSweeper, documents.NewLinks, documents.NewArchive, storage.New,
			access.New, cases.New, cases.NewDuplicateSearch, casebook.New,
			people.NewUsers, people.NewSurgeons, people.NewFacilities, people.NewGroups, people.NewTokens, newVerifier,
			operations.NewRequests, operations.NewLists, operations.NewCodes, payments.NewPrices, payments.NewRuns,
		),
		fx.Provide(newPeople, newHouse, newServices, newOutbox, newKeys),
		mailing(),
		moving(),
		watching(),
		reporting(),
		scheduling(),
		fx.Provide(newSealer, operations.NewChainWatch, operations.NewNotary, operations.NewTrail, newDesk, newDeposits),
	)
}

func newPeople(users *people.Users, surgeons *people.Surgeons, facilities *people.Facilities, groups *people.Groups, tokens *people.Tokens, lookup *npidirectory.Lookup) httpapi.People {
	return httpapi.People{Users: users, Surgeons: surgeons, Facilities: facilities, Groups: groups, Tokens: tokens, Lookup: lookup}
}

func newHouse(
	requests *operations.Requests, lists *operations.Lists, codes *operations.Codes, prices *payments.Prices, runs *payments.Runs,
	jobs *operations.Jobs, purging *operations.Purging, trail *operations.Trail,
) httpapi.House {
	return httpapi.House{Requests: requests, Lists: lists, Codes: codes, Prices: prices, Runs: runs, Jobs: jobs, Purging: purging, Trail: trail}
}

func newServices(access *access.Service, cases *cases.Service, casebook *casebook.Service, people httpapi.People, house httpapi.House, office httpapi.Office, books httpapi.Books, papers httpapi.Papers) httpapi.Services {
	return httpapi.Services{Access: access, Cases: cases, Casebook: casebook, People: people, House: house, Office: office, Books: books, Papers: papers}
}

func orElse[T comparable](given, usual T) T {
	var none T
	if given == none {
		return usual
	}
	return given
}

// Running is the program without its listener, for tests.
type Running struct {
	API     *httpapi.API
	Store   *sqlstore.Store
	Outbox  *operations.Outbox
	Courier *Courier
	Notary  *operations.Notary
	Support *support.Service
	Sealer  *operations.Sealer
	Jobs    *operations.Jobs
	Search  *cases.DuplicateSearch
	Close   func() error
}

// Open wires the program as serve does, with some parts exchanged, and prepares the schema.
func Open(ctx context.Context, env map[string]string, parts Parts) (*Running, error) {
	c, err := LoadConfig(env, true)
	if err != nil {
		return nil, err
	}
	if parts.Clock != nil {
		c.now = parts.Clock.Now
	}
	r := &Running{}
	app := fx.New(core(c, env, parts), fx.Provide(newAuth, newWatch, newServing, newSettings, httpapi.New), fx.Invoke(expectEndpoints),
		fx.Populate(&r.API, &r.Store, &r.Outbox, &r.Sealer), fx.Populate(&r.Jobs, &r.Courier, &r.Notary, &r.Support, &r.Search))
	if err := errors.Join(app.Err(), app.Start(ctx)); err != nil {
		return nil, err
	}
	r.Close = func() error { return app.Stop(context.WithoutCancel(ctx)) }
	if _, err := r.Store.MigrateUp(ctx); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

func provideStore(life fx.Lifecycle, c Config, parts Parts, secrets ports.Secrets, o observer) (*sqlstore.Store, error) {
	store, err := openStore(context.Background(), c, secrets, o.hearing(parts.OnStatement))
	if err == nil {
		life.Append(fx.StopHook(store.Close))
		followKeys(life, store, o)
	}
	return store, err
}

// httpSide provides the HTTP side.
func httpSide(onReady func(net.Addr)) fx.Option {
	return fx.Options(
		fx.Provide(newAuth, newWatch, newServing, newSettings, httpapi.New), fx.Invoke(expectEndpoints),
		working(),
		fx.Invoke(runSchedulerIfEnabled),
		fx.Invoke(func(life fx.Lifecycle, stop fx.Shutdowner, c Config, api *httpapi.API, serving serving) {
			serveHTTP(life, stop, c, api.Handler(), serving, onReady)
		}),
	)
}

// expectEndpoints has the metrics know the endpoints before they are called.
func expectEndpoints(m *metrics, api *httpapi.API) { m.expect(api.Endpoints()) }

func newSettings(c Config, parts Parts, auth httpapi.Auth, watch httpapi.Watch, state serving, o observer) httpapi.Settings {
	return httpapi.Settings{
		Version: version, Auth: auth, Timeout: c.RequestTimeout.duration(), MaxBody: maxBody, Budgets: c.budgets(parts), Limits: c.limits(), Origins: c.Origins,
		Now: o.now, Today: func() civil.Date { return c.PracticeZone.Day(o.now()) }, Ready: state.ready, OnRequest: o.request, Watch: watch,
	}
}

// Limits of the HTTP server: what a slow or hostile client can hold.
const (
	maxBody         = 1 << 20
	maxHeaders      = 64 << 10
	headerTimeout   = 5 * time.Second
	idleTimeout     = 2 * time.Minute
	shutdownTimeout = 20 * time.Second
)

// listen opens the listener, with TLS if there is a certificate.
func listen(ctx context.Context, c Config) (net.Listener, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", string(c.HTTPAddr))
	if err != nil {
		return nil, fmt.Errorf("HTTP_ADDR holds %q: %w", c.HTTPAddr, err)
	}
	if c.TLSCert == "" {
		return listener, nil
	}
	cert, err := newCertificate(c.TLSCert, c.TLSKey, time.Now)
	if err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	return tls.NewListener(listener, cert.config()), nil
}

// serveHTTP listens while the app runs. On the way out it stops taking connections and lets the
// requests that are under way finish.
func serveHTTP(life fx.Lifecycle, stop fx.Shutdowner, c Config, handler http.Handler, state serving, onReady func(net.Addr)) {
	server := &http.Server{
		Handler: state.asking(handler), ReadHeaderTimeout: headerTimeout, ReadTimeout: c.RequestTimeout.duration() + headerTimeout,
		WriteTimeout: 2 * c.RequestTimeout.duration(), IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeaders, ErrorLog: zap.NewStdLog(state.log),
	}
	life.Append(fx.Hook{
		OnStart: func(ctx context.Context) error {
			listener, err := listen(ctx, c)
			if err != nil {
				return err
			}
			go func() {
				if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
					state.log.Error("server.stopped", zap.Error(err))
					_ = stop.Shutdown(fx.ExitCode(1))
				}
			}()
			onReady(listener.Addr())
			return nil
		},
		OnStop: func(ctx context.Context) error {
			state.drain(ctx, c.DrainSeconds.seconds())
			ctx, cancel := context.WithTimeout(ctx, shutdownTimeout)
			defer cancel()
			return server.Shutdown(ctx)
		},
	})
}
