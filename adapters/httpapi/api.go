// Package httpapi serves the use cases over HTTP with Gin, and describes them in OpenAPI 3.1. It
// identifies callers and translates; it decides nothing.
package httpapi

import (
	"context"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/gin-gonic/gin"

	"surgicase/adapters/internal/slots"
	"surgicase/application/access"
	"surgicase/application/casebook"
	"surgicase/application/cases"
	"surgicase/domain/civil"
	"surgicase/domain/fault"
)

// Services are the use cases behind the endpoints.
type Services struct {
	Access   *access.Service
	Cases    *cases.Service
	Casebook *casebook.Service
	People
	House
	Office
	Books
	Papers
}

// Settings are what the configuration says about serving HTTP.
type Settings struct {
	Version string
	Auth    Auth
	Timeout time.Duration // for one request
	Limits  Limits
	MaxBody int64 // bytes, for routes that set no limit of their own
	Budgets
	Origins   []string // origins that browsers may call from (CORS)
	Now       func() time.Time
	Today     func() civil.Date // the day by which dates are judged, where the practice is
	Ready     func(context.Context) error
	OnRequest func(context.Context, Access) // hears of every answered request
	Watch     Watch
}

// API is the HTTP side of the product.
type API struct {
	Services
	settings Settings
	engine   *gin.Engine
	huma     huma.API

	callers, addresses *throttle
	door               *door
	warned             atomic.Int64    // when a proxy that is not trusted was told of, in seconds
	uploads            *slots.Slots    // as many as may be under way
	slow               map[string]bool // routes on which documents travel, by method and path
}

// New makes the API with all its routes.
func New(services Services, settings Settings) *API {
	teach()
	a := &API{
		Services: services, settings: settings, engine: gin.New(),
		callers: newThrottle(settings.Limits.Caller), addresses: newThrottle(settings.Limits.Address), door: newDoor(),
		uploads: slots.New(settings.Uploads, settings.UploadShare), slow: map[string]bool{},
	}
	a.engine.HandleMethodNotAllowed = true
	a.engine.RedirectTrailingSlash = false
	a.engine.RedirectFixedPath = false
	a.engine.UseRawPath = true
	_ = a.engine.SetTrustedProxies(nil)
	a.engine.Use(a.begin, a.recover, a.onlyLocal, a.limitAddress, a.cors)
	a.engine.NoRoute(a.answerFault(noRoute()))
	a.engine.NoMethod(a.answerStatus(http.StatusMethodNotAllowed, "method_not_allowed", "This path does not take this method."))
	a.huma = humagin.New(a.engine, a.config())
	a.huma.UseMiddleware(a.singly, asSpelled, a.identify, a.limitCaller, a.plainly, a.carefully, along)
	a.routes()
	describeBodies(a.huma.OpenAPI())
	a.docs()
	return a
}

func noRoute() *fault.Error {
	return fault.New(fault.NotFound, "route_not_found", "There is no such path.")
}

// Endpoint is a method and a path that are answered, with the status of success.
type Endpoint struct {
	Method, Path string
	Status       int // 0 for 200
}

// Endpoints lists what is answered, by paths as the router knows them.
func (a *API) Endpoints() []Endpoint {
	status := map[[2]string]int{}
	for path, item := range a.huma.OpenAPI().Paths {
		for _, op := range []*huma.Operation{item.Get, item.Post, item.Patch, item.Put, item.Delete} {
			if op != nil {
				status[[2]string{op.Method, ginPath(path)}] = op.DefaultStatus
			}
		}
	}
	var all []Endpoint
	for _, r := range a.engine.Routes() {
		all = append(all, Endpoint{r.Method, r.Path, status[[2]string{r.Method, r.Path}]})
	}
	return all
}

// ginPath writes a path of the description as the router does: /groups/:id for /groups/{id}.
func ginPath(path string) string {
	return strings.NewReplacer("{", ":", "}", "").Replace(path)
}

// Handler serves the API.
func (a *API) Handler() http.Handler { return a.engine }

// OpenAPI gives the description of the API as JSON.
func (a *API) OpenAPI() ([]byte, error) { return a.huma.OpenAPI().MarshalJSON() }

func (a *API) routes() {
	a.caseRoutes()
	a.paperRoutes()
	a.caseListRoutes()
	a.duplicateRoutes()
	a.purgeRoutes()
	a.peopleRoutes()
	a.houseRoutes()
	a.officeRoutes()
	a.reportRoutes()
	a.healthRoutes()
	a.watchRoutes()
	a.secretsRoutes()
}

// route describes an endpoint beyond its types.
type route struct {
	method      string
	path        string
	aliases     []string // further paths, marked deprecated
	id          string   // operation id
	tag         string
	summary     string
	description string
	status      int    // of success, 200 if 0
	faults      []int  // error answers beside 401, 403, 422, 429, 500 and 503
	dryRun      bool   // with dry_run=true it says what it would change
	noDryRun    string // why a route that changes something has no dry run
	open        bool   // needs no caller
	registers   bool   // people whom only the identity provider knows may call it
	watch       bool   // for those who watch the operations, with METRICS_TOKEN or as a caller
	curious     bool   // of an open one: who calls is found out if he says so
	owner       bool   // its user_id parameter names an owner, who may be another than the caller
	maxBody     int64
	produces    []string          // media types of a raw body; JSON if empty
	unwell      bool              // it answers 503 with the body of success
	slow        bool              // documents travel on it: it gets the time that a slow line needs
	body        *huma.RequestBody // of a handler that reads the request itself
}

const (
	metaOpen      = "open"
	metaOwner     = "owner"
	metaRegisters = "registers"
	metaWatch     = "watch"
	metaID        = "id"
	metaNoDryRun  = "no_dry_run"
)

// usual are the errors that every route with a caller can answer.
var usual = []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusUnprocessableEntity, http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusServiceUnavailable}

// register adds an endpoint under its path and its aliases.
func register[I, O any](a *API, r route, handle func(context.Context, *I) (*O, error)) {
	mustBeSeen(reflect.TypeFor[I]())
	mustBeSeen(reflect.TypeFor[O]())
	r.requireDryRunRule()
	paths := append([]string{r.path}, r.aliases...)
	for i, path := range paths {
		op := r.operation(path, a.settings.MaxBody)
		if i > 0 {
			op.Deprecated = true
			op.OperationID += "-alias-" + path[1:]
			op.Summary += " (deprecated spelling of " + r.path + ")"
		}
		if r.slow {
			a.slow[r.method+" "+ginPath(path)] = true
		}
		huma.Register(a.huma, op, func(ctx context.Context, in *I) (*O, error) {
			if err := confirmLate(ctx); err != nil {
				return nil, err
			}
			return handle(ctx, in)
		})
		a.describeAnswer(r, path, reflect.TypeFor[O]())
		if r.body != nil { // not before: huma reads the bodies it knows of
			item := a.huma.OpenAPI().Paths[path]
			map[string]*huma.Operation{http.MethodPost: item.Post, http.MethodPut: item.Put}[r.method].RequestBody = r.body
		}
	}
}

// mustBeSeen refuses inputs and outputs with an embedded part that is not exported: huma would pass
// over its parameters and headers without a word.
func mustBeSeen(t reflect.Type) {
	for field := range t.Fields() {
		if field.Anonymous && !field.IsExported() {
			panic(t.String() + " embeds " + field.Name + ", which must be exported")
		}
	}
}

func (r route) operation(path string, maxBody int64) huma.Operation {
	op := huma.Operation{
		Method: r.method, Path: path, OperationID: r.id, Summary: r.summary, Description: r.description, Tags: []string{r.tag},
		DefaultStatus: r.status, Errors: slices.Concat(r.faults, usual), MaxBodyBytes: maxBody,
		BodyReadTimeout: bodyReadTimeout, Metadata: map[string]any{
			metaOpen: r.open, metaOwner: r.owner, metaRegisters: r.registers, metaWatch: r.watch || r.curious, metaID: r.id, metaNoDryRun: r.noDryRun,
		},
	}
	if r.dryRun {
		op.Parameters = []*huma.Param{dryRunParameter()}
	}
	if r.maxBody > 0 {
		op.MaxBodyBytes = r.maxBody
	}
	if r.open {
		op.Errors = r.faults
		op.Security = []map[string][]string{}
	}
	return op
}

// bodyReadTimeout is how long a client may take to send a body.
const bodyReadTimeout = 15 * time.Second
